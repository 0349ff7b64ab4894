"""The probability from which on an image has a label: the threshold that makes F1 largest on the validation images.

    F1(t) = 2 TP(t) / (2 TP(t) + FP(t) + FN(t)) = 2 TP(t) / (images with p >= t + images that have the label)

A rare label seldom gets a probability above 1/2, however sure its order is: among images in the order of their
probability for it the best place to cut is somewhere else. Only the places between two probabilities that occur make a
difference; the threshold lies in their middle, of equally good ones at the nearest to 1/2. A label that no validation
image has keeps 1/2.

Source: Lipton, Elkan and Naryanaswamy 2014, "Optimal thresholding of classifiers to maximize F1 measure".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN = 0.5
"""The threshold of a label that no image has."""


def fit_thresholds(probabilities: NDArray[Any], has: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One threshold for each label.

    Args:
        probabilities: Of labels in validation images, (m, K).
        has: Whether each image has each label, (m, K).

    Returns:
        (K,); an image is told to have the label from this probability on.
    """
    columns = zip(probabilities.T.astype(np.float64), has.T, strict=True)
    return np.array([_threshold(p, is_there) for p, is_there in columns], np.float64)


def _threshold(p: NDArray[np.float64], is_there: NDArray[np.bool_]) -> float:
    """That of one label, from its probabilities, (m,), and whether it is there, (m,)."""
    n = int(is_there.sum())
    if not n:
        return UNKNOWN
    order = np.argsort(-p, kind="stable")
    p = np.append(p[order], 0.0)
    told = np.arange(1, len(order) + 1)
    f1 = 2 * np.cumsum(is_there[order]) / (told + n)
    middles = (p[:-1] + p[1:]) / 2
    f1[p[:-1] == p[1:]] = -1  # equal probabilities cannot be cut apart
    best = np.flatnonzero(f1 == f1.max())
    return float(middles[best[np.argmin(np.abs(middles[best] - UNKNOWN))]])
