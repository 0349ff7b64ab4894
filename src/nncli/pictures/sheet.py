"""A sheet of thumbnails with captions: the images that a model gets wrong, for a person to look through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from nncli.pictures.lettering import cut, font
from nncli.pictures.thumbnails import thumbnail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIDE, COLUMNS, GAP, SIZE, LINE = 112, 8, 10, 12, 15
"""Thumbnails' side, tiles in a row, pixels between them, height of letters and of lines."""

MOST = 120
"""Images on a sheet; a longer list is a file's matter."""

INK, MUTED, MARK, PAPER = (20, 20, 20), (110, 110, 110), (178, 24, 43), (255, 255, 255)


class Caption(NamedTuple):
    """Caption below a thumbnail: two lines and the file's name."""

    first: str
    second: str
    name: str


def sheet(paths: Sequence[str], captions: Sequence[Caption], title: str) -> Image.Image:
    """Thumbnails of the first `MOST` files in reading order, each above its caption.

    Args:
        paths: Image files; an empty tile stands for one that cannot be read.
        captions: One for each.
        title: The line at the top.
    """
    shown = list(zip(paths, captions, strict=True))[:MOST]
    columns = max(1, min(COLUMNS, len(shown)))
    step_x, step_y, top = SIDE + GAP, SIDE + 3 * LINE + GAP, LINE + 2 * GAP
    rows = -(-len(shown) // columns)
    width = max(columns * step_x + GAP, 480)
    picture = Image.new("RGB", (width, top + rows * step_y), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((GAP, GAP), cut(title, SIZE + 1, width - 2 * GAP), INK, font(SIZE + 1))
    for k, (path, caption) in enumerate(shown):
        x, y = GAP + k % columns * step_x, top + k // columns * step_y
        tile = thumbnail(path, SIDE)
        picture.paste(Image.fromarray(_empty() if tile is None else tile), (x, y))
        for line, (text, color) in enumerate(zip(caption, (INK, MARK, MUTED), strict=True)):
            draw.text((x, y + SIDE + 1 + line * LINE), cut(text, SIZE, SIDE), color, font(SIZE))
    return picture


def _empty() -> NDArray[np.uint8]:
    return np.full((SIDE, SIDE, 3), 230, np.uint8)
