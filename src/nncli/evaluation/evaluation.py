"""Predictions for labeled images, and everything that can be counted from that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.loading import BadImage
from nncli.evaluation import metrics
from nncli.evaluation.confidence import calibration_error, coverage, suspects
from nncli.machine.divide import divide, shared_array
from nncli.machine.forking import number_of_processes
from nncli.model.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from nncli.data.pixel_rows import PixelRows
    from nncli.evaluation.confidence import Suspect
    from nncli.evaluation.tables import PredictionRow
    from nncli.model.file import Model
    from nncli.model.predictor import Prediction

PREDICTED_TOGETHER = 64
MANY = 1000
"""Images from which on several processes predict."""


@dataclass(frozen=True)
class Evaluation:
    """Predictions for m images whose class is known.

    Attributes:
        classes: Names, by index.
        paths: One per image.
        actual: Class indices, (m,).
        probabilities: (m, n_classes) float32.
        bad: The images that could not be read.
        split: Which images these are: ``train``, ``test``, ...; empty where they are not split.
    """

    classes: tuple[str, ...]
    paths: list[str]
    actual: NDArray[np.intp]
    probabilities: NDArray[np.float32]
    bad: Sequence[BadImage] = ()
    split: str = ""

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
        """Images that are likely mislabeled, most confident first."""
        return suspects(self.actual, self.probabilities)

    def wrong(self) -> list[int]:
        """Rows of the images that are misclassified, most confident mistakes first."""
        rows = np.flatnonzero(self.predicted != self.actual)
        return [int(row) for row in rows[np.argsort(-self.confidence[rows], kind="stable")]]

    def rows(self, chosen: Iterable[int] | None = None) -> list[PredictionRow]:
        """Path, actual, predicted and probability of the chosen images, or of all."""
        indices = range(len(self.paths)) if chosen is None else chosen
        return [
            (self.paths[i], int(self.actual[i]), int(self.predicted[i]), float(self.confidence[i])) for i in indices
        ]

    def report(self) -> dict[str, Any]:
        """All figures, ready for JSON: those of `nncli evaluate` and of a run's metrics.json."""
        correct = self.predicted == self.actual
        return {
            "split": self.split,
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


def predict_rows(model: Model, rows: PixelRows) -> NDArray[np.float32]:
    """The probabilities of images that are loaded, (m, n_classes), computed on all cores."""
    probabilities = shared_array((len(rows), len(model.classes)), np.float32)
    predictor = Predictor(model)

    def work(start: int, stop: int) -> None:
        pixels = np.empty((stop - start, rows.n_values), np.uint8)
        probabilities[start:stop] = predictor.probabilities(rows.take(slice(start, stop), pixels))

    divide(len(rows), PREDICTED_TOGETHER, work, number_of_processes() if len(rows) >= MANY else 1)
    return probabilities


def collect(
    predictions: Iterable[Prediction], names: Sequence[str], classes: tuple[str, ...], split: str = ""
) -> Evaluation:
    """Predictions with the names of the actual classes, in the same order; the bad ones are put aside.

    Args:
        predictions: One per image.
        names: The name of each image's class; all of them are in `classes`.
        classes: The model's.
        split: As in `Evaluation`.
    """
    pairs = list(zip(predictions, names, strict=True))
    good = [(prediction, name) for prediction, name in pairs if not prediction.error]
    index = {name: k for k, name in enumerate(classes)}
    actual = np.array([index[name] for _, name in good], np.intp)
    rows = [prediction.probabilities for prediction, _ in good]
    probabilities = np.stack(rows) if rows else np.empty((0, len(classes)), np.float32)
    bad = [BadImage(prediction.path, prediction.error) for prediction, _ in pairs if prediction.error]
    return Evaluation(classes, [prediction.path for prediction, _ in good], actual, probabilities, bad, split)
