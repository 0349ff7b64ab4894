"""What a model says about labeled images, and everything that can be counted from that."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.evaluation import metrics
from nncli.evaluation.confidence import calibration_error, coverage, suspects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from nncli.evaluation.confidence import Suspect
    from nncli.evaluation.tables import PredictionRow
    from nncli.model.predictor import Prediction


@dataclass(frozen=True)
class Evaluation:
    """Predictions for m images whose class is known.

    Attributes:
        classes: Names, by index.
        paths: One per image.
        actual: Class indices, (m,).
        probabilities: (m, n_classes) float32.
        bad: The images that could not be read.
    """

    classes: tuple[str, ...]
    paths: list[str]
    actual: NDArray[np.intp]
    probabilities: NDArray[np.float32]
    bad: list[Prediction] = field(default_factory=list)

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """The most probable class of every image, (m,)."""
        best: NDArray[np.intp] = self.probabilities.argmax(axis=1)
        return best

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """Its probability, (m,)."""
        top: NDArray[np.float32] = self.probabilities.max(axis=1)
        return top

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """(n_classes, n_classes); rows are actual, columns predicted classes."""
        return metrics.confusion_matrix(self.actual, self.predicted, len(self.classes))

    @cached_property
    def suspects(self) -> list[Suspect]:
        """Images that are likely labeled wrong, the surest first."""
        return suspects(self.actual, self.probabilities)

    def wrong(self) -> list[int]:
        """Rows of the images that are predicted wrong, the surest mistakes first."""
        rows = np.flatnonzero(self.predicted != self.actual)
        return [int(row) for row in rows[np.argsort(-self.confidence[rows], kind="stable")]]

    def rows(self, chosen: Iterable[int] | None = None) -> list[PredictionRow]:
        """Path, actual, predicted and probability of the chosen images, or of all."""
        indices = range(len(self.paths)) if chosen is None else chosen
        return [
            (self.paths[i], int(self.actual[i]), int(self.predicted[i]), float(self.confidence[i])) for i in indices
        ]

    def report(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        correct = self.predicted == self.actual
        return {
            "accuracy": metrics.accuracy(self.confusion),
            "loss": metrics.loss(self.actual, self.probabilities),
            "images": len(self.paths),
            "correct": int(correct.sum()),
            "skipped": len(self.bad),
            "calibration_error": calibration_error(self.confidence, correct),
            "per_class": metrics.per_class(self.confusion, self.classes),
            "confusion": {"classes": list(self.classes), "matrix": self.confusion.tolist()},
            "coverage": coverage(self.confidence, correct),
            "likely_mislabeled": [
                {
                    "path": self.paths[suspect.row],
                    "label": self.classes[self.actual[suspect.row]],
                    "suggested": self.classes[suspect.suggested],
                    "probability": float(self.probabilities[suspect.row, suspect.suggested]),
                }
                for suspect in self.suspects
            ],
        }


def collect(predictions: Iterable[Prediction], names: Sequence[str], classes: tuple[str, ...]) -> Evaluation:
    """Predictions with the names of the actual classes, in the same order; the bad ones are put aside.

    Args:
        predictions: One per image.
        names: The name of each image's class; all of them are in `classes`.
        classes: The model's.
    """
    pairs = list(zip(predictions, names, strict=True))
    good = [(prediction, name) for prediction, name in pairs if not prediction.error]
    index = {name: k for k, name in enumerate(classes)}
    actual = np.array([index[name] for _, name in good], np.intp)
    rows = [prediction.probabilities for prediction, _ in good]
    probabilities = np.stack(rows) if rows else np.empty((0, len(classes)), np.float32)
    bad = [prediction for prediction, _ in pairs if prediction.error]
    return Evaluation(classes, [prediction.path for prediction, _ in good], actual, probabilities, bad)
