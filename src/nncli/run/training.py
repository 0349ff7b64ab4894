"""A run from its first epoch to its last file.

The order of writing matters: an unwritable directory is found before the first epoch; while training, the checkpoint
comes before the model; a failed save in the middle warns and training goes on, the last one must succeed.
"""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.config.writing import as_json, used_options
from nncli.data.batches import Batches, everything
from nncli.data.pixel_rows import PixelRows
from nncli.errors import NncliError, TrainingError
from nncli.evaluation.evaluation import Evaluation, answer_rows
from nncli.evaluation.multilabel import MultilabelEvaluation, label_csv_rows
from nncli.evaluation.regression import RegressionEvaluation, numbers_csv_rows
from nncli.evaluation.tables import confusion_csv, csv_text, predictions_csv
from nncli.machine.atomic_file import write_text_atomically
from nncli.machine.backend import on_host
from nncli.model.calibration import fit_temperature, tempered
from nncli.model.conformal import fit_conformal, fit_intervals
from nncli.model.evidence import Evidence
from nncli.model.file import write_model
from nncli.model.half_precision import LARGE, rounded
from nncli.model.predictor import Predictor
from nncli.model.strangeness import FEWEST, chosen_references, fit_strangeness
from nncli.model.task import Classification, Multilabel, Regression
from nncli.model.thresholds import fit_thresholds
from nncli.network.ensemble import vote
from nncli.network.normalization import fold
from nncli.network.parameters import Parameters, Workspace
from nncli.run.checkpoint import CHECKPOINT, restore_checkpoint, write_checkpoint
from nncli.run.findings import image_findings, loss_findings, network_findings, temperature_findings, threshold_findings
from nncli.run.watched import WATCH, read_watched
from nncli.run.watching import Unwatched, Watch
from nncli.training.state import EpochResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.evaluation.baseline import Finding
    from nncli.model.file import Model
    from nncli.model.strangeness import Strangeness
    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.directory import RunDirectory
    from nncli.training.loop import Trainer

SECONDS_BETWEEN_SAVES = 10.0

SHARE_OF_SAVES = 0.1
"""Share of the time that saving may take: a large network on a slow disk is saved less often."""

SAME = 1e-3
"""Probabilities that differ by no more count as the same."""


@dataclass(frozen=True)
class Finished:
    """Result of a training.

    Attributes:
        model: That of the best epoch, with its temperature.
        evaluation: Its predictions of the validation images, or of the training images if there are none.
        metrics: Figures of both and of the training, as metrics.json has them.
    """

    model: Model
    evaluation: Evaluation
    metrics: dict[str, Any]


