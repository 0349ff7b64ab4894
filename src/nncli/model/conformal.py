"""Sets of labels that hold the right one with a promised probability.

The validation images say how low the probability of the right label may fall. Of n images let it be sorted; then the
k-th lowest, k = floor((n + 1) (1 - confidence)), is the limit: every label at least as probable belongs to the set. A
new image of the same kind is as likely to have any place among the n as any other, so its right label is in the set
with a probability of at least `confidence`, whatever the network and however good (split conformal prediction: Vovk et
al. 2005; Sadinle, Lei and Wasserman 2019, who show that these sets are the smallest on average).

Where a network is more often right than promised, such a set can be empty: no label is likely enough. The most probable
one is then put in, which can only make the promise truer.

With enough validation images of every class each label has its own limit, from the images of its class alone: the
promise then holds within every class, too.

Numbers have intervals instead, by the same argument about how far off the validation images' answers are: the k-th
smallest distance, k = ceil((n + 1) confidence), to both sides of the answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENOUGH = 100
"""Validation images of a class from which on it has a limit of its own."""

MOST = 20_000
"""Validation images kept; more would move no limit by more than a hundredth of a percent."""


@dataclass(frozen=True)
class Conformal:
    """The scores that the limits are taken from.

    Attributes:
        given: Probability that each validation image's right label got, (n,) float32.
        labels: The right labels, (n,).
        n_classes: How many classes there are.
    """

    given: NDArray[np.float32]
    labels: NDArray[np.intp]
    n_classes: int

    @property
    def is_by_class(self) -> bool:
        """Whether every class has a limit of its own."""
        return bool(np.bincount(self.labels, minlength=self.n_classes).min() >= ENOUGH)

    def limits(self, confidence: float, *, by_class: bool | None = None) -> NDArray[np.float64]:
        """Probability from which on each label belongs to a set, (n_classes,); 0 where all labels must.

        Args:
            confidence: 0..1.
            by_class: A limit for each label; by default where there are enough images.
        """
        if self.is_by_class if by_class is None else by_class:
            return np.array([limit(self.given[self.labels == k], confidence) for k in range(self.n_classes)])
        return np.full(self.n_classes, limit(self.given, confidence))

    def sets(self, probabilities: NDArray[Any], confidence: float) -> NDArray[np.bool_]:
        """Which labels belong to the set of each image, (m, n_classes); never empty.

        Args:
            probabilities: (m, n_classes).
            confidence: 0..1.
        """
        inside = probabilities >= self.limits(confidence)
        inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
        return inside

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, by name, for the model file."""
        return {"conformal.given": self.given, "conformal.labels": self.labels.astype(np.uint32)}


@dataclass(frozen=True)
class ConformalIntervals:
    """How far off the answers to the validation images are.

    Attributes:
        distances: |predicted - right| of each image and number, (n, K) float32.
    """

    distances: NDArray[np.float32]

    def half_widths(self, confidence: float) -> NDArray[np.float64]:
        """Distance from the answer to both ends of its interval, (K,); infinite where the images are too few."""
        n, n_numbers = self.distances.shape
        k = math.ceil(round((n + 1) * confidence, 9))
        if k > n:
            return np.full(n_numbers, np.inf)
        return np.asarray(np.sort(self.distances, axis=0)[max(k, 1) - 1], np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, by name, for the model file."""
        return {"conformal.distances": self.distances}


def fit_intervals(residuals: NDArray[Any]) -> ConformalIntervals | None:
    """Keep how far off the answers to the validation images are, (n, K); None without any."""
    return ConformalIntervals(np.abs(residuals)[:MOST].astype(np.float32)) if len(residuals) else None


def fit_conformal(probabilities: NDArray[np.float32], labels: NDArray[np.intp]) -> Conformal | None:
    """Keep what the validation images say; None without any.

    Args:
        probabilities: Of the validation images, as prediction gives them, (n, n_classes).
        labels: Their classes, (n,).
    """
    if not len(labels):
        return None
    given = probabilities[np.arange(len(labels)), labels].astype(np.float32)
    chosen = slice(None) if len(labels) <= MOST else np.random.default_rng(0).choice(len(labels), MOST, replace=False)
    return Conformal(given[chosen], labels[chosen], probabilities.shape[1])


def limit(given: NDArray[Any], confidence: float) -> float:
    """The limit of one list of probabilities; 0 where they are too few for the promise.

    Args:
        given: What right labels got, (n,).
        confidence: 0..1.
    """
    n = len(given)
    # Rounded first: (9 + 1) (1 - 0.9) is 1, and not a little less.
    k = math.floor(round((n + 1) * (1 - confidence), 9))
    if k < 1:
        return 0.0
    return float(np.partition(given, k - 1)[k - 1]) if k <= n else 1.0
