"""Small pictures in a grid, and pictures into files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from nncli.machine.atomic_file import open_bytes_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GAP = 3
"""Pixels between tiles."""

BACKGROUND = (255, 255, 255)


def grid(
    tiles: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], columns: int | None = None, side: int = 128
) -> Image.Image:
    """Tiles of one size in rows, each enlarged by a whole factor as long as its longer side stays within `side`.

    Args:
        tiles: Each (height, width, 3).
        columns: Tiles in a row; by default as many as make the grid about square.
        side: Longest side of a tile in the picture, in pixels, unless it is longer by itself.
    """
    height, width = tiles[0].shape[:2]
    factor = max(1, side // max(height, width))
    columns = columns or math.ceil(math.sqrt(len(tiles) * height / width))
    rows = -(-len(tiles) // columns)
    step_x, step_y = width * factor + GAP, height * factor + GAP
    picture = Image.new("RGB", (columns * step_x + GAP, rows * step_y + GAP), BACKGROUND)
    for k, tile in enumerate(tiles):
        place = GAP + k % columns * step_x, GAP + k // columns * step_y
        picture.paste(enlarged(tile, factor), place)
    return picture


def enlarged(tile: NDArray[np.uint8], factor: int) -> Image.Image:
    """A tile, (height, width, 3) uint8, with `factor` x `factor` pixels for each of its own."""
    return Image.fromarray(np.repeat(np.repeat(tile, factor, axis=0), factor, axis=1))


def as_rgb(rows: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Rows of pixels of grayscale or color images, (m, n_0), as color images, (m, height, width, 3)."""
    images = rows.reshape(len(rows), height, width, -1)
    return np.repeat(images, 3, axis=3) if images.shape[3] == 1 else images


def save_png(path: Path, picture: Image.Image) -> None:
    """Write `picture` to `path`, whole or not at all.

    Raises:
        NncliError: The file cannot be written.
    """
    with open_bytes_atomically(path) as file:
        picture.save(file, "PNG", optimize=True)
