"""Cross-validation: every image is predicted by a network that was not trained on it.

The images are dealt out to k folds. k times a network is trained on all folds but one, and asked about that one. So the
accuracy is one over all images, and every label can be doubted, not only those of a validation set.

What needs no labels is done once for all: images are decoded, patterns are learned and features computed from all of
them. What sees labels is done anew for each fold, on its own training images; patterns that are trained by
backpropagation (`training.pattern_epochs`), and features with them, too. Where validation images choose the epoch,
they are set aside from these; the temperature of a fold's probabilities, and the thresholds of labels, are fitted on
what the networks of the other folds say.

Several ranks load images and compute features together. Then each trains a fold by itself, and after each round of
folds the first one keeps what all have found.

Where the data have an order (`data.order`), the folds are blocks of it, one after the other: of two frames of a film
that follow each other one would tell the other. Numbers are counted as classes are, fold by fold and over all images.

Source: Stone 1974; Hastie, Tibshirani and Friedman 2009, section 7.10.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.config.writing import as_json, used_options
from nncli.data.groups import group_numbers, near_copy_groups
from nncli.data.natural_order import natural_key
from nncli.data.pixel_rows import PixelRows
from nncli.data.source import NO_GROUPS, LabeledFiles
from nncli.data.split import grouped_split, last_split, ordered_folds, stratified_folds, stratified_split
from nncli.errors import DataError, ModelFileError, UsageError
from nncli.evaluation.baseline import CROSS_VALIDATION
from nncli.evaluation.evaluation import Evaluation, predict_rows
from nncli.evaluation.multilabel import MultilabelEvaluation, f1_terms, macro_f1
from nncli.evaluation.regression import RegressionEvaluation
from nncli.machine.backend import refuse_ranks
from nncli.machine.npz_file import read_npz, write_npz
from nncli.machine.ranks import ALONE, Ranks, come_from_the_first
from nncli.model.calibration import fit_temperature, tempered
from nncli.model.task import Multilabel, Regression
from nncli.model.thresholds import UNKNOWN, fit_thresholds
from nncli.run.dataset import Span, strata, with_features
from nncli.run.hooks import Hooks
from nncli.run.loading import load
from nncli.run.plan import refuse_shards
from nncli.run.trainer import make_trainer
from nncli.run.training import Training
from nncli.run.training_data import shared_features
from nncli.text import printable
from nncli.training.communicator import SingleProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.plan import Plan

NOT_LEARNED = ("data.path", "data.cache", "data.placement", "training.processes")
"""Options that a cross-validation can be resumed with differently."""


NOTHING = np.empty(0, np.float32)
"""Answers of a rank that has no fold in the last round."""


class FoldHooks(Hooks):
    """Also hear of folds."""

    def on_fold(self, number: int, n_folds: int, n_training: int, n_images: int) -> None:
        """See a fold begin; numbers count from 1."""

    def on_fold_done(self, number: int, result: str) -> None:
        """Hear how well its images were predicted."""


@dataclass(frozen=True)
class CrossValidated:
    """Result of a cross-validation.

    Attributes:
        evaluation: The predictions of all images.
        folds: The fold of each image, from 0, (m,).
        metrics: All figures, ready for JSON.
    """

    evaluation: Evaluation
    folds: NDArray[np.intp]
    metrics: dict[str, Any]


class CrossValidation:
    """A cross-validation of a plan, fold after fold.

    Args:
        plan: Of an ordinary training; its test split is left alone.
        n_folds: k.
        grouping: What keeps images together, see groups.py; None for what the config says.
        folder: Where finished folds are kept.
        hooks: Who watches.
        ranks: The processes among which folds are dealt; all but the first are to `help_cross_validation`.

    Raises:
        DataError: Images cannot be read, or a class has too few of them or of their groups.
    """

    def __init__(
        self,
        plan: Plan,
        n_folds: int,
        grouping: str | None,
        folder: Path,
        hooks: FoldHooks | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        self.n_folds, self._folder, self._hooks, self._ranks = n_folds, folder, hooks or FoldHooks(), ranks
        refuse_ranks(plan.config.training.backend, ranks.size)
        refuse_shards(plan, ranks.size)
        if ranks.rank == 0:
            ranks.from_first(lambda: (plan, n_folds, grouping, folder))
        self.experiment = load(_with_all_images(plan), self._hooks, None, ranks)
        images = self.experiment.training
        labels, seed = strata(images, self.experiment.task.name), plan.config.training.seed
        self._strata = np.array(labels, np.intp)
        groups = groups_of(self.experiment, plan.config.data.groups if grouping is None else grouping)
        self._group_of = None if groups is None else np.array(groups)
        self._times = times_of(plan, images.paths)
        if self._times is not None:
            self.folds = ordered_folds(self._times, n_folds)
        else:
            self.folds = stratified_folds(labels, n_folds, seed, groups)
        self.n_groups = len(labels) if groups is None else len(set(groups))
        ranks.from_first(self._check_folds)  # told once
        settings = {key: as_json(value) for key, value in used_options(plan.config).items() if key not in NOT_LEARNED}
        about = json.dumps([self.experiment.fingerprint, settings, self.folds.tolist()], default=str)
        self._digest = np.frombuffer(hashlib.blake2b(about.encode(), digest_size=16).digest(), np.uint8)

    def _check_folds(self) -> None:
        labels = self.experiment.training.labels
        for k in range(self.n_folds):
            if not (self.folds == k).any():
                raise DataError(
                    f"{self.n_groups:,} images or groups are too few for {self.n_folds} folds; choose fewer"
                )
            if self.experiment.task.name != "classification":
                continue
            left = set(labels[self.folds != k].tolist())
            missing = next((name for i, name in enumerate(self.experiment.classes) if i not in left), None)
            if missing is not None:
                raise DataError(
                    f"class {printable(missing)} has all its images in one fold; it needs images of two groups"
                )

    def run(self) -> CrossValidated | None:
        """Train and predict all folds that are not kept already; None if the hooks stopped it."""
        hooks, images, ranks = self._hooks, self.experiment.training, self._ranks
        probabilities = np.empty((len(images.labels), len(self.experiment.classes)), np.float32)
        missing = ranks.from_first(lambda: [k for k in range(self.n_folds) if not self._read(k, probabilities)])
        experiment = self.experiment
        if missing and not self._learns_patterns:
            with hooks.on_features(experiment.n_featured // ranks.size) as on_progress:
                experiment = replace(experiment, shared_features=shared_features(experiment, on_progress))
        for start in range(0, len(missing), ranks.size):
            together = missing[start : start + ranks.size]
            for k in together:
                n_own = int((self.folds == k).sum())
                hooks.on_fold(k + 1, self.n_folds, len(images.rows) - n_own, n_own)
            found = self._fold(experiment, together[ranks.rank]) if ranks.rank < len(together) else NOTHING
            if found is None:
                return None
            for k, answers in zip(together, ranks.gathered(found), strict=False):
                self._keep(k, answers, probabilities)
        return self._finished(probabilities)

    def _keep(self, k: int, found: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
        """Write down what was found of a fold."""
        own = np.flatnonzero(self.folds == k)
        probabilities[own] = found
        if self._ranks.rank == 0:
            write_npz(self._file(k), {"digest": self._digest, "probabilities": found})
            self._hooks.on_fold_done(k + 1, self._result(self.experiment.training.chosen(own), found))

    def _result(self, images: ImageSet, found: NDArray[np.float32]) -> str:
        """How good the answers to some images are, in a few words."""
        if isinstance(self.experiment.task, Multilabel):
            has = images.targets > 0.5
            f1 = float(macro_f1(f1_terms(has, found >= UNKNOWN).sum(axis=0)[None])[0])
            return f"macro F1 {f1:.4f} at a threshold of {UNKNOWN:g}"
        if isinstance(self.experiment.task, Regression):
            squares = ((found - images.targets) ** 2).mean(axis=0)
            names = self.experiment.classes
            return ", ".join(f"RMSE of {printable(n)} {s**0.5:.4g}" for n, s in zip(names, squares, strict=True))
        n, n_right = len(found), int((found.argmax(axis=1) == images.labels).sum())
        return f"{n_right:,} of {n:,} right, {n_right / n:.4f}"

    def _fold(self, experiment: Experiment, k: int) -> NDArray[np.float32] | None:
        """Answers of a network that did not see fold k to its images; None if the hooks stopped it."""
        hooks, config, images = self._hooks, experiment.config, experiment.training
        others = np.flatnonzero(self.folds != k)
        chosen, set_aside = others, np.empty(0, np.intp)
        if self._chooses_epochs:
            split = config.data.validation_split, config.training.seed
            labels = self._strata[others].tolist()
            parts = stratified_split(labels, *split)
            if self._times is not None:
                parts = last_split([self._times[i] for i in others.tolist()], split[0])
            elif self._group_of is not None:
                parts = grouped_split(labels, *split, self._group_of[others].tolist())
            chosen, set_aside = others[parts[0]], others[parts[1]]
        sets = images.chosen(chosen), images.chosen(set_aside)
        # Each fold has its own span, and no others to train it with.
        part = replace(experiment, training=sets[0], validation=sets[1], span=Span(), ranks=ALONE)
        if self._learns_patterns:  # labels have a say in the features
            part = with_features(experiment.plan, *sets, experiment.skipped)
        with hooks.on_features(part.n_visited + (part.n_featured if self._learns_patterns else 0)) as on_progress:
            training = Training(
                part, make_trainer(part, None if self._ranks.size == 1 else SingleProcess(), on_progress)
            )
        hooks.on_start(training)
        with hooks.on_training(training) as on_batch:
            for result in training.epochs(hooks.should_stop, on_batch):
                hooks.on_epoch(result)
        if not training.trainer.is_finished:
            return None
        held_out = images.chosen(np.flatnonzero(self.folds == k))
        with hooks.on_predicting(len(held_out.rows)) as on_progress:
            return predict_rows(training.best_model(), PixelRows(held_out.pixels, held_out.rows), on_progress)

    @property
    def _learns_patterns(self) -> bool:
        return self.experiment.config.training.pattern_epochs > 0

    @property
    def _chooses_epochs(self) -> bool:
        config = self.experiment.config
        return config.training.monitor != "last" and config.data.validation_split > 0

    def _finished(self, probabilities: NDArray[np.float32]) -> CrossValidated:
        experiment, images = self.experiment, self.experiment.training
        if isinstance(experiment.task, Regression):
            return self._finished_numbers(probabilities, experiment.task)
        if isinstance(experiment.task, Multilabel):
            return self._finished_labels(probabilities)
        if experiment.config.training.calibration == "temperature":
            probabilities = self._calibrated(probabilities)
        evaluation = Evaluation(
            experiment.classes, list(images.paths), images.labels, probabilities, experiment.skipped, CROSS_VALIDATION
        )
        right = evaluation.predicted == evaluation.actual
        accuracies = [float(right[self.folds == k].mean()) for k in range(self.n_folds)]
        metrics = evaluation.report() | {
            "folds": self.n_folds,
            "groups": self.n_groups,
            "fold_accuracies": accuracies,
            "fold_deviation": float(np.std(accuracies, ddof=1)),
        }
        return CrossValidated(evaluation, self.folds, metrics)

    def _finished_numbers(self, predicted: NDArray[np.float32], task: Regression) -> CrossValidated:
        experiment, images = self.experiment, self.experiment.training
        about = (
            experiment.classes,
            list(images.paths),
            images.targets,
            predicted,
            experiment.skipped,
            CROSS_VALIDATION,
        )
        evaluation = RegressionEvaluation(*about, mean=task.mean)
        folds = [evaluation.part(np.flatnonzero(self.folds == k).tolist()).report() for k in range(self.n_folds)]
        metrics = evaluation.report() | {
            "folds": self.n_folds,
            "groups": self.n_groups,
            "by_fold": [each["targets"] for each in folds],
        }
        return CrossValidated(evaluation, self.folds, metrics)

    def _finished_labels(self, probabilities: NDArray[np.float32]) -> CrossValidated:
        """Each fold has thresholds of its own, which are best for what the networks of the other folds say."""
        experiment, images, has = self.experiment, self.experiment.training, self.experiment.training.targets > 0.5
        thresholds = np.empty(probabilities.shape)
        for k in range(self.n_folds):
            own = self.folds == k
            thresholds[own] = fit_thresholds(probabilities[~own], has[~own])
        about = experiment.classes, list(images.paths), has, probabilities, experiment.skipped, CROSS_VALIDATION
        evaluation = MultilabelEvaluation(*about, thresholds=thresholds)
        folds = [evaluation.part(np.flatnonzero(self.folds == k).tolist()).report() for k in range(self.n_folds)]
        shown = "images", "macro_f1", "micro_f1", "mean_average_precision", "exact_match", "labels"
        metrics = evaluation.report() | {
            "folds": self.n_folds,
            "groups": self.n_groups,
            "by_fold": [{key: each[key] for key in shown} for each in folds],
        }
        return CrossValidated(evaluation, self.folds, metrics)

    def _calibrated(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        found, labels = probabilities.copy(), self.experiment.training.labels
        for k in range(self.n_folds):
            others = self.folds != k
            temperature = fit_temperature(probabilities[others], labels[others])
            found[~others] = tempered(probabilities[~others].T, temperature).T
        return found

    def _file(self, k: int) -> Path:
        return self._folder / f"fold-{k + 1}.npz"

    def _read(self, k: int, probabilities: NDArray[np.float32]) -> bool:
        """Fill in what is kept of fold k; returns whether there is something.

        Raises:
            ModelFileError: It is damaged, or of other images or settings.
        """
        path, own = self._file(k), np.flatnonzero(self.folds == k)
        if not path.exists():
            return False
        arrays = read_npz(path)
        found = arrays.get("probabilities", np.empty(0))
        if (
            not np.array_equal(arrays.get("digest", np.empty(0)), self._digest)
            or found.shape != probabilities[own].shape
        ):
            raise ModelFileError(
                f"{printable(str(path))}: is of other images, settings or folds; start a new cross-validation"
            )
        probabilities[own] = found
        return True


def help_cross_validation(ranks: Ranks, hooks: FoldHooks) -> None:
    """Do this process's part of a cross-validation that the first one makes and runs; nothing is written."""
    plan, n_folds, grouping, folder = ranks.from_first(come_from_the_first)
    CrossValidation(plan, n_folds, grouping, folder, hooks, ranks).run()


