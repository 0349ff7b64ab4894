"""The class ``noodles``: many curly strands, dry on a plate, in broth, or as a nest under a sauce."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drawing.brush import WHITE, blob, mix, moved, palette, pick, ring, shade, smooth
from drawing.toppings import BROWN, ORANGE, RED, garnish, somewhere

if TYPE_CHECKING:
    from drawing.brush import Brush, Points, Recipe

PASTES = palette("eccc78 f4e4be dea054 cc7a3e b07c54 96745c f0be5a")
BROTHS = palette("c4803c deb06e 9c4c28 78482c e4cea0")


def _strand(rng: np.random.Generator, radius: float, curl: float) -> Points:
    """Return the way of one noodle: it wanders with slowly changing turns and stays inside the disk."""
    at, heading, bend = somewhere(rng, radius), rng.uniform(0, 2 * np.pi), rng.normal(0, curl)
    points = [at]
    for _ in range(rng.integers(8, 16)):
        bend = 0.7 * bend + rng.normal(0, 0.5 * curl)
        heading += bend
        step = 0.12 * np.array([np.cos(heading), np.sin(heading)])
        if np.hypot(*(at + step)) > radius:  # turn along the rim instead of leaving the dish
            side = np.sign(at[0] * step[1] - at[1] * step[0]) or 1.0
            heading = np.arctan2(at[1], at[0]) + side * (np.pi / 2 + 0.25)
            step = 0.12 * np.array([np.cos(heading), np.sin(heading)])
        at = at + step
        points.append(at)
    return smooth(points, steps=5)


def _swirl(rng: np.random.Generator, radius: float) -> Points:
    """Return a turn of a nest, as a fork makes it."""
    angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(2, 5), 12)
    distance = radius * np.sqrt(rng.uniform(0.02, 1)) + rng.normal(0, 0.02, 12)
    return smooth(np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=1), steps=5)


def _heap(brush: Brush, rng: np.random.Generator, *, radius: float, strands: int, nest: float) -> None:
    """Draw many strands on each other: the lower ones lie in the shadow, the upper ones in the light."""
    color = pick(rng, PASTES)
    width, curl = rng.uniform(0.05, 0.085), rng.uniform(0.25, 0.55)
    brush.shadow(ring(radius), 0.06, 0.16)
    brush.fill(ring(radius), shade(color, 0.42))
    for i in range(strands):
        height = i / strands
        reach = radius * (1.0 - 0.25 * height)
        strand = _swirl(rng, reach) if rng.random() < nest else _strand(rng, reach, curl)
        tone = shade(color, (0.72 + 0.36 * height) * rng.uniform(0.92, 1.08))
        light = brush.step(-0.12 * width, -0.2 * width)
        brush.line(strand - 1.5 * light, 1.25 * width, shade(color, 0.3), 0.55)
        brush.line(strand, width, tone)
        brush.line(strand + light, 0.35 * width, WHITE, 0.15 + 0.2 * height)


def stir_fry(brush: Brush, rng: np.random.Generator) -> None:
    """Noodles heaped on a plate, everything mixed in."""
    _heap(brush, rng, radius=rng.uniform(0.6, 0.74), strands=int(rng.integers(45, 75)), nest=0.1)
    garnish(brush, rng, 1, 4)


def ramen(brush: Brush, rng: np.random.Generator) -> None:
    """Noodles in a bowl of broth with eyes of fat on it."""
    broth = pick(rng, BROTHS)
    brush.fill(ring(0.8), shade(broth, 0.75))
    brush.fill(ring(0.77), broth)
    _heap(brush, rng, radius=rng.uniform(0.56, 0.68), strands=int(rng.integers(35, 60)), nest=0.35)
    for _ in range(rng.integers(4, 12)):
        angle = rng.uniform(0, 6.3)
        at = np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(0.64, 0.74)
        brush.fill(moved(ring(rng.uniform(0.02, 0.05), 16), at), mix(broth, WHITE, 0.35), 0.6)
    garnish(brush, rng, 1, 4)


def spaghetti(brush: Brush, rng: np.random.Generator) -> None:
    """A nest of noodles with a spoon of sauce in the middle."""
    _heap(brush, rng, radius=rng.uniform(0.58, 0.72), strands=int(rng.integers(45, 75)), nest=0.75)
    sauce = pick(rng, [RED, BROWN, ORANGE, *palette("d8c48c 607c34")])
    at = somewhere(rng, 0.1)
    brush.solid(moved(blob(rng, rng.uniform(0.2, 0.34), 0.25, 11), at), sauce, 0.05)
    for _ in range(rng.integers(8, 20)):
        crumb = moved(blob(rng, 0.04, 0.3, 6), at + somewhere(rng, 0.26))
        brush.solid(crumb, shade(sauce, rng.uniform(0.65, 1.2)), 0.02)
    garnish(brush, rng, 0, 2)


NOODLES: list[Recipe] = [stir_fry, ramen, spaghetti]
