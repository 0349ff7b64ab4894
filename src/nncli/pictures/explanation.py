"""An image beside maps of what speaks for a class in it and what against: red for, blue against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from nncli.pictures.lettering import fitted, font, wrapped
from nncli.pictures.tiles import BACKGROUND, enlarged
from nncli.pictures.weights import NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIDE, SHORTEST = 224, 160
"""Longer side of a panel in pixels, unless the image is longer by itself; and its shorter side at least, for words."""

GAP, SIZE, LINE = 12, 14, 24

FAINT = 0.25
"""How much of the image's own contrast is left below a map."""

INK, MUTED = (20, 20, 20), (110, 110, 110)


def explanation_picture(
    image: NDArray[np.uint8], maps: NDArray[np.float64], titles: Sequence[str], caption: str
) -> Image.Image:
    """The image, then each map over a faint copy of it.

    Args:
        image: As the network sees it, (height, width, 3).
        maps: (n, height, width); each is scaled by its own largest value.
        titles: One for the image, then one for each map.
        caption: A line at the bottom.
    """
    height, width = image.shape[:2]
    factor = max(1, SIDE // max(height, width))
    panels = [enlarged(each, factor) for each in (image, *(overlay(image, each) for each in maps))]
    step = max(panels[0].width, SHORTEST) + GAP
    width = GAP + len(panels) * step
    lines = wrapped(caption, SIZE - 2, width - 2 * GAP)
    size = width, (1 + len(lines)) * LINE + GAP + panels[0].height
    picture = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(picture)
    for k, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        x = GAP + k * step
        draw.text((x, LINE / 2), fitted(title, SIZE, step - GAP), INK, font(SIZE), anchor="lm")
        picture.paste(panel, (x, LINE))
    for k, line in enumerate(lines):
        y = size[1] - GAP / 2 - LINE * (len(lines) - k - 0.5)
        draw.text((GAP, y), line, MUTED, font(SIZE - 2), anchor="lm")
    return picture


def overlay(image: NDArray[np.uint8], values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A map, (height, width), in colors over a faint gray copy of the image, (height, width, 3)."""
    gray = image.mean(axis=2, keepdims=True)
    faint = 255 - FAINT * (255 - gray)
    strength = np.abs(values[:, :, None]) / (np.abs(values).max() or 1)
    color = np.where(values[:, :, None] < 0, NEGATIVE, POSITIVE)
    mixed: NDArray[np.float64] = faint + strength * (color - faint)
    return np.rint(mixed).astype(np.uint8)