class Training:
    """A training in memory.

    Args:
        experiment: Data and plan.
        trainer: Fresh, or restored from a checkpoint.
    """

    def __init__(self, experiment: Experiment, trainer: Trainer) -> None:
        self.experiment, self.trainer = experiment, trainer
        self._columns: NDArray[np.float32] | None = None
        is_watched = experiment.config.training.watch == "on"
        self.watch = Watch(experiment, trainer) if is_watched else Unwatched()

    @property
    def path(self) -> Path | None:
        """The run directory, if there is one."""
        return None

    def start(self) -> None:
        """Get ready for the first epoch."""
        if self.experiment.training.shard:
            self._columns = self._columns_of_references()  # as long as all ranks are here
        self.watch.start()

    def epochs(self, should_stop: Callable[[], bool], on_batch: Callable[[int], None]) -> Iterator[EpochResult]:
        """Train; see `Trainer.run`."""
        for result in self.trainer.run(should_stop, on_batch, self._between_steps):
            self.watch.after_epoch()
            yield result

    def _between_steps(self) -> None:
        self.watch.after_step()

    def save(self) -> None:
        """Keep what was learned so far."""

    def best_model(self) -> Model:
        """The model of the best epoch so far, as it was trained."""
        state, plan = self.trainer.state, self.experiment.plan
        best = asdict(state.history[state.best_epoch - 1])
        del best["seconds"]  # equal trainings give equal files
        not_told = (
            "data.path",
            "data.cache",
            "data.placement",
            "training.watch",
            "training.backend",
            *plan.unused_keys,
        )  # the same images elsewhere give the same file
        training = {
            "best_epoch": best,
            "training_images": self.experiment.training.n_images,
            "validation_images": len(self.experiment.validation.labels),
            "config": {key: as_json(value) for key, value in used_options(plan.config).items() if key not in not_told},
        }
        return self.experiment.model(fold(self.trainer.parameters.like(flat=on_host(state.best))), training)

    def validation_answers(self, network: Parameters | None = None) -> NDArray[Any]:
        """Answers of a network to the validation images, (m, K), from the inputs that its loss was told by.

        Args:
            network: Folded; by default the best.
        """
        trainer, task = self.trainer, self.experiment.task
        batches, best = trainer.validation_set, network or self._best()
        if batches is None:
            raise TrainingError("there are no validation images to answer for")
        workspace = Workspace.of(best, batches.batch_size, training=False)
        voted = (vote(best, workspace, X, trainer.settings.activation) for X, _ in batches.in_order(everything))
        return np.concatenate([task.answers(on_host(Y_hat)).T.copy() for Y_hat in voted])

    def _best(self) -> Parameters:
        """The network of the best epoch so far, as prediction needs it."""
        return fold(self.trainer.parameters.like(flat=self.trainer.state.best))

    def _finished_model(self) -> Model:
        """The best model, with weights in half precision if its answers to validation images stay what they are."""
        model, best = self.best_model(), self._best()
        is_large = best.weights.size >= LARGE and isinstance(model.task, Classification)
        if not is_large or self.trainer.validation_set is None:
            return model
        half = best.like(flat=best.flat.copy())
        half.weights[...] = rounded(half.weights)
        answers, new = self.validation_answers(best), self.validation_answers(half)
        if np.abs(new - answers).max() > SAME or (new.argmax(axis=1) != answers.argmax(axis=1)).any():
            return model
        return replace(model, parameters=half.like(flat=on_host(half.flat)))

    @property
    def keeps_last(self) -> bool:
        """Whether the last epoch is the one that is kept, however good it was."""
        return self.experiment.config.training.monitor == "last" or not self.experiment.validation.paths

    @property
    def judges(self) -> ImageSet:
        """The images that the best model is evaluated on: for validation, or without such, those it was trained on."""
        experiment = self.experiment
        return experiment.validation if experiment.validation.paths else experiment.training

    def finish(self, on_progress: Callable[[int], None] = lambda _n: None) -> Finished:
        """Fit what the validation images can tell about the best model's answers, and evaluate it.

        Args:
            on_progress: Told each number of images just answered, of `judges`.
        """
        experiment, trainer, images = self.experiment, self.trainer, self.judges
        model = self._finished_model()
        split = "validation" if experiment.validation.paths else "training"
        references = self._references() if split == "validation" else None
        predictor = Predictor(replace(model, evidence=Evidence(strangeness=references)), tells_strangeness=True)
        probabilities, scores = answer_rows(predictor, PixelRows(images.pixels, images.rows), on_progress)
        found = [*image_findings(experiment), *network_findings(model, trainer.validation_set or trainer.training_set)]
        strangeness = references and references.measured(scores)
        bad = experiment.bad_of(split)
        about = experiment.classes, list(images.paths)
        if isinstance(model.task, Regression):
            numbers = RegressionEvaluation(*about, images.targets, probabilities, bad, split, mean=model.task.mean)
            intervals = fit_intervals(numbers.residuals) if split == "validation" else None
            evidence = replace(model.evidence, intervals=intervals, strangeness=strangeness)
            model = replace(model, evidence=evidence)
            return Finished(model, numbers, self._metrics(numbers, model, found))
        if isinstance(model.task, Multilabel):
            has, task = images.targets > 0.5, model.task
            if split == "validation":
                task = Multilabel(fit_thresholds(probabilities, has))
            model = replace(model, evidence=replace(model.evidence, strangeness=strangeness), task=task)
            labels = MultilabelEvaluation(*about, has, probabilities, bad, split, thresholds=task.thresholds)
            return Finished(model, labels, self._metrics(labels, model, [*found, *threshold_findings(split)]))
        if split == "validation":
            if experiment.config.training.calibration == "temperature":
                model = replace(model, temperature=fit_temperature(probabilities, images.labels))
                probabilities = tempered(probabilities.T, model.temperature).T
                found += temperature_findings(model.temperature)
            conformal = fit_conformal(probabilities, images.labels)
            model = replace(model, evidence=replace(model.evidence, conformal=conformal, strangeness=strangeness))
        evaluation = Evaluation(*about, images.labels, probabilities, bad, split)
        return Finished(model, evaluation, self._metrics(evaluation, model, found))

    def _metrics(self, evaluation: Evaluation, model: Model, found: list[Finding]) -> dict[str, Any]:
        """The content of metrics.json."""
        experiment, trainer, report = self.experiment, self.trainer, evaluation.report()
        if experiment.task.name == "classification":
            found = [*found, *loss_findings(report["loss"], len(experiment.classes))]
        return report | {
            "findings": [*(finding._asdict() for finding in found), *report["findings"]],
            "temperature": model.temperature,
            "kept": "last" if self.keeps_last else "best",
            "epochs": trainer.state.epoch,
            "best_epoch": trainer.state.best_epoch,
            "stopped_early": trainer.stopped_early,
            "layer_dims": list(experiment.plan.layer_dims),
            "n_parameters": experiment.plan.n_parameters,
            "n_images": experiment.training.n_images + len(experiment.validation.labels),
            "training_images": experiment.training.n_images,
            "validation_images": len(experiment.validation.labels),
            "skipped_images": len(experiment.skipped),
            "seconds": round(sum(result.seconds for result in trainer.state.history), 3),
        }

    def _references(self) -> Strangeness | None:
        """Training images to tell strange ones by, from the inputs that were computed for training anyway."""
        columns = self._columns_of_references() if self._columns is None else self._columns
        return None if columns is None else fit_strangeness(columns)

    def _columns_of_references(self) -> NDArray[np.float32] | None:
        """Their columns, as rows; where each rank holds some, all ranks are to ask for them."""
        training_set = self.trainer.training_set
        if not isinstance(training_set, Batches) or len(self.experiment.validation.labels) < FEWEST:
            return None
        shard = training_set.shard
        chosen = chosen_references(training_set.n_examples, self.experiment.config.training.seed)
        chosen = shard.own(chosen) if shard else chosen
        columns = np.empty((len(chosen), self.experiment.plan.layer_dims[0]), np.float32)
        for i in range(0, len(chosen), 64):
            columns[i : i + 64] = on_host(training_set.inputs.take(chosen[i : i + 64])).T
        return shard.joined(columns) if shard else columns


