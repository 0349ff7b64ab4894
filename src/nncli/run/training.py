"""A run from its first epoch to its last file.

The order of writing matters: an unwritable directory is found before the first epoch; while training, the checkpoint
comes before the model; a failed save in the middle warns and training goes on, the last one must succeed.
"""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.config.writing import as_json, used_options
from nncli.data.pixel_rows import PixelRows
from nncli.errors import NncliError, TrainingError
from nncli.evaluation import metrics
from nncli.evaluation.confidence import calibration_error
from nncli.evaluation.tables import confusion_csv, predictions_csv
from nncli.machine.atomic_file import write_text_atomically
from nncli.machine.divide import divide, shared_array
from nncli.machine.forking import number_of_processes
from nncli.model.calibration import fit_temperature, tempered
from nncli.model.file import write_model
from nncli.model.predictor import Predictor
from nncli.network.normalization import fold
from nncli.run.checkpoint import write_checkpoint
from nncli.training.state import EpochResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from nncli.model.file import Model
    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.directory import RunDirectory
    from nncli.training.loop import Trainer

SECONDS_BETWEEN_SAVES = 10.0

PREDICTED_TOGETHER = 64
MANY = 1000
"""Images from which on several processes predict."""

SHARE_OF_SAVES = 0.1
"""Share of the time that saving may take: a large network on a slow disk is saved less often."""


