"""Samples of every class, as the network sees them: after turning, recoloring and resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from nncli.data.pixel_rows import PixelRows
from nncli.pictures.lettering import fitted, font
from nncli.pictures.tiles import BACKGROUND, GAP, as_rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat

PER_CLASS, MOST_CLASSES = 10, 100

SIDE = 96
"""Pixels of a sample's longer side: small images are enlarged by a whole factor, large ones reduced."""

SIZE, LABEL, INK = 13, 150, (20, 20, 20)


def preview(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.intp],
    labels: NDArray[Any],
    classes: Sequence[str],
    image_format: ImageFormat,
) -> Image.Image:
    """A line of samples for each of the first `MOST_CLASSES` classes, evenly chosen among its images.

    Args:
        pixels: All images, (M, n_0).
        rows: Those to choose from, (m,).
        labels: Their classes, (m,), or a 1 for each label that an image has, else 0, (m, K).
        classes: Names, by index.
        image_format: What the pixels are.
    """
    height, width = image_format.height, image_format.width
    factor = max(1, SIDE // max(height, width))
    shrink = min(1.0, SIDE / max(height, width))
    tile = max(1, round(width * factor * shrink)), max(1, round(height * factor * shrink))
    shown = classes[:MOST_CLASSES]
    step_x, step_y = tile[0] + GAP, max(tile[1], SIZE) + GAP
    picture = Image.new("RGB", (LABEL + PER_CLASS * step_x + GAP, len(shown) * step_y + GAP), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    images = PixelRows(pixels, rows)
    way = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.BOX
    for k, name in enumerate(shown):
        y = GAP + k * step_y
        draw.text((LABEL - 8, y + tile[1] / 2), fitted(name, SIZE, LABEL - 16), INK, font(SIZE), anchor="rm")
        chosen = _spread(np.flatnonzero(labels == k if labels.ndim == 1 else labels[:, k]))
        samples = images.take(chosen, np.empty((len(chosen), pixels.shape[1]), np.uint8))
        for column, sample in enumerate(as_rgb(samples, height, width)):
            picture.paste(Image.fromarray(sample).resize(tile, way), (LABEL + column * step_x, y))
    return picture


def _spread(indices: NDArray[np.intp]) -> NDArray[np.intp]:
    """At most `PER_CLASS` of them, from the first to the last."""
    if len(indices) <= PER_CLASS:
        return indices
    return indices[np.linspace(0, len(indices) - 1, PER_CLASS).round().astype(np.intp)]
