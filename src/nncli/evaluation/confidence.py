"""Reliability of the probabilities of a model.

coverage       Answer only where the largest probability is at least a threshold: the share of images answered, and the
               accuracy on these. `nncli predict --threshold` does the same.
label sets     `nncli predict --confidence` promises that a set of labels holds the right one. Does it?
calibration    Of the images answered with probability 0.8, are 80 % right? The expected calibration error is the mean
               distance between the two, over bins of equal width (Naeini, Cooper & Hauskrecht 2015).
mislabeled     Confident learning (Northcutt, Jiang & Chuang 2021): a class's threshold is the mean probability that its
               own images get for it. An image that reaches the threshold of another class, which is more probable than
               its own and the most probable of those reached, counts as labeled wrong (section 3.1). That tells how
               many there are; which ones, the probability of their own label tells best: as many with the lowest one
               are suspected.
               That holds for images that the model has not been trained on; the better the model, the truer it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from nncli.model.conformal import Conformal

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)

CONFIDENCES = (0.8, 0.9, 0.95)

N_BINS = 10


@dataclass(frozen=True)
class Suspect:
    """An image whose label is likely wrong.

    Attributes:
        row: Which image.
        suggested: Index of the class that it likely is of.
        margin: How much more probable that class is than the labeled one, 0..1.
    """

    row: int
    suggested: int
    margin: float


def coverage(confidence: NDArray[Any], correct: NDArray[np.bool_]) -> list[dict[str, float | int | None]]:
    """For each of `THRESHOLDS`: the share of images answered, and the accuracy on them, None if there are none.

    Args:
        confidence: Probability of the predicted class, (m,), m > 0.
        correct: Whether it is the actual one, (m,).
    """
    rows: list[dict[str, float | int | None]] = []
    for threshold in THRESHOLDS:
        answered = np.asarray(confidence) >= np.float32(threshold)
        n = int(answered.sum())
        accuracy = float(correct[answered].mean()) if n else None
        rows.append({"threshold": threshold, "coverage": n / len(confidence), "images": n, "accuracy": accuracy})
    return rows


def calibration_bins(confidence: NDArray[Any], correct: NDArray[np.bool_]) -> list[dict[str, float | int]]:
    """Mean confidence, accuracy and number of images of every bin that is not empty, from the lowest on.

    Args:
        confidence: Probability of the predicted class, (m,).
        correct: Whether it is the actual one, (m,).
    """
    place = np.minimum((np.asarray(confidence) * N_BINS).astype(int), N_BINS - 1)
    members = [place == k for k in range(N_BINS)]
    return [
        {
            "confidence": float(np.asarray(confidence, np.float64)[inside].mean()),
            "accuracy": float(correct[inside].mean()),
            "images": int(inside.sum()),
        }
        for inside in members
        if inside.any()
    ]


def calibration_error(confidence: NDArray[Any], correct: NDArray[np.bool_]) -> float:
    """The expected calibration error, 0..1; arguments as for `calibration_bins`, m > 0."""
    bins = calibration_bins(confidence, correct)
    return sum(abs(bin_["confidence"] - bin_["accuracy"]) * bin_["images"] for bin_ in bins) / len(confidence)


def label_sets(
    conformal: Conformal, actual: NDArray[np.intp], probabilities: NDArray[Any]
) -> list[dict[str, float | int]]:
    """For each of `CONFIDENCES`: the share of images whose set holds the right label, and the mean size of a set.

    Args:
        conformal: Of the model.
        actual: Labels as class indices, (m,), m > 0.
        probabilities: (m, n_classes).
    """
    rows: list[dict[str, float | int]] = []
    for confidence in CONFIDENCES:
        inside = conformal.sets(probabilities, confidence)
        reached = float(inside[np.arange(len(actual)), actual].mean())
        rows.append({"confidence": confidence, "coverage": reached, "labels": float(inside.sum(axis=1).mean())})
    return rows


def suspects(actual: NDArray[np.intp], probabilities: NDArray[Any]) -> list[Suspect]:
    """Images that are likely labeled wrong, those whose label is the least probable first.

    Args:
        actual: Labels as class indices, (m,).
        probabilities: (m, n_classes), from a model that has not been trained on these images.
    """
    n_classes = probabilities.shape[1]
    values = probabilities.astype(np.float64)
    thresholds = np.full(n_classes, np.inf)  # a class without images cannot be suggested
    for k in np.flatnonzero(np.bincount(actual, minlength=n_classes)):
        thresholds[k] = values[actual == k, k].mean()
    reached = np.where(values >= thresholds, values, -1.0)
    best = reached.argmax(axis=1)
    rows = np.arange(len(actual))
    own = values[rows, actual]
    # The labeled class may be the more probable one and still miss its high threshold.
    count = np.count_nonzero((reached[rows, best] >= 0) & (values[rows, best] > own))
    others = values.copy()
    others[rows, actual] = -1.0
    likeliest = others.argmax(axis=1)
    margins = values[rows, likeliest] - own
    doubted = np.flatnonzero(margins > 0)
    found = doubted[np.argsort(own[doubted], kind="stable")][:count].tolist()
    return [Suspect(row, int(likeliest[row]), float(margins[row])) for row in found]
