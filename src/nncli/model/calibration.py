"""Probabilities that mean what they say: a temperature, fitted on validation images.

A network is often overconfident. Dividing the logarithms of its probabilities by a temperature T before they
are normalized again,

    p_k  ->  p_k^(1/T) / sum_j p_j^(1/T)

leaves the order of the classes as it is and makes the network less sure for T > 1, surer for T < 1. T is the one that
makes the cross-entropy on images that were not trained on smallest.

Where all of these are answered right, cross-entropy falls for ever as T does, and says nothing about other images. With
fewer than `FEWEST_MISTAKES` mistakes the network is made surer as if there were so many, and no further: T is not below
1, or not below the one at which the mean of the largest probabilities is the share that would then be right.

Source: Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks", section 4.2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLDEST, HOTTEST = 0.2, 5.0
"""Limits of the temperature."""

FEWEST = 20
"""Images below which a temperature would be a guess."""

FEWEST_MISTAKES = 5
"""With fewer wrong answers the network is made as sure as with so many."""

ROUNDS = 40
"""Rounds of golden-section search, or of halving: the interval shrinks to a hundred-millionth."""

GOLDEN = (math.sqrt(5) - 1) / 2

SMALLEST = 1e-30
"""Stands for a probability that was rounded to 0."""


def tempered(probabilities: NDArray[Any], temperature: float) -> NDArray[Any]:
    """Probabilities at another temperature, in the precision that they came in.

    Args:
        probabilities: (n_classes, m), columns sum to 1.
        temperature: T > 0.
    """
    logits: NDArray[Any] = np.log(np.maximum(probabilities, SMALLEST)) / temperature
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits


def fit_temperature(probabilities: NDArray[Any], labels: NDArray[np.intp]) -> float:
    """The temperature with the smallest cross-entropy; 1 for fewer than `FEWEST` images; see above for few mistakes.

    Args:
        probabilities: Of images that were not trained on, (m, n_classes).
        labels: Class indices, (m,).
    """
    if len(labels) < FEWEST:
        return 1.0
    columns = probabilities.T.astype(np.float64)

    def loss(log_temperature: float) -> float:
        right = tempered(columns, math.exp(log_temperature))[labels, np.arange(len(labels))]
        return float(-np.log(np.maximum(right, SMALLEST)).mean())

    n_wrong = int((probabilities.argmax(axis=1) != labels).sum())
    low, high = math.log(COLDEST), math.log(HOTTEST)
    if n_wrong < FEWEST_MISTAKES:
        low = _log_temperature_of(1 - FEWEST_MISTAKES / len(labels), columns)
    for _ in range(ROUNDS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return round(math.exp((low + high) / 2), 4)


def _log_temperature_of(share: float, columns: NDArray[np.float64]) -> float:
    """Logarithm of the temperature at which the mean of the largest probabilities is `share`.

    It is 0, or nearly, where they are that sure already, and that of `COLDEST` where they cannot be.
    """
    low, high = math.log(COLDEST), 0.0
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        is_surer = tempered(columns, math.exp(middle)).max(axis=0).mean() > share
        low, high = (middle, high) if is_surer else (low, middle)
    return low


def is_at_limit(temperature: float) -> bool:
    """Whether a temperature was kept from going further: probabilities are then not to be relied on."""
    return not COLDEST * 1.001 < temperature < HOTTEST / 1.001
