"""Predictions for labeled images, and everything that can be counted from that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.loading import BadImage
from nncli.evaluation import metrics
from nncli.evaluation.baseline import balanced_accuracy, baseline, findings, is_unequal, macro_f1
from nncli.evaluation.confidence import calibration_error, coverage, suspects
from nncli.evaluation.intervals import Interval, wilson
from nncli.machine.divide import divide, shared_array
from nncli.machine.forking import number_of_processes
from nncli.model.known_images import COPY, TRAINING, VALIDATION, are_unseen
from nncli.model.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from nncli.data.pixel_rows import PixelRows
    from nncli.evaluation.confidence import Suspect
    from nncli.evaluation.tables import PredictionRow
    from nncli.model.file import Model
    from nncli.model.predictor import Prediction

PREDICTED_TOGETHER = 64
MANY, MANY_PIXELS = 64, 1000
"""Images from which on several processes predict: where features are computed, and of pixels alone."""


@dataclass(frozen=True)
class Evaluation:
    """Predictions for m images whose class is known.

    Attributes:
        classes: Names, by index.
        paths: One per image.
        actual: Class indices, (m,); evaluations of labels and numbers have others.
        probabilities: (m, n_classes) float32.
        bad: The images that could not be read.
        split: Which images these are: ``train``, ``test``, ...; empty where they are not split.
        known: What each image is to the model, (m,), see known_images.py; None where the model cannot tell.
        n_left_out: Images of these that trained the model and were left out, and near-copies of such images.
        strangeness: How unlike the training images each is, (m,), 0..1; None where that was not asked, or cannot be
            told.
    """

    classes: tuple[str, ...]
    paths: list[str]
    actual: NDArray[Any]
    probabilities: NDArray[np.float32]
    bad: Sequence[BadImage] = ()
    split: str = ""
    known: NDArray[np.uint8] | None = None
    n_left_out: tuple[int, int] = (0, 0)
    strangeness: NDArray[np.float64] | None = None

    def count(self, kind: int) -> int:
        """How many of the images are this to the model."""
        return 0 if self.known is None else int((self.known == kind).sum())

    def unseen(self) -> Evaluation:
        """The part that did not train the model; all of it where the model cannot tell."""
        if self.known is None:
            return self
        rows = np.flatnonzero(are_unseen(self.known)).tolist()
        return replace(self.part(rows), n_left_out=(self.count(TRAINING), self.count(COPY)))

    def part(self, rows: list[int]) -> Evaluation:
        """The images in these rows."""
        return replace(
            self,
            paths=[self.paths[i] for i in rows],
            actual=self.actual[rows],
            probabilities=self.probabilities[rows],
            known=None if self.known is None else self.known[rows],
            strangeness=None if self.strangeness is None else self.strangeness[rows],
        )

    @property
    def n_correct(self) -> int:
        """How many are predicted right."""
        return int((self.predicted == self.actual).sum())

    @property
    def interval(self) -> Interval:
        """Where the accuracy on all images of this kind lies, with 95 % confidence."""
        return wilson(self.n_correct, len(self.paths))

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
        """Images that are likely mislabeled, those whose label is the least probable first."""
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
        """All figures, ready for JSON: those of `nncli evaluate` and of a run's metrics.json; None of no images."""
        correct, confusion = self.predicted == self.actual, self.confusion
        n = len(self.paths)
        return {
            "split": self.split,
            "accuracy": metrics.accuracy(confusion) if n else None,
            "interval": list(self.interval),
            "loss": metrics.loss(self.actual, self.probabilities) if n else None,
            "images": n,
            "correct": self.n_correct,
            "skipped": len(self.bad),
            "baseline": baseline(confusion, self.classes),
            "balanced_accuracy": balanced_accuracy(confusion) if n else None,
            "macro_f1": macro_f1(confusion) if n else None,
            "classes_are_unequal": is_unequal(confusion),
            "findings": [finding._asdict() for finding in findings(confusion, self.classes, self.split)] if n else [],
            "known": self._known(),
            "calibration_error": calibration_error(self.confidence, correct) if n else None,
            "per_class": metrics.per_class(confusion, self.classes),
            "confusion": {"classes": list(self.classes), "matrix": confusion.tolist()},
            "coverage": coverage(self.confidence, correct) if n else [],
            "likely_mislabeled": [
                {
                    "path": self.paths[suspect.row],
                    "label": self.classes[self.actual[suspect.row]],
                    "suggested": self.classes[suspect.suggested],
                    "probability": float(self.probabilities[suspect.row, suspect.suggested]),
                    "label_probability": float(self.probabilities[suspect.row, self.actual[suspect.row]]),
                }
                for suspect in self.suspects
            ],
        }

    def _known(self) -> dict[str, Any] | None:
        """How many images the model knows, and whether they count; None where it cannot tell."""
        if self.known is None:
            return None
        trained, copies = self.n_left_out
        return {
            "training": trained + self.count(TRAINING),
            "near_copies_of_training": copies + self.count(COPY),
            "validation": self.count(VALIDATION),
            "training_is_included": self.count(TRAINING) + self.count(COPY) > 0,
        }


def predict_rows(
    model: Model, rows: PixelRows, on_progress: Callable[[int], None] = lambda _n: None
) -> NDArray[np.float32]:
    """The probabilities of images that are loaded, (m, n_classes), computed on all cores."""
    return answer_rows(Predictor(model), rows, on_progress)[0]


def answer_rows(
    predictor: Predictor, rows: PixelRows, on_progress: Callable[[int], None] = lambda _n: None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same with strangeness scores, (m,); see `Predictor.answers`."""
    answers = shared_array((len(rows), len(predictor.model.classes) + 1), np.float32)

    def work(start: int, stop: int) -> None:
        pixels = np.empty((stop - start, rows.n_values), np.uint8)
        answers[start:stop, :-1], answers[start:stop, -1] = predictor.answers(rows.take(slice(start, stop), pixels))

    many = MANY_PIXELS if predictor.model.column.is_pixels else MANY
    together = PREDICTED_TOGETHER if len(rows) >= MANY_PIXELS else PREDICTED_TOGETHER // 4
    divide(len(rows), together, work, number_of_processes() if len(rows) >= many else 1, on_progress)
    return answers[:, :-1], answers[:, -1]


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
    kinds = [prediction.known for prediction, _ in good]
    known = None if None in kinds else np.array(kinds, np.uint8)
    paths = [prediction.path for prediction, _ in good]
    strange = [prediction.strangeness for prediction, _ in good]
    strangeness = None if None in strange else np.array(strange, np.float64)
    return Evaluation(classes, paths, actual, probabilities, bad, split, known, strangeness=strangeness)
