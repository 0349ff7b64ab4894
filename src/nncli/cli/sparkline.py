"""A curve in one line of text: eight heights of blocks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """`values` as one character each; means of neighbors where there are more than `width` of them.

    The lowest block is the smallest value, the highest the largest; equal values are one flat line.
    """
    n = min(len(values), width)
    edges = [k * len(values) // n for k in range(n + 1)] if n else []
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    if not means:
        return ""
    low, high = min(means), max(means)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[round((value - low) / (high - low) * steps) if high > low else 0] for value in means)
