"""Probabilities that mean what they say: a temperature, fitted on validation images.

A network is often overconfident. Dividing the logarithms of its probabilities by a temperature T before they
are normalized again,

    p_k  ->  p_k^(1/T) / sum_j p_j^(1/T)

leaves the order of the classes as it is and makes the network less sure for T > 1, surer for T < 1. T is the one that
makes the cross-entropy on images that were not trained on smallest.

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

ROUNDS = 40
"""Rounds of golden-section search: the interval shrinks to a hundred-millionth."""

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
    """The temperature with the smallest cross-entropy; 1 for fewer than `FEWEST` images.

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

    low, high = math.log(COLDEST), math.log(HOTTEST)
    for _ in range(ROUNDS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return round(math.exp((low + high) / 2), 6)
