"""Labels as a caller of `ImageClassifier` has them: one for each image, of any kind that can be sorted.

What would be compared or counted wrongly is refused here, before it becomes a number: NumPy would broadcast a column or
a single label against all images, and a NaN is a class that never equals itself.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.api.scikit_learn import offered
from nncli.text import counted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def checked_labels(y: ArrayLike | None, n_images: int) -> NDArray[Any]:
    """The labels as an array (m,).

    Args:
        y: One label per image, (m,); a column (m, 1) is taken, with a warning.
        n_images: m.

    Raises:
        ValueError: It is none of this, or it holds NaN, infinity, None, fractions, or texts beside something else.
    """
    if y is None:
        raise ValueError("an ImageClassifier requires y to be passed, but the target y is None")
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        text = "A column-vector y was passed when a 1d array was expected; pass y.ravel()"
        warnings.warn(text, offered("exceptions", "DataConversionWarning", UserWarning), stacklevel=4)
        labels = labels[:, 0]
    if labels.ndim != 1:
        cure = "; of one-hot rows, y.argmax(axis=1)" if labels.ndim == 2 else ""
        raise ValueError(f"y is an array {labels.shape}; give one label per image, ({n_images},){cure}")
    if len(labels) != n_images:
        raise ValueError(
            f"X has {counted(n_images, 'image')} and y has {counted(len(labels), 'label')}; give one label per image"
        )
    _refuse_values(y, labels)
    return labels


def _refuse_values(y: ArrayLike, labels: NDArray[Any]) -> None:
    """Refuse labels that equal nothing or something else than they look like.

    Raises:
        ValueError: There is one.
    """
    if labels.dtype.kind in "fc":
        if not np.isfinite(labels).all():
            raise ValueError(f"y contains {'NaN' if np.isnan(labels).any() else 'infinity'}; leave those images out")
        if (labels != np.rint(labels)).any():
            raise ValueError(
                f"Unknown label type: continuous; y holds numbers such as {labels[labels != np.rint(labels)][0]}. "
                "If they are names of classes, pass y.astype(str)"
            )
    elif labels.dtype.kind in "OmM":
        unequal = [label for label in labels.tolist() if label is None or _is_not_itself(label)]
        if unequal or (labels.dtype.kind in "mM" and np.isnat(labels).any()):
            raise ValueError(f"y contains {'NaT' if not unequal else unequal[0]}; leave those images out")
    elif labels.dtype.kind in "US" and isinstance(y, list | tuple):  # NumPy has made texts of numbers
        others = [label for label in y if not isinstance(label, str | bytes)]
        if others:
            raise ValueError(f"y holds texts and {others[0]!r}; give labels of one kind")


def _is_not_itself(label: object) -> bool:
    try:
        return bool(label != label)  # noqa: PLR0124 - what NaN is known by
    except (TypeError, ValueError):  # pandas' NA equals nothing and says so
        return True


def classes_and_indices(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The different labels, sorted, (n_classes,), and the place of each image's among them, (m,).

    Raises:
        ValueError: They cannot be sorted, or there is one alone.
    """
    try:
        classes, indices = np.unique(labels, return_inverse=True)
    except TypeError as error:
        raise ValueError(f"the labels in y cannot be sorted ({error}); give labels of one kind") from error
    if len(classes) < 2:
        raise ValueError(f"one class for {counted(len(labels), 'image')}, {classes[0]}; there must be two or more")
    return classes, indices


def checked_weights(weights: ArrayLike, n_images: int) -> NDArray[np.float64]:
    """Weights of the images of `score`, (m,).

    Raises:
        ValueError: They are not one finite number of at least 0 per image, or all are 0.
    """
    array = np.asarray(weights, np.float64)
    if array.shape != (n_images,) or not np.isfinite(array).all() or (array < 0).any() or not array.any():
        raise ValueError(
            f"sample_weight must be a finite number of at least 0 for each of {n_images:,} images, and not 0 for all"
        )
    return array
