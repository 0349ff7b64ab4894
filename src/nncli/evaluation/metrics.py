"""How good predictions are.

Of the images of one class and the images predicted as that class:

    precision    the share of those predicted that are right
    recall       the share of those actual that are found
    f1           their harmonic mean, 2 precision recall / (precision + recall)
    support      how many images of the class there are

All of it can be read off the confusion matrix. A share of nothing is undefined; it counts as 0, as scikit-learn has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

SMALLEST = float(np.finfo(np.float32).smallest_subnormal)
"""The smallest positive float32: a probability of 0 has no logarithm."""


def confusion_matrix(actual: ArrayLike, predicted: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """How often each actual class was predicted as each class.

    Args:
        actual: Class indices, (m,).
        predicted: Class indices, (m,).
        n_classes: The number of classes.

    Returns:
        (n_classes, n_classes); rows are actual, columns predicted classes.
    """
    cells = np.asarray(actual, np.int64) * n_classes + np.asarray(predicted, np.int64)
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def accuracy(confusion: NDArray[np.int64]) -> float:
    """The share of images predicted right, from a confusion matrix (n_classes, n_classes)."""
    return float(_share(confusion.trace(), confusion.sum()))


def loss(actual: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean cross-entropy: -log of the probability given to the actual class, averaged over the images.

    Args:
        actual: Class indices, (m,), m > 0.
        probabilities: (m, n_classes).
    """
    indices = np.asarray(actual, np.int64)
    given = np.asarray(probabilities)[np.arange(len(indices)), indices].astype(np.float64)
    return float(-np.log(np.maximum(given, SMALLEST)).mean())


def per_class(confusion: NDArray[np.int64], classes: Sequence[str]) -> dict[str, dict[str, float | int]]:
    """Precision, recall, F1 and support of every class, by name.

    Args:
        confusion: (n_classes, n_classes); rows are actual, columns predicted classes.
        classes: Names, by index.
    """
    right, support, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _share(right, predicted), _share(right, support)
    # The harmonic mean, written so that it needs counts only.
    f1 = _share(2 * right, support + predicted)
    return {
        name: {
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
            "support": int(support[k]),
        }
        for k, name in enumerate(classes)
    }


def _share(part: Any, whole: Any) -> NDArray[np.float64]:
    """`part` / `whole`, and 0 where `whole` is 0."""
    share: NDArray[np.float64] = np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.not_equal(whole, 0))
    return share
