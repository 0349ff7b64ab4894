"""Measures of trials: one figure of the validation images for each task; the larger, the better.

    classes    accuracy, with the interval of Wilson
    labels     macro F1 at the thresholds that are best on these very images, as for every model
    numbers    R2, the mean of all numbers, no less than -1

Macro F1 and R2 are no shares of the images, so their interval is that of the bootstrap (evaluation/resampling.py).
While they train, trials are compared by their accuracy, or by their loss where there are no classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.pixel_rows import PixelRows
from nncli.errors import DataError
from nncli.evaluation.evaluation import predict_rows
from nncli.evaluation.multilabel import f1_terms, macro_f1
from nncli.evaluation.regression import LOWEST_R2, mean_r2, r2_terms
from nncli.evaluation.resampling import Drawn, drawn_anew
from nncli.model.thresholds import fit_thresholds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.run.dataset import ImageSet
    from nncli.run.training import Training
    from nncli.training.state import EpochResult


@dataclass(frozen=True)
class Measure:
    """Figure that trials of a task are judged by.

    Attributes:
        key: Its name in JSON and csv.
        title: Its name in sentences.
        lowest: What a training gets whose loss is not finite.
        of_epoch: From the result of an epoch to what trials are compared by while they train.
        of_training: From a finished training to its figure of the validation images, with what chance makes of it.
        answers: From a finished training and the images set aside to what a study keeps of its answers to them.
        refuse: Refuses validation images by which nothing can be judged.
    """

    key: str
    title: str
    lowest: float
    of_epoch: Callable[[EpochResult], float]
    of_training: Callable[[Training], Drawn | float]
    answers: Callable[[Training, ImageSet], dict[str, Any]]
    refuse: Callable[[ImageSet], None] = lambda _images: None


def _minus_loss(result: EpochResult) -> float:
    return -(result.val_loss or 0.0)


def _accuracy(training: Training) -> float:
    state = training.trainer.state
    return state.history[state.best_epoch - 1].val_accuracy or 0.0


def _asked(training: Training, images: ImageSet) -> NDArray[np.float32]:
    """Answers of the best network, as `nncli predict` would give them, (m, K)."""
    return predict_rows(training.best_model(), PixelRows(images.pixels, images.rows))


def _classes_of(training: Training, images: ImageSet) -> dict[str, Any]:
    return {"answers": _asked(training, images).argmax(axis=1).tolist()}


def _macro_f1(training: Training) -> Drawn:
    p, has = training.validation_answers(), training.experiment.validation.targets > 0.5
    return drawn_anew(f1_terms(has, p >= fit_thresholds(p, has)), macro_f1)


def _labels_of(training: Training, images: ImageSet) -> dict[str, Any]:
    validation = training.experiment.validation
    thresholds = fit_thresholds(_asked(training, validation), validation.targets > 0.5)
    return {"answers": _in_digits(_asked(training, images)), "thresholds": thresholds.tolist()}


def _refuse_no_labels(images: ImageSet) -> None:
    if not images.targets.any():
        raise DataError("no validation image has a label, so no settings can be told to be better than others")


def _r2(training: Training) -> Drawn:
    targets = training.experiment.validation.targets
    return drawn_anew(r2_terms(targets, training.validation_answers()), mean_r2)


def _numbers_of(training: Training, images: ImageSet) -> dict[str, Any]:
    return {"answers": _in_digits(_asked(training, images))}


def _refuse_one_number(images: ImageSet) -> None:
    if not np.ptp(images.targets, axis=0).any():
        raise DataError("all validation images have the same numbers, so no settings can be told to be better")


def _in_digits(answers: NDArray[np.float32]) -> list[list[float]]:
    """As numbers with no more digits than a float32 has."""
    return [[float(str(number)) for number in row] for row in answers]


MEASURES = {
    "classification": Measure(
        "accuracy", "accuracy", 0.0, lambda result: result.val_accuracy or 0.0, _accuracy, _classes_of
    ),
    "multilabel": Measure("macro_f1", "macro F1", 0.0, _minus_loss, _macro_f1, _labels_of, _refuse_no_labels),
    "regression": Measure("r2", "R2", LOWEST_R2, _minus_loss, _r2, _numbers_of, _refuse_one_number),
}
"""By task."""
