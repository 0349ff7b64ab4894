"""A sheet of thumbnails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.pictures.sheet import GAP, LINE, MOST, SIDE, Caption, sheet
from nncli.pictures.thumbnails import encoded, thumbnail
from tests.folders import write_image

if TYPE_CHECKING:
    from pathlib import Path

CAPTION = Caption("cat", "-> dog 0.99", "1.png")


def test_images_stand_where_they_belong(tmp_path: Path) -> None:
    """The second one to the right of the first; a file that cannot be read is an empty tile."""
    path = write_image(tmp_path / "1.png", 250)
    picture = sheet([str(tmp_path / "missing"), str(path)], [CAPTION, CAPTION], "two images")
    y = LINE + 2 * GAP + SIDE // 2
    assert (230, 230, 230) == picture.getpixel((GAP + SIDE // 2, y))
    pixel = picture.getpixel((2 * GAP + SIDE + SIDE // 2, y))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 215


def test_there_is_an_end_to_it(tmp_path: Path) -> None:
    """However many images are wrong."""
    n = 3 * MOST
    picture = sheet([str(tmp_path / "missing")] * n, [CAPTION] * n, "many")
    assert picture.height < 4000


def test_no_images_are_a_title() -> None:
    """Nothing wrong is worth a picture, too."""
    assert sheet([], [], "0 of 5 images are wrong").height > 0


def test_a_thumbnail_is_small(tmp_path: Path) -> None:
    """A page can hold thousands of them."""
    path = write_image(tmp_path / "1.png", 100, size=(640, 480), mode="RGB")
    tile = thumbnail(str(path), 64)
    assert tile is not None
    assert (64, 64, 3) == tile.shape
    assert len(encoded(tile)) < 3000
    assert thumbnail(str(tmp_path / "missing"), 64) is None
