"""How far a share can be trusted that was counted on a few images.

Of n images k are answered right. The accuracy on all images of that kind is unknown; the Wilson score interval holds it
in 95 of 100 such experiments:

    center = (k + z^2/2) / (n + z^2)        half = z / (n + z^2) * sqrt(k (n - k) / n + z^2/4)        z = 1.96

Unlike k/n plus or minus 1.96 standard errors it never leaves 0..1, and keeps its promise for few images and for shares
near 0 and 1: of 10 images all right, the accuracy may still be 0.72.

Sources: Wilson 1927; Brown, Cai and DasGupta 2001 ("Interval estimation for a binomial proportion"), who advise it for
small n.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
"""Share of the experiments in which an interval holds the true value, unless told otherwise."""


class Interval(NamedTuple):
    """The limits between which a value lies, with some confidence."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.4f} to {self.high:.4f}"


def quantile(confidence: float = CONFIDENCE) -> float:
    """The z of a two-sided interval: a standard normal number lies between -z and z with probability `confidence`."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(n_right: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The Wilson score interval of a share.

    Args:
        n_right: How many of the images are answered right, 0..n.
        n: How many images; of none, nothing is known: 0 to 1.
        confidence: 0 < confidence < 1.

    Raises:
        ValueError: The counts are impossible.
    """
    if not 0 <= n_right <= n:
        raise ValueError(f"{n_right} of {n} is no share")
    if n == 0:
        return Interval(0.0, 1.0)
    z_squared = quantile(confidence) ** 2
    center = (n_right + z_squared / 2) / (n + z_squared)
    half = math.sqrt(z_squared * (n_right * (n - n_right) / n + z_squared / 4)) / (n + z_squared)
    # All right and all wrong are exact limits, which rounding would miss in the last bit.
    return Interval(0.0 if n_right == 0 else center - half, 1.0 if n_right == n else center + half)
