"""How far figures can be trusted that are no shares of the images, such as macro F1 and R2: by drawing images anew.

Such a figure is counted from sums over the images, of which each adds its terms. So it is soon counted again and again:

    bootstrap       on as many images, drawn from these with replacement: the middle 95 % of the figures are its
                    interval, their standard deviation is its standard error
    randomization   of two models on the same images: if they were equally good, it would not matter which of them gave
                    which answer; so in each image both are exchanged, or not, as a coin falls, and

        p = (1 + how often the difference of the figures is at least as large as it is) / (1 + how often it was tried)

The bootstrap of the difference of two models draws the same images for both.

Sources: Efron and Tibshirani 1993, "An introduction to the bootstrap"; Noreen 1989, "Computer-intensive methods for
testing hypotheses"; Yeh 2000, "More accurate tests for the statistical significance of result differences", who shows
why F1 needs the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.evaluation.intervals import CONFIDENCE, Interval

N_DRAWS, N_EXCHANGES = 1_000, 9_999
"""How often images are drawn, and answers exchanged."""

TOGETHER = 4_000_000
"""Numbers that are held at a time."""

Terms = NDArray[np.float64]
"""Numbers that each image adds to the sums of a figure, (m, F)."""

Figure = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From sums, (N, F), to the figure of each row, (N,)."""


@dataclass(frozen=True)
class Drawn:
    """A figure, and what chance makes of it.

    Attributes:
        value: Of the images as they are.
        interval: Where that of all images of this kind lies, with 95 % confidence.
        deviation: Its standard error.
    """

    value: float
    interval: Interval
    deviation: float


@dataclass(frozen=True)
class FigureComparison:
    """A figure of two models on the same images.

    Attributes:
        first, second: Of each.
        limits: The interval of the difference, second less first.
        p_value: Probability of a difference at least as large, if both models were equally good, 0..1.
    """

    first: float
    second: float
    limits: Interval
    p_value: float

    @property
    def difference(self) -> float:
        """Figure of the second less that of the first."""
        return self.second - self.first


def drawn_anew(terms: Terms, figure: Figure, seed: int = 0) -> Drawn:
    """A figure with its bootstrap interval; `terms` as above, of m > 0 images."""
    figures = figure(_drawn_sums(terms, seed))
    return Drawn(float(figure(terms.sum(axis=0)[None])[0]), _middle(figures), float(figures.std()))


def compare_figures(first: Terms, second: Terms, figure: Figure, seed: int = 0) -> FigureComparison:
    """Compare a figure of two models on the same m > 0 images; `first` and `second` are their terms, (m, F) each."""
    n_terms, values = first.shape[1], [float(figure(each.sum(axis=0)[None])[0]) for each in (first, second)]
    both = _drawn_sums(np.concatenate([first, second], axis=1), seed)
    limits = _middle(figure(both[:, n_terms:]) - figure(both[:, :n_terms]))
    change = second - first
    change = change[change.any(axis=1)]  # images to which both answer alike make no difference
    if not len(change):
        return FigureComparison(values[0], values[1], limits, 1.0)
    random, n_larger = np.random.default_rng(seed), 0
    size = abs(values[1] - values[0]) - 1e-12  # rounding makes no difference smaller
    for start in range(0, N_EXCHANGES, _lot(len(change))):
        n = min(_lot(len(change)), N_EXCHANGES - start)
        moved = random.integers(0, 2, (n, len(change)), np.int8).astype(np.float64) @ change
        exchanged = figure(second.sum(axis=0) - moved) - figure(first.sum(axis=0) + moved)
        n_larger += int(np.count_nonzero(np.abs(exchanged) >= size))
    return FigureComparison(values[0], values[1], limits, (1 + n_larger) / (1 + N_EXCHANGES))


def _drawn_sums(terms: Terms, seed: int) -> NDArray[np.float64]:
    """The sums over m images drawn with replacement, (N_DRAWS, F)."""
    m, random = len(terms), np.random.default_rng(seed)
    sums, lot = np.empty((N_DRAWS, terms.shape[1])), _lot(m)
    for start in range(0, N_DRAWS, lot):
        n = min(lot, N_DRAWS - start)
        counts = [np.bincount(random.integers(0, m, m), minlength=m) for _ in range(n)]
        sums[start : start + n] = np.array(counts, np.float64) @ terms
    return sums


def _lot(n_images: int) -> int:
    return max(1, TOGETHER // n_images)


def _middle(figures: NDArray[Any]) -> Interval:
    rest = (1 - CONFIDENCE) / 2
    low, high = np.quantile(figures, [rest, 1 - rest])
    return Interval(float(low), float(high))
