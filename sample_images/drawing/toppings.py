"""What lies on a dish, noodles or not: both classes share these, so that a topping alone gives nothing away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drawing.brush import BLACK, WHITE, blob, mix, moved, palette, pick, ring, shade, smooth

if TYPE_CHECKING:
    from drawing.brush import Brush, Color, Points, Recipe

HERB: Color = (74, 128, 52)
ORANGE: Color = (224, 124, 48)
RED: Color = (190, 52, 40)
YOLK: Color = (240, 170, 50)
BROWN: Color = (128, 78, 46)
ROSE: Color = (226, 160, 130)


def somewhere(rng: np.random.Generator, radius: float) -> Points:
    """Return a point (2,) drawn evenly from a disk."""
    return moved(np.array([radius * np.sqrt(rng.random()), 0.0]), turn=rng.uniform(0, 2 * np.pi))


def around(rng: np.random.Generator, count: int, radius: float) -> list[Points]:
    """Return ``count`` places that are evenly spread on a circle, with a little disorder."""
    start = rng.uniform(0, 2 * np.pi)
    angles = start + np.arange(count) * 2 * np.pi / count + rng.normal(0, 0.12, count)
    return [radius * rng.uniform(0.85, 1.1) * np.array([np.cos(angle), np.sin(angle)]) for angle in angles]


def egg(brush: Brush, rng: np.random.Generator) -> None:
    """Half a boiled egg."""
    at, turn = somewhere(rng, 0.4), rng.uniform(0, 6)
    brush.solid(moved(ring(0.2), at, turn, (1.25, 1)), (246, 240, 226), 0.06)
    brush.fill(moved(ring(0.115), at, turn), shade(YOLK, 0.8))
    brush.fill(moved(ring(0.1), at, turn), YOLK)
    brush.fill(moved(ring(0.035), at - 0.03), WHITE, 0.5)


def herbs(brush: Brush, rng: np.random.Generator) -> None:
    """A few chopped leaves."""
    for _ in range(rng.integers(6, 16)):
        leaf = moved(blob(rng, 0.06, 0.3), somewhere(rng, 0.6), rng.uniform(0, 6), (1.5, 0.7))
        brush.solid(leaf, shade(HERB, rng.uniform(0.7, 1.4)), 0.03)


def scallions(brush: Brush, rng: np.random.Generator) -> None:
    """Rings of spring onion."""
    for _ in range(rng.integers(8, 20)):
        at, size = somewhere(rng, 0.6), rng.uniform(0.035, 0.06)
        brush.solid(moved(ring(size, 16), at), (130, 178, 80), 0.03)
        brush.fill(moved(ring(0.55 * size, 12), at), (206, 224, 160))


def shrimps(brush: Brush, rng: np.random.Generator) -> None:
    """Curled shrimps with their stripes."""
    for at in around(rng, int(rng.integers(2, 5)), 0.36):
        turn, angle = rng.uniform(0, 6), np.linspace(0.3, 4.6, 9)
        body = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.13
        curl = moved(smooth(body), at, turn)
        brush.line(curl + 0.03, 0.12, BLACK, 0.25)
        brush.line(curl, 0.12, shade(ORANGE, 0.85))
        brush.line(curl, 0.085, mix(ORANGE, WHITE, 0.35))
        for inner, outer in zip(moved(0.65 * body, at, turn), moved(1.3 * body, at, turn), strict=True):
            brush.line(np.stack([inner, outer]), 0.018, RED, 0.55)


def meat(brush: Brush, rng: np.random.Generator) -> None:
    """Slices of roast meat with a paler edge."""
    color = pick(rng, [BROWN, *palette("b07054 964634")])
    start = somewhere(rng, 0.3)
    step = moved(np.array([0.14, 0.05]), turn=rng.uniform(0, 6))
    for i in range(rng.integers(2, 5)):
        slice_ = moved(blob(rng, 0.2, 0.12), start + i * step, rng.uniform(0, 6), (1, 0.75))
        brush.solid(slice_, mix(color, ROSE, 0.5), 0.05)
        brush.fill((slice_ - slice_.mean(axis=0)) * 0.8 + slice_.mean(axis=0), shade(color, rng.uniform(0.9, 1.15)))


def lime(brush: Brush, rng: np.random.Generator) -> None:
    """A wedge of lime or lemon at the rim."""
    at, turn = around(rng, 1, 0.58)[0], rng.uniform(0, 6)
    color: Color = (120, 160, 50) if rng.random() < 0.6 else (232, 200, 60)
    half = ring(0.19)[:25]
    brush.solid(moved(half, at, turn), color, 0.06)
    brush.fill(moved(half * 0.84 + (0, 0.012), at, turn), mix(color, WHITE, 0.55))
    for spoke in half[4:24:5]:
        brush.line(moved(np.array([[0, 0.012], spoke * 0.8]), at, turn), 0.014, WHITE, 0.7)


def seeds(brush: Brush, rng: np.random.Generator) -> None:
    """Sesame or chopped nuts."""
    color: Color = (240, 224, 190) if rng.random() < 0.7 else (60, 48, 40)
    for _ in range(rng.integers(25, 60)):
        brush.solid(moved(ring(0.02, 8), somewhere(rng, 0.62), rng.uniform(0, 6), (1.4, 0.8)), color, 0.015)


def chili(brush: Brush, rng: np.random.Generator) -> None:
    """Strips of red pepper."""
    for _ in range(rng.integers(4, 10)):
        strip = smooth([(-0.1, 0), (0, rng.normal(0, 0.04)), (0.1, 0)])
        placed = moved(strip, somewhere(rng, 0.55), rng.uniform(0, 6))
        brush.line(placed + 0.015, 0.035, BLACK, 0.25)
        brush.line(placed, 0.035, RED)
        brush.line(placed - 0.006, 0.012, WHITE, 0.4)


TOPPINGS: list[Recipe] = [egg, herbs, scallions, shrimps, meat, lime, seeds, chili]


def garnish(brush: Brush, rng: np.random.Generator, least: int = 0, most: int = 3) -> None:
    """Put a few different toppings on the dish."""
    for index in rng.permutation(len(TOPPINGS))[: rng.integers(least, most + 1)]:
        TOPPINGS[index](brush, rng)
