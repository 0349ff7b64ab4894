"""The confusion matrix as a picture: a cell is the darker, the larger the share of its row.

What is right lies on the diagonal, in blue; what is wrong beside it, in red. Counts stand in the cells as long as there
is room for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from nncli.pictures.lettering import fitted, font, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

SIZE, MARGIN, LONGEST = 13, 14, 170
"""Height of letters, the picture's margin, most pixels of a name."""

WIDEST, NARROWEST, ROOM = 46, 15, 1500
"""A cell's side at most and at least, and what all of them take where they can."""

MOST_NAMED, SMALL = 300, 4000
"""Classes that are named; pixels of the picture where there are more."""

RIGHT, WRONG = np.array((33, 102, 172)), np.array((178, 24, 43))
INK, PAPER, GRID = (20, 20, 20), (255, 255, 255), (225, 225, 225)


def confusion_picture(matrix: ArrayLike, classes: Sequence[str]) -> Image.Image:
    """A confusion matrix with names: a row per actual class, a column per predicted class.

    Args:
        matrix: Counts, (n_classes, n_classes).
        classes: Names, by index.
    """
    counts = np.asarray(matrix)
    n = len(classes)
    if n > MOST_NAMED:
        return _without_names(counts)
    side = int(np.clip(ROOM // n, NARROWEST, WIDEST))
    size = min(SIZE, side - 2)
    names = [fitted(name, size, LONGEST) for name in classes]
    label = int(max(text_width(name, size) for name in names)) + 8
    head = 2 * SIZE + 10
    left, top = MARGIN + label, MARGIN + head + label
    picture = Image.new("RGB", (max(left + n * side + MARGIN, 330), top + n * side + MARGIN), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((MARGIN, MARGIN), "rows: actual class, columns: predicted class", INK, font(SIZE))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for k, name in enumerate(names):
        draw.text((left - 8, top + (k + 0.5) * side), name, INK, font(size), anchor="rm")
        picture.paste(_upright(name, size, label), (left + k * side + (side - size) // 2 - 1, top - label - 2))
    for i, j in np.ndindex(n, n):
        _x, _y = left + j * side, top + i * side
        _draw_cell(
            draw, (left + j * side, top + i * side, side), int(counts[i, j]), float(shares[i, j]), is_right=i == j
        )
    return picture


def _without_names(counts: NDArray[np.integer]) -> Image.Image:
    """Cells alone, each a few pixels wide: with names the picture would be larger than programs open."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colors = np.where(np.eye(len(counts), dtype=bool)[..., None], RIGHT, WRONG)
    cells = np.rint(255 + np.sqrt(shares)[..., None] * (colors - 255)).astype(np.uint8)
    side = max(1, SMALL // len(counts))
    return Image.fromarray(cells.repeat(side, axis=0).repeat(side, axis=1))


def _draw_cell(
    draw: ImageDraw.ImageDraw, place: tuple[int, int, int], count: int, share: float, *, is_right: bool
) -> None:
    x, y, side = place
    color = RIGHT if is_right else WRONG
    # The square root makes a single mistake in a large class visible.
    shade = tuple(int(value) for value in np.rint(255 + np.sqrt(share) * (color - 255)))
    draw.rectangle((x, y, x + side, y + side), (shade[0], shade[1], shade[2]), GRID)
    text, size = str(count), min(SIZE, side - 2)
    if count and text_width(text, size) <= side - 2:
        draw.text((x + side / 2, y + side / 2), text, PAPER if share > 0.3 else INK, font(size), anchor="mm")


def _upright(text: str, size: int, length: int) -> Image.Image:
    """A name that reads from bottom to top, for the head of a column."""
    lying = Image.new("RGB", (length, size + 4), PAPER)
    ImageDraw.Draw(lying).text((0, (size + 4) / 2), text, INK, font(size), anchor="lm")
    return lying.transpose(Image.Transpose.ROTATE_90)
