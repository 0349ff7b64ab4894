"""The task of a network, which says what its outputs mean: the class of an image, labels, or numbers.

    classification   Y_hat is P(class k) in row k; two classes share one output, P(second class)
    multilabel       Y_hat is P(label k) in row k, whatever the others are; the image has it from its threshold on
    regression       target = mean + deviation * Y_hat        mean, deviation: of the training images' targets

Targets are trained on standardized, so that no unit of measurement decides how large the steps are, and answers are
turned back. The mirror image of a road bends the other way: where a target's sign turns in the mirror, targets and
their negatives are equally frequent, so their mean is 0 and the sign of the standardized output turns, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Classification:
    """One class of several."""

    name = "classification"
    loss = "cross_entropy"

    def output(self, n_outputs: int) -> str:
        """The activation of the last layer."""
        return "sigmoid" if n_outputs == 1 else "softmax"

    def answers(self, Y_hat: NDArray[Any]) -> NDArray[Any]:
        """Probabilities of every class, (n_classes, m), from Y_hat, (n_L, m)."""
        return np.concatenate([1 - Y_hat, Y_hat]) if Y_hat.shape[0] == 1 else Y_hat

    def of_mirrored(self, Y_hat: NDArray[Any]) -> NDArray[Any]:
        """Y_hat of the mirror image as one of the image itself, (n_L, m): the same."""
        return Y_hat


@dataclass(frozen=True)
class Multilabel:
    """Any number of labels at once, also none.

    Attributes:
        thresholds: Probability from which on an image has each label, (K,) float64; see thresholds.py.
    """

    thresholds: NDArray[np.float64]

    name = "multilabel"
    loss = "labels_cross_entropy"

    def output(self, n_outputs: int) -> str:  # noqa: ARG002
        """The activation of the last layer."""
        return "sigmoid"

    def answers(self, Y_hat: NDArray[Any]) -> NDArray[Any]:
        """Probabilities of every label, (K, m), from Y_hat, (K, m): the same."""
        return Y_hat

    def of_mirrored(self, Y_hat: NDArray[Any]) -> NDArray[Any]:
        """Y_hat of the mirror image as one of the image itself, (K, m): the same."""
        return Y_hat

    def to_dict(self) -> dict[str, Any]:
        """As a model file has it."""
        return {"name": self.name, "thresholds": self.thresholds.tolist()}


@dataclass(frozen=True)
class Regression:
    """Numbers.

    Attributes:
        mean, deviation: Of the targets, (K,) float64.
        mirror_signs: -1 for targets whose sign turns in the mirror, else 1, (K,).
        loss: squared, absolute or huber.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    mirror_signs: NDArray[np.float64]
    loss: str = "squared"

    name = "regression"

    @classmethod
    def fit(cls, targets: NDArray[np.float64], names: Sequence[str], negated: Any, loss: str) -> Regression:
        """The task of training images.

        Args:
            targets: Theirs, (m, K).
            names: Of the targets.
            negated: `data.mirror_targets`: ``keep``, ``negate`` or the names of those whose sign turns.
            loss: As above.
        """
        turned = {"keep": (), "negate": tuple(names)}.get(negated, negated) if isinstance(negated, str) else negated
        signs = np.array([-1.0 if name in turned else 1.0 for name in names])
        mean = np.where(signs < 0, 0, targets.mean(axis=0))
        deviation = np.sqrt(((targets - mean) ** 2).mean(axis=0))
        return cls(mean, np.where(deviation > 0, deviation, 1), signs, loss)

    def standardized(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Targets as a network is trained on them, (m, K), from targets in their unit, (m, K)."""
        return (targets - self.mean) / self.deviation

    def output(self, n_outputs: int) -> str:  # noqa: ARG002
        """The activation of the last layer."""
        return "identity"

    def answers(self, Y_hat: NDArray[Any]) -> NDArray[Any]:
        """The numbers, (K, m), from Y_hat, (K, m)."""
        return np.asarray(self.mean[:, None] + self.deviation[:, None] * Y_hat)

    def of_mirrored(self, Y_hat: NDArray[Any]) -> NDArray[Any]:
        """Y_hat of the mirror image as one of the image itself, (K, m)."""
        return np.asarray(self.mirror_signs[:, None] * Y_hat)

    def to_dict(self) -> dict[str, Any]:
        """As a model file has it."""
        arrays = {"mean": self.mean, "deviation": self.deviation, "mirror_signs": self.mirror_signs}
        return {"name": self.name, "loss": self.loss, **{name: array.tolist() for name, array in arrays.items()}}


Task = Classification | Multilabel | Regression

CLASSIFICATION = Classification()

TOLD = {"classification": "classes", "multilabel": "labels", "regression": "numbers"}
"""Task -> its answers, in a word."""


def task_from(values: Any, n_names: int) -> Multilabel | Regression:
    """The task that a `to_dict` described; `values` may come from anyone.

    Raises:
        ValueError: They do not describe one with `n_names` labels or numbers.
    """
    name = values.get("name") if isinstance(values, dict) else None
    if name == "multilabel":
        _check_keys(values, {"name", "thresholds"})
        thresholds = _numbers(values, "thresholds", n_names)
        if not ((thresholds >= 0) & (thresholds <= 1)).all():
            raise ValueError("task has a threshold that is no probability")
        return Multilabel(thresholds)
    if name != "regression":
        raise ValueError("task is none that is known")
    _check_keys(values, {"name", "loss", "mean", "deviation", "mirror_signs"})
    if values["loss"] not in ("squared", "absolute", "huber"):
        raise ValueError(f"unknown loss {values['loss']!r}")
    mean, deviation, signs = (_numbers(values, name, n_names) for name in ("mean", "deviation", "mirror_signs"))
    if not np.isfinite([mean, deviation]).all() or (deviation <= 0).any() or not set(signs.tolist()) <= {-1.0, 1.0}:
        raise ValueError("task has a number that makes no sense")
    return Regression(mean, deviation, signs, values["loss"])


def _check_keys(values: dict[str, Any], keys: set[str]) -> None:
    if set(values) != keys:
        raise ValueError("task is none that is known")


def _numbers(values: dict[str, Any], name: str, n: int) -> NDArray[np.float64]:
    """The list of n numbers called `name`."""
    numbers = values[name]
    if not isinstance(numbers, list) or len(numbers) != n or not all(type(x) in (int, float) for x in numbers):
        raise ValueError(f"task has no {name} of {n} numbers")
    return np.array(numbers, np.float64)
