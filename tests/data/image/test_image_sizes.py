"""Sizes of image files, by their headers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from nncli.data.image.image_sizes import MOST, described, sizes_of
from tests.folders import write_image

if TYPE_CHECKING:
    from pathlib import Path


def test_sizes_are_counted(tmp_path: Path) -> None:
    """Width and height; a file that is no image is left out."""
    paths = [write_image(tmp_path / f"{k}.png", 9, size=(4 + k // 2, 3)) for k in range(3)]
    (tmp_path / "no.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    sizes = sizes_of([*map(str, paths), str(tmp_path / "no.png"), str(tmp_path / "missing.png")])
    assert Counter({(4, 3): 2, (5, 3): 1}) == sizes


def test_not_all_of_many_files_are_opened(tmp_path: Path) -> None:
    """It takes a bounded time."""
    path = str(write_image(tmp_path / "1.png", 9))
    assert MOST / 2 <= sizes_of([path] * (2 * MOST + 1)).total() <= MOST


def test_in_words() -> None:
    """One size, several, or none."""
    assert "4x3" == described(Counter({(4, 3): 7}))
    several = "2x2 to 9x9 (width x height), 3 different; 80% are 4x3"
    assert several == described(Counter({(9, 9): 1, (4, 3): 8, (2, 2): 1}))
    assert "" == described(Counter())
