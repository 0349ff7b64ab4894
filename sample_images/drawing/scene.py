"""A table, a plate or bowl on it, and the camera that takes the picture.

Both classes get the same tables, plates, light and camera, so that only the food can tell them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from drawing.brush import BLACK, SUPERSAMPLING, WHITE, Brush, mix, moved, palette, pick, ring, shade

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from drawing.brush import Color, Recipe

TABLES = palette("a8764a 784e32 cdaa7d 4e3e38 c4beb4 465464 963c34 708468")
PLATES = palette("f4f2ec e8e2d4 cddae2 5c708a 403c3e 9e6046 e2cca0")
WOODS = palette("783c28 be9664 3c2824")  # of chopsticks
SHAPES = [(64, 64), (80, 80), (96, 96), (96, 72), (72, 96), (112, 84), (84, 112), (112, 96)]  # (width, height)


def photograph(food: Recipe, rng: np.random.Generator) -> Image.Image:
    """Return a color picture of one dish, as a guest would take it."""
    width, height = (side * SUPERSAMPLING for side in SHAPES[rng.integers(len(SHAPES))])
    canvas = _table(width, height, rng)
    brush = Brush(
        canvas,
        center=(width * rng.uniform(0.48, 0.52), height * rng.uniform(0.48, 0.52)),
        radius=min(width, height) * rng.uniform(0.49, 0.55),
        tilt=rng.uniform(0.84, 1.0),
        turn=rng.uniform(0, 2 * np.pi),
    )
    _plate(brush, pick(rng, PLATES), rng)
    food(brush, rng)
    if rng.random() < 0.4:
        _chopsticks(brush, rng)
    return _develop(canvas, rng)


def _table(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    color = pick(rng, TABLES)
    canvas = Image.new("RGB", (width, height), tuple(int(channel) for channel in color))
    turn = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
    table = Brush(canvas, (width / 2, height / 2), radius=max(width, height), turn=turn)
    kind = rng.integers(3)
    if kind == 0:  # wood: boards with grain
        for y in np.arange(-1, 1, 0.012):
            wave = 0.01 * np.sin(np.linspace(0, rng.uniform(2, 6), 12) + rng.uniform(0, 6))
            line = np.stack([np.linspace(-1, 1, 12), y + wave], axis=1)
            table.line(line, rng.uniform(0.003, 0.012), BLACK if rng.random() < 0.6 else WHITE, rng.uniform(0.02, 0.10))
        for y in np.arange(rng.uniform(-1, -0.7), 1, 0.3):
            table.line(np.array([[-1, y], [1, y]]), 0.008, BLACK, 0.4)
    elif kind == 1:  # cloth: checks
        step = rng.uniform(0.08, 0.16)
        for at in np.arange(-1, 1, 2 * step):
            table.line(np.array([[at, -1], [at, 1]]), step, WHITE, 0.16)
            table.line(np.array([[-1, at], [1, at]]), step, WHITE, 0.16)
    else:  # stone: speckles
        for x, y in rng.uniform(-0.7, 0.7, (260, 2)):
            dark = BLACK if rng.random() < 0.5 else WHITE
            table.fill(moved(ring(rng.uniform(0.003, 0.012), 6), (x, y)), dark, rng.uniform(0.05, 0.2))
    return canvas


def _plate(brush: Brush, color: Color, rng: np.random.Generator) -> None:
    """Draw a plate with a flat rim, or a bowl with a steep wall."""
    brush.shadow(ring(1.02), 0.12, 0.14)
    brush.fill(ring(1.0), shade(color, 0.8))
    brush.fill(ring(0.985), color)
    brush.line(ring(0.9)[[*range(48), 0]], 0.02, mix(color, WHITE, 0.6), 0.7)
    if rng.random() < 0.4:  # a painted band
        paint = shade(pick(rng, TABLES), 0.9)
        brush.line(ring(0.93)[[*range(48), 0]], rng.uniform(0.02, 0.05), paint, 0.8)
    for radius, dark in ((0.86, 0.12), (0.83, 0.10), (0.8, 0.08)):
        brush.fill(ring(radius), BLACK, dark)
    brush.fill(ring(0.78) + brush.step(0.015, 0.02), shade(color, 0.93))


def _chopsticks(brush: Brush, rng: np.random.Generator) -> None:
    color = pick(rng, WOODS)
    turn, at = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 0.95)
    for tip in (0.0, 0.09):
        stick = moved(np.array([[-1.3, at + 2 * tip], [1.3, at + tip]]), turn=turn)
        brush.line(stick + brush.step(0.03, 0.05), 0.055, BLACK, 0.2)
        brush.line(stick, 0.055, shade(color, 0.7))
        brush.line(stick - brush.step(0, 0.008), 0.03, color)


def _develop(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Make the canvas small; add what a real camera adds: focus, light from one side, a color cast, noise."""
    sharp = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.6)))
    small = sharp.resize((canvas.width // SUPERSAMPLING, canvas.height // SUPERSAMPLING), Image.Resampling.BOX)
    pixels: NDArray[np.float64] = np.asarray(small, dtype=np.float64)
    y, x = np.mgrid[-1 : 1 : small.height * 1j, -1 : 1 : small.width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0, 0.22) * (x * np.cos(angle) + y * np.sin(angle)) - rng.uniform(0, 0.12) * (x**2 + y**2)
    cast = rng.uniform(0.92, 1.12) * rng.uniform(0.93, 1.06, 3)
    pixels = pixels * light[:, :, None] * cast + rng.normal(0, rng.uniform(1, 5), pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
