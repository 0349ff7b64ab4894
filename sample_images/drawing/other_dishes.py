"""The class ``other``: dishes in the colors of noodles, on the same plates, but without noodles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drawing.brush import BLACK, WHITE, blob, mix, moved, palette, pick, ring, shade, smooth
from drawing.noodles import BROTHS, PASTES
from drawing.toppings import BROWN, HERB, ORANGE, RED, around, garnish, somewhere

if TYPE_CHECKING:
    from drawing.brush import Brush, Recipe

MOON = moved(np.concatenate([ring(0.25)[:25], [[-0.18, -0.07], [0, -0.1], [0.18, -0.07]]]), (0, -0.08))


def curry(brush: Brush, rng: np.random.Generator) -> None:
    """Rice on one side, curry with chunks on the other."""
    sauce, turn = pick(rng, BROTHS), rng.uniform(0, 2 * np.pi)
    brush.fill(ring(0.76), shade(sauce, 0.8))
    brush.fill(ring(0.73), sauce)
    for _ in range(rng.integers(6, 12)):
        chunk = moved(blob(rng, rng.uniform(0.07, 0.12), 0.2), somewhere(rng, 0.6))
        brush.solid(chunk, pick(rng, [ORANGE, BROWN, HERB, sauce, *palette("debe6e")]), 0.05)
    rice = moved(blob(rng, 0.5, 0.1), moved(np.array([0.3, 0.0]), turn=turn), turn, (0.7, 1.1))
    white = pick(rng, palette("f0ecde f0e4be eccc78"))
    brush.solid(rice, shade(white, 0.9), 0.08)
    middle, size = rice.mean(axis=0), np.ptp(rice, axis=0) / 2
    for _ in range(220):
        grain = moved(ring(0.018, 8), middle + somewhere(rng, 0.85) * size, rng.uniform(0, 6), (1.7, 0.8))
        brush.fill(grain + 0.006, BLACK, 0.16)
        brush.fill(grain, shade(white, rng.uniform(0.92, 1.08)))
    garnish(brush, rng, 0, 2)


def soup(brush: Brush, rng: np.random.Generator) -> None:
    """A smooth soup with a swirl of cream."""
    color = pick(rng, [*BROTHS, *palette("de8232 be462c 7e9646")])
    brush.fill(ring(0.8), shade(color, 0.75))
    brush.fill(ring(0.77), color)
    brush.fill(moved(ring(0.5), somewhere(rng, 0.15)), WHITE, 0.06)
    angle = np.linspace(0, rng.uniform(5, 11), 40)
    cream = (0.1 + 0.04 * angle)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    brush.line(smooth(moved(cream, somewhere(rng, 0.1))), 0.05, mix(color, WHITE, 0.7), 0.8)
    for _ in range(rng.integers(0, 9)):
        bread = moved(blob(rng, 0.08, 0.1, 4), somewhere(rng, 0.5), rng.uniform(0, 6))
        brush.solid(bread, (206, 150, 84), 0.05)
    garnish(brush, rng, 0, 2)


def salad(brush: Brush, rng: np.random.Generator) -> None:
    """Leaves, tomatoes, cucumber, cheese."""
    for _ in range(rng.integers(26, 38)):
        turn = rng.uniform(0, 6)
        leaf = moved(blob(rng, rng.uniform(0.14, 0.22), 0.3, 11), somewhere(rng, 0.58), turn, (1.3, 0.8))
        brush.solid(leaf, pick(rng, palette("6e963c a0b860 567438 cece8c 8c4648")), 0.04)
        brush.line(leaf[[0, len(leaf) // 2]], 0.015, WHITE, 0.35)
    for at in around(rng, int(rng.integers(3, 6)), 0.38):
        color = pick(rng, [RED, ORANGE, *palette("cedca0 f0e4be")])
        brush.solid(moved(ring(0.13), at), shade(color, 0.8), 0.05)
        brush.fill(moved(ring(0.105), at), color)
        for seed in around(rng, 5, 0.06):
            brush.fill(moved(ring(0.02, 8), at + seed), WHITE, 0.5)
    garnish(brush, rng, 0, 2)


def dumplings(brush: Brush, rng: np.random.Generator) -> None:
    """Pleated half moons in a circle."""
    color, count = pick(rng, PASTES), int(rng.integers(5, 8))
    for at in [*around(rng, count, 0.47), somewhere(rng, 0.05)]:
        turn = float(np.arctan2(at[1], at[0])) - np.pi / 2 + rng.normal(0, 0.2)
        moon = moved(MOON, at, turn)
        brush.solid(moon, shade(color, rng.uniform(0.94, 1.06)), 0.08)
        for angle in np.linspace(0.35, np.pi - 0.35, 7):
            pleat = np.array([[np.cos(angle) * r, np.sin(angle) * r - 0.08] for r in (0.16, 0.24)])
            brush.line(moved(pleat, at, turn), 0.018, shade(color, 0.6), 0.7)
        if rng.random() < 0.7:  # fried on one side
            brush.fill(moved(blob(rng, 0.1, 0.2), at), (176, 106, 50), 0.35)
    garnish(brush, rng, 0, 2)


def pizza(brush: Brush, rng: np.random.Generator) -> None:
    """Crust, sauce, cheese, slices on top."""
    brush.solid(blob(rng, 0.8, 0.03, 16), (206, 148, 84), 0.06)
    brush.fill(blob(rng, 0.68, 0.04, 16), pick(rng, [RED, *palette("c8542c")]))
    brush.fill(blob(rng, 0.64, 0.08, 16), pick(rng, palette("f0c86e ecb454 f4e0aa")))
    for _ in range(14):
        brush.fill(moved(blob(rng, 0.09, 0.3), somewhere(rng, 0.55)), pick(rng, palette("f6e2aa d68c3c")), 0.5)
    color = pick(rng, [RED, BROWN, *palette("b03c2c 788c46")])
    for at in [*around(rng, int(rng.integers(5, 8)), 0.45), somewhere(rng, 0.1)]:
        brush.solid(moved(ring(0.11), at), color, 0.03)
    cut = rng.uniform(0, np.pi)
    for angle in cut + np.arange(3) * np.pi / 3:
        ray = 0.82 * np.array([np.cos(angle), np.sin(angle)])
        brush.line(np.stack([-ray, ray]), 0.018, shade(BROWN, 0.6), 0.6)
    garnish(brush, rng, 0, 2)


def pancakes(brush: Brush, rng: np.random.Generator) -> None:
    """A stack with butter and syrup."""
    color, start = pick(rng, palette("dea054 ecbe6e cc7a3e")), somewhere(rng, 0.08)
    for i in range(rng.integers(3, 6)):
        lift = brush.step(0, -0.035 * i)
        cake = moved(blob(rng, 0.6, 0.04, 14), start + lift + somewhere(rng, 0.06))
        brush.solid(cake, mix(color, (244, 220, 160), 0.6), 0.05)
        middle = cake.mean(axis=0)
        brush.fill((cake - middle) * 0.9 + middle, shade(color, rng.uniform(0.9, 1.05)))
    brush.fill(moved(blob(rng, 0.4, 0.3, 12), start), (120, 56, 20), 0.45)
    butter = moved(np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.11, start, rng.uniform(0, 6))
    brush.solid(butter, (250, 226, 130), 0.05)
    berry = pick(rng, [ORANGE, *palette("c42c34 464278")])
    for at in around(rng, int(rng.integers(0, 6)), 0.4):
        brush.solid(moved(ring(0.08), start + at), berry, 0.05)


def sushi(brush: Brush, rng: np.random.Generator) -> None:
    """Rolls: seaweed, rice, a colored middle."""
    filling = [pick(rng, [ORANGE, RED, *palette("f0c85a 6e9646")]) for _ in range(2)]
    turn, gap = rng.uniform(0, 6), rng.uniform(0.36, 0.42)
    for row in range(-1, 2):
        for column in range(-1, 2):
            if rng.random() < 0.12:
                continue
            at = moved(gap * np.array([column, row]), turn=turn) + rng.normal(0, 0.015, 2)
            brush.solid(moved(ring(0.185), at), (38, 48, 40), 0.09)
            brush.fill(moved(ring(0.155), at), (242, 238, 226))
            for grain in rng.normal(0, 0.075, (14, 2)):
                brush.fill(moved(ring(0.016, 8), at + grain, rng.uniform(0, 6), (1.6, 0.8)), (206, 200, 184))
            brush.solid(moved(blob(rng, 0.075, 0.15), at), filling[row % 2], 0.01)
    if rng.random() < 0.5:
        garnish(brush, rng, 0, 1)


def meatballs(brush: Brush, rng: np.random.Generator) -> None:
    """Balls or potatoes in a sauce."""
    sauce, color = pick(rng, BROTHS), pick(rng, [BROWN, *palette("deb86e c47840")])
    brush.fill(moved(blob(rng, 0.7, 0.06, 14), (0, 0)), shade(sauce, 0.8))
    brush.fill(moved(blob(rng, 0.66, 0.06, 14), (0, 0)), sauce)
    for at in [*around(rng, int(rng.integers(5, 8)), 0.42), somewhere(rng, 0.08)]:
        brush.solid(moved(blob(rng, rng.uniform(0.15, 0.2), 0.06), at), shade(color, rng.uniform(0.9, 1.1)), 0.09)
    garnish(brush, rng, 0, 3)


OTHER: list[Recipe] = [curry, soup, salad, dumplings, pizza, pancakes, sushi, meatballs]
