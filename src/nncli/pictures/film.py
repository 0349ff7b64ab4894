"""Pictures of a network while it learns: first-layer weights, or the plane that it divides, a picture per epoch.

The weights of a unit are scaled alike in all pictures, by the largest that it ever has: growing is seen. In the plane a
color per class is mixed by the probabilities; dots are training points, the first number to the right, the second up.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from nncli.pictures.lettering import font
from nncli.pictures.tiles import BACKGROUND, GAP, grid
from nncli.pictures.weights import colored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLORS = np.array(
    [(31, 111, 180), (217, 115, 13), (47, 143, 91), (168, 64, 143), (107, 91, 210), (176, 136, 0), (194, 59, 59),
     (15, 138, 157)]
)  # fmt: skip
"""Of the classes, which take turns after the eighth."""

PALE = 0.55
"""White in the color of the plane, so that points of the same color stand out."""

SIDE = 240
"""Of a picture of the plane, in pixels."""

DOT, RIM = 2.5, 1.0
"""Radius of a point and width of the white around it, in pixels."""

LETTERS = 12
"""Height of a caption, in pixels."""


def weight_frames(weights: NDArray[np.floating]) -> list[Image.Image]:
    """A picture of some units' weights for each time they were kept.

    Args:
        weights: (f, u, h, w, c) with u > 0.
    """
    weights = weights.astype(np.float64)
    largest = np.abs(weights).max(axis=(0, 2, 3, 4))
    side = max(8, SIDE // math.ceil(math.sqrt(weights.shape[1])) - GAP)
    return [
        grid([colored(unit, scale) for unit, scale in zip(frame, largest, strict=True)], side=side) for frame in weights
    ]


def plane_frames(plane: NDArray[np.uint8], points: NDArray[np.uint8], labels: NDArray[np.integer]) -> list[Image.Image]:
    """A picture of the plane for each time it was kept.

    Args:
        plane: Probabilities, a byte each, (f, C, s, s) with C > 0; the second number grows down the rows.
        points: Bytes of both coordinates, (p, 2).
        labels: Their classes, (p,).
    """
    colors = COLORS[np.arange(plane.shape[1]) % len(COLORS)]
    light = 255 - (255 - colors) * (1 - PALE)
    pictures = []
    for shares in plane.astype(np.float64):
        total = np.maximum(shares.sum(axis=0), 1)
        mixed = np.einsum("cij,ck->ijk", shares / total, light)[::-1]  # the second number upward
        picture = Image.fromarray(mixed.round().astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        draw = ImageDraw.Draw(picture)
        for (x, y), label in zip(points * ((SIDE - 1) / 255), labels.tolist(), strict=True):
            for radius, color in ((DOT + RIM, (255, 255, 255)), (DOT, tuple(colors[label % len(colors)].tolist()))):
                draw.ellipse((x - radius, SIDE - 1 - y - radius, x + radius, SIDE - 1 - y + radius), fill=color)
        pictures.append(picture)
    return pictures


def strip(rows: Sequence[Sequence[Image.Image]], captions: Sequence[str]) -> Image.Image:
    """Pictures in rows, with a caption above each column.

    Args:
        rows: Of equally many pictures, of one size in a row.
        captions: One for each column.
    """
    width = max(picture.width for row in rows for picture in row) + GAP
    top = LETTERS + 3 * GAP
    height = top + sum(row[0].height + GAP for row in rows)
    whole = Image.new("RGB", (width * len(captions) + GAP, height), BACKGROUND)
    draw = ImageDraw.Draw(whole)
    for k, caption in enumerate(captions):
        draw.text((GAP + k * width, GAP), caption, (20, 20, 20), font(LETTERS))
    for row in rows:
        for k, picture in enumerate(row):
            whole.paste(picture, (GAP + k * width, top))
        top += row[0].height + GAP
    return whole
