"""Digits as a hand writes them: a few strokes, bent, slanted, shifted, by a pen of varying pressure.

Every digit has one or more ways to write it. A way is a list of strokes; a stroke is a list of points (x right, y down,
the digit fills the unit square) that a smooth line goes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.brush import moved, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from drawing.brush import Points

    Way = list[list[tuple[float, float]]]

SUPERSAMPLING = 8
SIZES = [(28, 28)] * 6 + [(32, 32), (36, 40)]  # (width, height)
INKED = 0.25  # share of dark digits on white: beside the others, too much for a network without a hidden layer
GRAY_LEVELS = 32  # few levels keep the PNG files small and are not seen

_SEVEN: Way = [[(0.14, 0.1), (0.5, 0.07), (0.84, 0.08)], [(0.84, 0.08), (0.56, 0.5), (0.38, 0.97)]]
_FOUR: Way = [[(0.62, 0.04), (0.36, 0.34), (0.1, 0.62)], [(0.1, 0.62), (0.5, 0.63), (0.92, 0.6)]]
_NINE: Way = [[(0.76, 0.2), (0.5, 0.04), (0.22, 0.2), (0.27, 0.45), (0.56, 0.47), (0.77, 0.2)]]
_FIVE: Way = [[(0.2, 0.44), (0.5, 0.36), (0.82, 0.58), (0.74, 0.88), (0.42, 0.97), (0.12, 0.86)]]

WAYS: list[list[Way]] = [
    [
        [[(0.55, 0.04), (0.22, 0.2), (0.12, 0.55), (0.3, 0.93), (0.64, 0.93), (0.87, 0.58), (0.8, 0.2), (0.5, 0.04)]],
        [[(0.66, 0.08), (0.4, 0.05), (0.17, 0.4), (0.24, 0.84), (0.5, 0.97), (0.8, 0.7), (0.82, 0.3), (0.56, 0.06)]],
    ],
    [
        [[(0.52, 0.03), (0.5, 0.5), (0.49, 0.97)]],
        [[(0.3, 0.26), (0.45, 0.14), (0.56, 0.03)], [(0.56, 0.03), (0.54, 0.5), (0.52, 0.97)]],
        [[(0.34, 0.2), (0.52, 0.03)], [(0.52, 0.03), (0.5, 0.97)], [(0.26, 0.97), (0.76, 0.96)]],
    ],
    [
        [
            [(0.16, 0.26), (0.36, 0.05), (0.68, 0.08), (0.77, 0.3), (0.52, 0.62), (0.14, 0.94)],
            [(0.14, 0.94), (0.88, 0.93)],
        ],
        [
            [(0.2, 0.2), (0.46, 0.04), (0.76, 0.18), (0.66, 0.5), (0.3, 0.88)],
            [(0.3, 0.88), (0.12, 0.9), (0.2, 0.74), (0.46, 0.84), (0.66, 0.95), (0.9, 0.84)],
        ],
    ],
    [
        [
            [(0.18, 0.15), (0.48, 0.03), (0.76, 0.2), (0.64, 0.42), (0.4, 0.47)],
            [(0.4, 0.47), (0.74, 0.54), (0.82, 0.78), (0.52, 0.97), (0.15, 0.86)],
        ],
        [
            [(0.16, 0.08), (0.5, 0.06), (0.8, 0.07)],
            [(0.8, 0.07), (0.46, 0.42)],
            [(0.46, 0.42), (0.8, 0.55), (0.78, 0.84), (0.46, 0.97), (0.14, 0.87)],
        ],
    ],
    [
        [*_FOUR, [(0.64, 0.04), (0.64, 0.5), (0.62, 0.97)]],
        [
            [(0.26, 0.06), (0.18, 0.32), (0.2, 0.52), (0.5, 0.55), (0.86, 0.5)],
            [(0.76, 0.08), (0.72, 0.5), (0.66, 0.97)],
        ],
    ],
    [
        [[(0.26, 0.06), (0.2, 0.44)], *_FIVE, [(0.26, 0.06), (0.54, 0.07), (0.84, 0.05)]],
        [[(0.82, 0.06), (0.52, 0.08), (0.3, 0.1), (0.25, 0.26), (0.2, 0.44)], *_FIVE],
    ],
    [
        [[(0.66, 0.03), (0.36, 0.28), (0.17, 0.66), (0.34, 0.94), (0.68, 0.92), (0.8, 0.68), (0.54, 0.52), (0.2, 0.7)]],
        [[(0.5, 0.03), (0.24, 0.4), (0.2, 0.8), (0.46, 0.97), (0.76, 0.82), (0.66, 0.58), (0.4, 0.6), (0.22, 0.78)]],
    ],
    [_SEVEN, [*_SEVEN, [(0.34, 0.5), (0.72, 0.48)]]],
    [
        [
            [(0.72, 0.18), (0.48, 0.03), (0.24, 0.18), (0.36, 0.4), (0.68, 0.58), (0.78, 0.8), (0.5, 0.97)],
            [(0.5, 0.97), (0.2, 0.82), (0.3, 0.6), (0.62, 0.4), (0.73, 0.16)],
        ],
        [
            [(0.5, 0.03), (0.26, 0.13), (0.28, 0.36), (0.52, 0.45), (0.74, 0.34), (0.72, 0.12), (0.5, 0.03)],
            [(0.52, 0.45), (0.2, 0.6), (0.24, 0.88), (0.52, 0.97), (0.8, 0.86), (0.8, 0.6), (0.52, 0.45)],
        ],
    ],
    [
        [*_NINE, [(0.77, 0.2), (0.74, 0.6), (0.62, 0.97)]],
        [*_NINE, [(0.77, 0.2), (0.8, 0.56), (0.66, 0.9), (0.42, 0.97), (0.2, 0.87)]],
    ],
]


def draw_digit(digit: int, rng: np.random.Generator) -> Image.Image:
    """Return a gray picture of one handwritten digit: mostly chalk on a blackboard, sometimes ink on paper."""
    width, height = SIZES[rng.integers(len(SIZES))]
    canvas = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
    pen = ImageDraw.Draw(canvas)
    way = WAYS[digit][rng.integers(len(WAYS[digit]))]
    thickness = rng.uniform(0.035, 0.075) * height * SUPERSAMPLING  # radius of the pen's tip
    for line in _write(way, (width * SUPERSAMPLING, height * SUPERSAMPLING), rng):
        pressure = rng.uniform(0.75, 1.15, 3)
        radii = thickness * np.interp(np.linspace(0, 2, len(line)), [0, 1, 2], pressure)
        for (x, y), r in zip(line, radii, strict=True):
            pen.ellipse((x - r, y - r, x + r, y + r), fill=255)
    small = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(1, 4))).resize((width, height), Image.Resampling.BOX)
    return _scan(np.asarray(small, dtype=np.float64) / 255, rng)


def _write(way: Way, size: tuple[int, int], rng: np.random.Generator) -> list[Points]:
    """Return the strokes as dense lines in pixels, each deformed as one digit."""
    slant, turn = rng.normal(0.12, 0.14), rng.normal(0, 0.06)
    tall = rng.uniform(0.68, 0.8) * size[1]
    wide = tall * rng.uniform(0.66, 0.9)
    middle = np.array(size) * (0.5 + rng.uniform(-0.045, 0.045, 2))
    # A slow wave bends neighboring points alike, so that strokes which meet still meet; the jitter is an unsteady hand.
    phase, strength = rng.uniform(0, 2 * np.pi, (2, 2)), rng.normal(0, 0.036, (2, 2))
    lines = []
    for stroke in way:
        points = np.array(stroke) + rng.normal(0, 0.018, (len(stroke), 2))
        points += np.sin(4 * points[:, ::-1] + phase[0]) * strength[0] + np.sin(3 * points + phase[1]) * strength[1]
        points -= 0.5
        points[:, 0] -= slant * points[:, 1]
        lines.append(moved(smooth(points * (wide, tall), steps=40), middle, turn))
    return lines


def _scan(ink: NDArray[np.float64], rng: np.random.Generator) -> Image.Image:
    """Turn ink (0 none, 1 full) into gray levels: ground, contrast, uneven light and noise of a scanner."""
    paper, full = rng.uniform(0, 45), rng.uniform(165, 255)
    left, right = rng.uniform(0.85, 1.0, 2).tolist()
    light = np.linspace(left, right, ink.shape[1])
    gray = (paper + ink * (full - paper)) * light + rng.normal(0, rng.uniform(1, 9), ink.shape)
    if rng.random() < INKED:
        gray = 255 - gray
    step = 256 / GRAY_LEVELS
    return Image.fromarray((np.clip(gray, 0, 255) // step * step).astype(np.uint8))