def groups_of(experiment: Experiment, grouping: str) -> list[int] | None:
    """The group of each training image, (m,), see groups.py; None where each stands for itself.

    Where nothing is said, a table's column of groups counts.
    """
    images, shape = experiment.training, experiment.plan.image_format.shape
    if grouping == NO_GROUPS:
        known, numbers = experiment.plan.source.groups, dict[str, int]()
        groups = [known.get(path, path) for path in images.paths]
        return [numbers.setdefault(group, len(numbers)) for group in groups] if known else None
    names = [experiment.classes[label] for label in images.labels]
    return group_numbers(grouping, images.paths, names, lambda: near_copy_groups(images.pixels[images.rows], shape))


def _with_all_images(plan: Plan) -> Plan:
    """The plan that trains on its validation images, too."""
    training, validation = plan.training_files, plan.validation_files
    if plan.config.data.side_cameras:
        raise UsageError("crossval has no use for the pictures of data.side_cameras; leave it out")
    everything = training + validation
    order = np.array(sorted(range(len(everything.paths)), key=everything.paths.__getitem__), np.intp)
    return replace(plan, training_files=everything.chosen(order), validation_files=LabeledFiles((), ()))


def times_of(plan: Plan, paths: Sequence[str]) -> list[Any] | None:
    """When each image was taken, as something that can be compared; None where nobody says."""
    order = plan.source.order
    return [natural_key(order[path]) for path in paths] if order else None
