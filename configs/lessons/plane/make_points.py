"""Points in the plane for the lessons, as tables of numbers: always the same ones.

    python configs/lessons/plane/make_points.py        writes moons.csv, rings.csv, spirals.csv, noisy_xor.csv beside it

Tables of two classes, with three digits: 150 points of each class, or in noisy_xor.csv 150 in all.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path

N = 150
"""Points of a class, or of both in noisy_xor."""

Points = Iterator[tuple[float, float, str]]


def moons(rng: random.Random) -> Points:
    """Two half circles that reach into each other."""
    for i in range(N):
        angle = math.pi * i / (N - 1)
        yield math.cos(angle) + rng.gauss(0, 0.15), math.sin(angle) + rng.gauss(0, 0.15), "upper"
        yield 1 - math.cos(angle) + rng.gauss(0, 0.15), 0.4 - math.sin(angle) + rng.gauss(0, 0.15), "lower"


def rings(rng: random.Random) -> Points:
    """One class all around the other."""
    for name, radius in (("inner", 0.4), ("outer", 1.1)):
        for _ in range(N):
            angle, r = rng.uniform(0, 2 * math.pi), radius + rng.gauss(0, 0.15)
            yield r * math.cos(angle), r * math.sin(angle), name


def spirals(rng: random.Random) -> Points:
    """Two arms that wind around each other one and a half times."""
    for name, start in (("first", 0.0), ("second", math.pi)):
        for i in range(N):
            turn = 3 * math.pi * math.sqrt((i + 1) / N)
            r = turn / (3 * math.pi)
            yield r * math.cos(turn + start) + rng.gauss(0, 0.02), r * math.sin(turn + start) + rng.gauss(0, 0.02), name


def noisy_xor(rng: random.Random) -> Points:
    """Same signs or different ones; one label in eight is wrong. Fewer points than elsewhere."""
    names = ("different", "same")
    for i in range(N):
        x, y = (rng.choice((-1, 1)) * rng.uniform(0.05, 1) for _ in range(2))
        is_same = (x * y > 0) != (i % 8 == 0)
        yield x, y, names[is_same]


TABLES: dict[str, Callable[[random.Random], Points]] = {
    "moons": moons,
    "rings": rings,
    "spirals": spirals,
    "noisy_xor": noisy_xor,
}


def table(name: str) -> str:
    """The text of a table."""
    points = TABLES[name](random.Random(f"points of {name}"))  # noqa: S311
    return "x,y,label\n" + "".join(f"{x:.3f},{y:.3f},{label}\n" for x, y, label in points)


if __name__ == "__main__":
    for each in TABLES:
        Path(__file__).with_name(f"{each}.csv").write_text(table(each), encoding="utf-8")