class TrainingRun:
    """Training with its files.

    Args:
        experiment: Data and plan.
        trainer: Fresh, or restored from a checkpoint.
        run: Where files go.
        warn: Told about a save that failed while training goes on.
    """

    def __init__(
        self, experiment: Experiment, trainer: Trainer, run: RunDirectory, warn: Callable[[str], None]
    ) -> None:
        self.experiment, self.trainer, self.run, self.warn = experiment, trainer, run, warn
        self.fingerprint = experiment.fingerprint
        self._saved_best = 0
        self._next_save = time.monotonic() + SECONDS_BETWEEN_SAVES

    def start(self) -> None:
        """Write the config and a first checkpoint: what cannot be written is found now, not after hours.

        What was in the directory goes when the new files are on the disk, and the checkpoint gets its name last: there
        is no moment in which an old checkpoint lies beside the new config.
        """
        write_checkpoint(self.run / "last.npz", self.trainer, self.fingerprint, self._write_config)
        self._write_history()

    def _write_config(self) -> None:
        plan = self.experiment.plan
        text = plan.config_file.resolved_yaml(plan.unused_keys)
        write_text_atomically(self.run / "config.yaml", text, self.run.clear)

    def _write_history(self) -> None:
        write_text_atomically(self.run / "history.csv", history_csv(self.trainer.state.history))

    def epochs(self, should_stop: Callable[[], bool], on_batch: Callable[[int], None]) -> Iterator[EpochResult]:
        """Train, saving now and then, within an epoch too; see `Trainer.run`."""
        try:
            for result in self.trainer.run(should_stop, on_batch, self._save_if_due):
                self._save_if_due()
                yield result
        except TrainingError:
            try:  # the best before the loss went astray; last.npz stays at its last good state
                self.save_model()
            except NncliError as error:
                self.warn(str(error))
            raise

    def _save_if_due(self) -> None:
        started = time.monotonic()
        if started < self._next_save:
            return
        try:
            self.save()
        except NncliError as error:
            self.warn(f"{error}; training goes on")
        now = time.monotonic()
        self._next_save = now + max(SECONDS_BETWEEN_SAVES, (now - started) / SHARE_OF_SAVES)

    def save(self) -> None:
        """Write checkpoint, history and model.

        Raises:
            TrainingError: A number of the checkpoint is not finite. The model is written nevertheless.
            NncliError: A file cannot be written.
        """
        try:
            write_checkpoint(self.run / "last.npz", self.trainer, self.fingerprint)
            self._write_history()
        except NncliError:
            self.save_model()
            raise
        self.save_model()

    def save_model(self) -> None:
        """Write model.npz, if there is a better one than the last that was written."""
        state = self.trainer.state
        if state.best_epoch and state.best_epoch != self._saved_best:
            write_model(self.run / "model.npz", self._best_model())
            self._saved_best = state.best_epoch

    def _best_model(self) -> Model:
        state, plan = self.trainer.state, self.experiment.plan
        best = asdict(state.history[state.best_epoch - 1])
        del best["seconds"]  # equal trainings give equal files
        not_told = ("data.path", "data.cache", *plan.unused_keys)  # the same images elsewhere give the same file
        training = {
            "best_epoch": best,
            "training_images": len(self.experiment.training.labels),
            "validation_images": len(self.experiment.validation.labels),
            "config": {key: as_json(value) for key, value in used_options(plan.config).items() if key not in not_told},
        }
        return self.experiment.model(fold(self.trainer.parameters.like(flat=state.best)), training)

    def write_report(self) -> dict[str, Any]:
        """Write the files that tell of the best model; returns what metrics.json holds."""
        images, split = self.experiment.validation, "validation"
        if not images.paths:
            images, split = self.experiment.training, "training"
        classes = self.experiment.plan.classes
        model = self._best_model()
        probabilities = predict_rows(model, images)
        if self.experiment.plan.config.training.calibration == "temperature" and split == "validation":
            model = replace(model, temperature=fit_temperature(probabilities, images.labels))
            probabilities = tempered(probabilities.T, model.temperature).T
        self.save_model()
        if model.temperature != 1:
            write_model(self.run / "model.npz", model)
        predicted = probabilities.argmax(axis=1)
        confusion = metrics.confusion_matrix(images.labels, predicted, len(classes))
        report = {
            "split": split,
            "images": len(images.labels),
            "accuracy": metrics.accuracy(confusion),
            "loss": metrics.loss(images.labels, probabilities),
            "calibration_error": calibration_error(probabilities.max(axis=1), predicted == images.labels),
            "temperature": model.temperature,
            "per_class": metrics.per_class(confusion, classes),
            "confusion": {"classes": list(classes), "matrix": confusion.tolist()},
            "epochs": self.trainer.state.epoch,
            "best_epoch": self.trainer.state.best_epoch,
            "stopped_early": self.trainer.stopped_early,
            "layer_dims": list(self.experiment.plan.layer_dims),
            "n_parameters": self.experiment.plan.n_parameters,
            "training_images": len(self.experiment.training.labels),
            "validation_images": len(self.experiment.validation.labels),
            "skipped_images": len(self.experiment.skipped),
            "seconds": round(sum(result.seconds for result in self.trainer.state.history), 3),
        }
        write_text_atomically(self.run / "metrics.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        rows = zip(images.paths, images.labels, predicted, np.max(probabilities, axis=1), strict=True)
        write_text_atomically(self.run / "predictions.csv", predictions_csv(rows, classes))
        write_text_atomically(self.run / "confusion_matrix.csv", confusion_csv(confusion, classes))
        return report


def predict_rows(model: Model, images: ImageSet) -> NDArray[np.float32]:
    """The probabilities of `images`, (m, n_classes), computed on all cores."""
    rows, shape = PixelRows(images.pixels, images.rows), (len(images.rows), len(model.classes))
    probabilities = shared_array(shape, np.float32)
    predictor = Predictor(model)

    def work(start: int, stop: int) -> None:
        pixels = np.empty((stop - start, rows.n_values), np.uint8)
        probabilities[start:stop] = predictor.probabilities(rows.take(slice(start, stop), pixels))

    divide(len(rows), PREDICTED_TOGETHER, work, number_of_processes() if len(rows) >= MANY else 1)
    return probabilities


def history_csv(history: list[EpochResult]) -> str:
    """One row per epoch, with a header; numbers in full precision, absent ones empty.

    Equal trainings, stopped and resumed or not, have the same file but for the seconds.
    """
    text = io.StringIO()
    names = [field.name for field in fields(EpochResult)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(result) for result in history)
    return text.getvalue()