class TrainingRun(Training):
    """A training with its files.

    Args:
        experiment: Data and plan.
        trainer: Fresh; `restore` brings it to where the run stands.
        run: Where files go.
        warn: Told about a save that failed while training goes on.
    """

    def __init__(
        self, experiment: Experiment, trainer: Trainer, run: RunDirectory, warn: Callable[[str], None]
    ) -> None:
        super().__init__(experiment, trainer)
        self.run, self.warn = run, warn
        self.fingerprint = experiment.fingerprint
        self._saved_best = 0
        self._next_save = time.monotonic() + SECONDS_BETWEEN_SAVES

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.run.path

    def restore(self) -> None:
        """Go on from the checkpoint; see `restore_checkpoint`."""
        restore_checkpoint(self.run / CHECKPOINT, self.trainer, self.fingerprint)
        self.watch.restore(read_watched(self.run / WATCH))

    def start(self) -> None:
        """Write the config and a first checkpoint: what cannot be written is found now, not after hours.

        What was in the directory goes when the new files are on the disk, and the checkpoint gets its name last: there
        is no moment in which an old checkpoint lies beside the new config.
        """
        write_checkpoint(self.run / CHECKPOINT, self.trainer, self.fingerprint, self._write_config)
        self._write_history()
        super().start()

    def _write_config(self) -> None:
        plan = self.experiment.plan
        text = plan.config_file.resolved_yaml(plan.unused_keys)
        write_text_atomically(self.run / "config.yaml", text, self.run.clear)

    def _write_history(self) -> None:
        write_text_atomically(self.run / "history.csv", history_csv(self.trainer.state.history))

    def epochs(self, should_stop: Callable[[], bool], on_batch: Callable[[int], None]) -> Iterator[EpochResult]:
        """As in memory, saving now and then, within an epoch too."""
        try:
            for result in super().epochs(should_stop, on_batch):
                self._save_if_due()
                yield result
        except TrainingError:
            try:  # the best before the loss went astray; last.npz stays at its last good state
                self._write_watched()
                self.save_model()
            except NncliError as error:
                self.warn(str(error))
            raise

    def _between_steps(self) -> None:
        super()._between_steps()
        self._save_if_due()

    def _write_watched(self) -> None:
        watched = self.watch.watched()
        if watched:
            watched.write(self.run / WATCH)

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
            write_checkpoint(self.run / CHECKPOINT, self.trainer, self.fingerprint)
            self._write_history()
            self._write_watched()
        except NncliError:
            self.save_model()
            raise
        self.save_model()

    def save_model(self) -> None:
        """Write model.npz, if there is a better one than the last that was written."""
        state = self.trainer.state
        if state.best_epoch and state.best_epoch != self._saved_best:
            write_model(self.run / "model.npz", self.best_model())
            self._saved_best = state.best_epoch

    def finish(self, on_progress: Callable[[int], None] = lambda _n: None) -> Finished:
        """As in memory, and write the files that tell of the best model."""
        finished = super().finish(on_progress)
        self.save_model()
        write_model(self.run / "model.npz", finished.model)  # with what it keeps of its validation images
        evaluation = finished.evaluation
        text = json.dumps(finished.metrics, indent=2, ensure_ascii=False) + "\n"
        write_text_atomically(self.run / "metrics.json", text)
        if isinstance(evaluation, RegressionEvaluation):
            write_text_atomically(self.run / "predictions.csv", csv_text(numbers_csv_rows(evaluation)))
            return finished
        if isinstance(evaluation, MultilabelEvaluation):
            write_text_atomically(self.run / "predictions.csv", csv_text(label_csv_rows(evaluation)))
            return finished
        write_text_atomically(self.run / "predictions.csv", predictions_csv(evaluation.rows(), evaluation.classes))
        confusion = confusion_csv(evaluation.confusion, evaluation.classes)
        write_text_atomically(self.run / "confusion_matrix.csv", confusion)
        return finished


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
