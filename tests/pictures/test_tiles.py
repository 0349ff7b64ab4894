"""Small pictures in a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from nncli.pictures.tiles import BACKGROUND, GAP, as_rgb, grid, save_png

if TYPE_CHECKING:
    from pathlib import Path


def test_each_tile_is_enlarged_by_a_whole_factor() -> None:
    """Two tiles of 2x3 pixels, ten times as large, in one row."""
    tiles = np.zeros((2, 2, 3, 3), np.uint8)
    tiles[1, 1, 2] = (255, 0, 0)
    picture = grid(tiles, columns=2, side=30)
    assert (2 * 30 + 3 * GAP, 20 + 2 * GAP) == picture.size
    assert BACKGROUND == picture.getpixel((0, 0))
    assert (255, 0, 0) == picture.getpixel((GAP + 30 + GAP + 29, GAP + 19))
    assert (0, 0, 0) == picture.getpixel((GAP + 30 + GAP + 19, GAP + 19))


def test_the_grid_is_about_square() -> None:
    """Nine tiles stand three by three; large ones are not enlarged."""
    picture = grid(np.zeros((9, 200, 200, 3), np.uint8))
    assert (3 * 200 + 4 * GAP, 3 * 200 + 4 * GAP) == picture.size


def test_gray_rows_become_color_images() -> None:
    """One value is three equal ones; color stays as it is."""
    assert [[[[5, 5, 5], [6, 6, 6]]]] == as_rgb(np.array([[5, 6]], np.uint8), 1, 2).tolist()
    assert [[[[1, 2, 3]]]] == as_rgb(np.array([[1, 2, 3]], np.uint8), 1, 1).tolist()


def test_a_png_is_written(tmp_path: Path) -> None:
    """Whole, and readable."""
    save_png(tmp_path / "x.png", Image.new("RGB", (3, 2)))
    with Image.open(tmp_path / "x.png") as image:
        assert (3, 2) == image.size
    assert ["x.png"] == [path.name for path in tmp_path.iterdir()]
