"""Look of some of the images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.data import looks as module
from nncli.data.image_arrays import ImageArrays
from nncli.data.looks import LOOK, Looks, look_at, looks_of
from nncli.data.packed_images import PackedImages
from tests.drawings import areas, colors, grays, lines, panels, write_drawings

if TYPE_CHECKING:
    from collections.abc import Callable


def paths_of(root: Path) -> list[str]:
    """Every image below a folder."""
    return sorted(map(str, root.rglob("*.png")))


def seen(root: Path) -> Looks:
    """What the images of a folder look like; they can be read."""
    found = look_at(paths_of(root))
    assert found
    return found


@pytest.mark.parametrize(
    ("draw", "is_gray", "words"),
    [
        (lines, True, "gray images of about 24x30"),
        (colors, False, "color images of about 24x30"),
        (grays, True, "gray"),
    ],
)
def test_size_and_color(tmp_path: Path, draw: Callable[..., Image.Image], is_gray: bool, words: str) -> None:
    """Height before width; three channels that are equal are gray."""
    found = seen(write_drawings(tmp_path, draw, (30, 24)))
    assert (24, 30, is_gray) == (found.height, found.width, found.is_gray)
    assert str(found).startswith(words)


def test_one_colored_image_is_enough(tmp_path: Path) -> None:
    """Grayscale would lose what it shows."""
    write_drawings(tmp_path, lines)
    Image.new("RGB", (28, 28), (200, 30, 30)).save(tmp_path / "one/red.png")
    assert not seen(tmp_path).is_gray


def test_a_lamp_of_a_few_pixels_is_color(tmp_path: Path) -> None:
    """Whatever the source, although the mean over the image is gray; a few pixels fewer are no color."""
    root = write_drawings(tmp_path, panels, (160, 120))
    found = seen(root)
    assert (False, 13) == (found.is_gray, found.n_vivid)
    assert str(found) == "color images of about 120x160, gray but for 13 colored pixels or fewer"
    pixels = [np.asarray(Image.open(path)) for path in paths_of(root)]
    assert found == ImageArrays.of(pixels, np.array([0, 1] * 6)).look_at([str(i) for i in range(12)])
    packed = PackedImages("", (), {}, packed={path: Path(path).read_bytes() for path in paths_of(root)})
    assert found == packed.look_at(paths_of(root))
    few = np.array([90, 9, 9] * 5, np.uint8)
    gray = looks_of([np.full(LOOK.n_features, 9, np.uint8)], [(28, 28)], lambda _: [few])
    assert gray
    assert (True, 0) == (gray.is_gray, gray.n_vivid)


def test_what_is_elongated() -> None:
    """A receipt is, a photo of 16:9 is not."""
    assert [True, True, False] == [Looks(*size, True, 0.1).is_elongated for size in ((1200, 120), (50, 100), (90, 160))]


def test_lines_are_nearly_all_outline_and_areas_hardly(tmp_path: Path) -> None:
    """On black as on white."""
    drawn, filled = seen(write_drawings(tmp_path / "a", lines)), seen(write_drawings(tmp_path / "b", areas))
    assert drawn.outline > 0.6
    assert filled.outline < 0.3
    for path in paths_of(tmp_path / "a"):
        Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    assert drawn.outline == pytest.approx(seen(tmp_path / "a").outline, abs=0.05)


def test_the_outline_of_a_square(tmp_path: Path) -> None:
    """Of 10 * 10 pixels 36 lie at the edge; a blank image has none."""
    image = np.zeros((LOOK.height, LOOK.width), np.uint8)
    image[5:15, 5:15] = 255
    Image.fromarray(image).save(tmp_path / "square.png")
    assert 0.36 == pytest.approx(seen(tmp_path).outline)
    Image.fromarray(np.zeros_like(image)).save(tmp_path / "square.png")
    assert 0 == seen(tmp_path).outline


def test_the_median_size_counts(tmp_path: Path) -> None:
    """A few that are larger do not matter."""
    write_drawings(tmp_path, lines, (20, 20))
    Image.new("L", (999, 900)).save(tmp_path / "one/large.png")
    assert (20, 20) == (seen(tmp_path).height, seen(tmp_path).width)


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """Broken, empty and missing files; None if there is nothing else."""
    write_drawings(tmp_path, areas)
    broken = [str(tmp_path / name) for name in ("broken.png", "empty.png", "missing.png")]
    (tmp_path / "broken.png").write_bytes((tmp_path / "one/0.png").read_bytes()[:60])
    (tmp_path / "empty.png").touch()
    assert look_at(broken) is None
    assert seen(tmp_path) == look_at(broken + paths_of(tmp_path / "one") + paths_of(tmp_path / "two"))


def test_a_few_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly chosen of all, so that every class is among them."""
    looked: list[str] = []

    def decode(path: str, *_args: object) -> np.ndarray:
        looked.append(path)
        return np.zeros(LOOK.n_features, np.uint8)

    write_drawings(tmp_path, areas, each=1)
    monkeypatch.setattr(module, "decode_image", decode)
    look_at(paths_of(tmp_path) * 500)
    assert 64 <= len(looked) < 2 * 128  # once small, once at full size, where they are gray
    assert set(paths_of(tmp_path)) >= set(looked)


@pytest.mark.parametrize(("shift", "n", "is_alike"), [(0, 16, True), (0, 15, False), (16, 16, False)])
def test_what_is_framed_alike(shift: int, n: int, is_alike: bool) -> None:
    """Things in one place are, things anywhere are not, and a few images say nothing."""
    rng, images = np.random.default_rng(0), []
    for _ in range(n):
        image = rng.integers(0, 40, (LOOK.height, LOOK.width, 3), np.uint8)
        top, left = rng.integers(0, shift + 1, 2)
        image[top : top + 12, left : left + 12] += 200
        images.append(image.reshape(-1))
    found = looks_of(images, [(100, 100)], lambda _: images)
    assert found
    assert is_alike == found.is_framed_alike
