"""Evidence that a model keeps of the images it comes from, so that its answers can be judged.

known          which images trained and validated it                known_images.py
conformal      what the right label got on validation images        conformal.py
strangeness    what its training images are like                    strangeness.py

Each may be missing: models from before have none of them, and where there are too few images there is nothing to tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.near_copies import LENGTH
from nncli.model.conformal import Conformal, ConformalIntervals
from nncli.model.known_images import KnownImages
from nncli.model.strangeness import Strangeness, n_shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Evidence:
    """See the module."""

    known: KnownImages | None = None
    conformal: Conformal | None = None
    strangeness: Strangeness | None = None
    intervals: ConformalIntervals | None = None

    def arrays(self) -> Arrays:
        """Everything, by name, for the model file."""
        parts = (self.known, self.conformal, self.strangeness, self.intervals)
        return {name: array for part in parts if part is not None for name, array in part.arrays().items()}


def evidence_from(arrays: Arrays, n_classes: int, n_features: int) -> Evidence:
    """The evidence in the arrays of a model file, which are taken out.

    Args:
        arrays: By name; perhaps written by anyone.
        n_classes: Of the model.
        n_features: Length of its feature column.

    Raises:
        ValueError: An array does not fit.
    """
    known = conformal = strangeness = intervals = None
    if "known.training" in arrays:
        training, validation = (
            _taken(arrays, f"known.{name}", (None,), np.uint64) for name in ("training", "validation")
        )
        near = np.empty((0, LENGTH), np.int8)
        if "known.near" in arrays:
            near = _taken(arrays, "known.near", (len(training), LENGTH), np.int8)
        if any((array[1:] < array[:-1]).any() for array in (training, validation)):
            raise ValueError("known images are not in ascending order")
        known = KnownImages(training, validation, near)
    if "conformal.given" in arrays:
        given = _taken(arrays, "conformal.given", (None,), np.float32)
        labels = _taken(arrays, "conformal.labels", (len(given),), np.uint32).astype(np.intp)
        if not len(labels) or labels.max() >= n_classes:
            raise ValueError("conformal.labels has no labels, or one that is not a class")
        conformal = Conformal(given, labels, n_classes)
    if "strangeness.references" in arrays:
        length = n_shortened(n_features)
        references = _taken(arrays, "strangeness.references", (None, length), np.int8)
        hubness = _taken(arrays, "strangeness.hubness", (len(references),), np.float32)
        center = _taken(arrays, "strangeness.center", (length,), np.float32)
        scores = _taken(arrays, "strangeness.validation", (None,), np.float32)
        strangeness = Strangeness(references, hubness, center, scores)
    if "conformal.distances" in arrays:
        distances = _taken(arrays, "conformal.distances", (None, n_classes), np.float32)
        if not len(distances) or (distances < 0).any():
            raise ValueError("conformal.distances has none, or one below 0")
        intervals = ConformalIntervals(distances)
    return Evidence(known, conformal, strangeness, intervals)


def _taken(arrays: Arrays, name: str, shape: tuple[int | None, ...], dtype: Any) -> NDArray[Any]:
    """Remove an array from `arrays`, if it has this type and shape, in which None is any number, and is finite."""
    array = arrays.pop(name)
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if array.dtype != dtype or not fits:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds a value that is not finite")
    return array
