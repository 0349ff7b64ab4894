"""From a config to everything that training needs, checked in the order of its cost.

plan_experiment    reads folders, no image: classes, split, layer_dims against pixels and classes (plan.py)
load_experiment    decodes every image, so that a bad one is named before the first epoch
make_trainer       allocates and initializes the network and its optimizer (trainer.py)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.loading import LoadedImages
from nncli.data.pixel_rows import PixelRows
from nncli.data.scaling import SCALINGS, Scaling
from nncli.data.shard import RowsOfAll, Shard
from nncli.data.split import rarest_labels
from nncli.errors import DataError
from nncli.features.column import FeatureColumn
from nncli.features.settings import PIXELS
from nncli.features.settings.looks import n_looks
from nncli.features.span import n_visits, taken
from nncli.machine.backend import open_backend
from nncli.machine.ranks import ALONE, Ranks, share
from nncli.model.evidence import Evidence
from nncli.model.file import Model
from nncli.model.known_images import KnownImages, known_images
from nncli.model.task import CLASSIFICATION, Multilabel, Regression, Task
from nncli.model.thresholds import UNKNOWN
from nncli.run.feature_rows import FittedFeatures, fit_features
from nncli.run.plan import Plan, plan_experiment
from nncli.run.trained_patterns import Lesson
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.config import TrainConfig
    from nncli.data.loading import BadImage
    from nncli.data.source import LabeledFiles
    from nncli.features.span import Projection
    from nncli.network.parameters import Parameters

__all__ = ["Experiment", "ImageSet", "Plan", "load_experiment", "plan_experiment"]

VISITS = 10
"""Visits of a feature column that take about as long as computing it."""

MAX_NAMED = 1000
"""Bad images named in one message."""


@dataclass(frozen=True)
class ImageSet:
    """Decoded images with their labels.

    Attributes:
        paths: One per image.
        labels: Class indices, (m,); 0 where images have labels or numbers instead.
        pixels: Those of the whole data set, (M, n_0) uint8, perhaps in a file and more than fit into memory.
        rows: Which of them are these images', (m,).
        targets: The numbers to be told, (m, K), or of labels a 1 for each that the image has, else 0; K is 0 where
            images have classes.
        weights: How much each counts in training, (m,); empty where all count alike.
        shard: Which images of a larger set these are, where every rank holds some; None: they are the whole set.
    """

    paths: tuple[str, ...]
    labels: NDArray[np.intp]
    pixels: NDArray[np.uint8]
    rows: NDArray[np.intp]
    targets: NDArray[np.float64]
    weights: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    shard: Shard | None = None

    @property
    def n_images(self) -> int:
        """Images of the whole set."""
        return self.shard.n_images if self.shard else len(self.labels)

    def class_counts(self, n_classes: int) -> NDArray[np.intp]:
        """Images of the whole set in each class, (n_classes,)."""
        return self.shard.class_counts if self.shard else np.bincount(self.labels, minlength=n_classes)

    @property
    def n_bytes(self) -> int:
        """Size of these images' pixels."""
        return len(self.rows) * int(self.pixels.shape[1])

    def chosen(self, indices: NDArray[np.intp]) -> ImageSet:
        """Those at these places."""
        paths = tuple(self.paths[i] for i in indices)
        weights = self.weights[indices] if self.weights.size else self.weights
        return ImageSet(paths, self.labels[indices], self.pixels, self.rows[indices], self.targets[indices], weights)

    def chunks(self) -> Iterator[NDArray[np.uint8]]:
        """Their pixels in order, some rows at a time; each chunk overwrites the one before."""
        return PixelRows(self.pixels, self.rows).chunks()


def strata(images: ImageSet, task: str) -> list[int]:
    """The class of each image, or the rarest of its labels, (m,): parts of a set are to have the same share of each.

    Images with numbers are all alike.
    """
    return rarest_labels(images.targets) if task == "multilabel" else images.labels.tolist()


@dataclass
class Span:
    """The span of the training columns, as far as it is known.

    Attributes:
        projection: On their principal directions; None before they are found, and where nobody asks for them.
    """

    projection: Projection | None = None


@dataclass(frozen=True)
class Experiment:
    """A plan with its images.

    Attributes:
        plan: What the images were loaded for.
        training: To learn from.
        validation: To judge by; may be empty.
        scaling: From the feature column to network input; fitted on the training images alone.
        skipped: Bad images left out, with `data.on_bad_image: skip`.
        features: The feature column, fitted on the training images alone; None if it is the pixels themselves.
        shared_features: As bytes, of every row of pixels and then of every row mirrored, if several trainings share
            them; see training_data.py.
        span: Of the training columns, found when these are computed.
        ranks: The processes that work on it.
    """

    plan: Plan
    training: ImageSet
    validation: ImageSet
    scaling: Scaling
    skipped: tuple[BadImage, ...]
    features: FittedFeatures | None = None
    shared_features: NDArray[np.uint8] | None = None
    span: Span = field(default_factory=Span)
    ranks: Ranks = ALONE

    @property
    def config(self) -> TrainConfig:
        """The settings."""
        return self.plan.config

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, by label."""
        return self.plan.classes

    @property
    def n_looks(self) -> int:
        """Feature columns of each training image that are there before the first epoch; 0: it changes in every one."""
        mirrored = {"none": 1, "mirror": 2}.get(self.config.data.augmentation, 0)
        return mirrored * n_looks(self.config.data.looks)

    @property
    def n_featured(self) -> int:
        """Feature columns that are computed before the first epoch."""
        return self.n_looks * self.training.n_images + len(self.validation.labels) if self.features else 0

    @property
    def n_visited(self) -> int:
        """Visits of columns before the first epoch, which find their principal directions, pass by pass.

        They are counted in columns that could be computed meanwhile, so that one bar over both tells the time left.
        """
        if self.config.network.project == "none":
            return 0
        n_columns = max(self.n_looks, 1) * self.training.n_images
        return n_visits(len(range(n_columns)[taken(n_columns)])) // VISITS

    def bad_of(self, split: str) -> list[BadImage]:
        """The images of ``training`` or ``validation`` that were left out."""
        plan = self.plan
        listed = set((plan.validation_files if split == "validation" else plan.training_files).paths)
        return [image for image in self.skipped if image.path in listed]

    @cached_property
    def task(self) -> Task:
        """The meaning of the network's outputs; of a regression with the scale of the training images' targets."""
        if self.config.data.task == "classification":
            return CLASSIFICATION
        if self.config.data.task == "multilabel":
            return Multilabel(np.full(len(self.classes), UNKNOWN))  # until thresholds are fitted
        negated, loss, shard = self.config.data.mirror_targets, self.config.training.loss, self.training.shard
        targets = shard.joined(self.training.targets) if shard else self.training.targets
        return Regression.fit(targets, self.classes, negated, loss)

    @property
    def column(self) -> FeatureColumn:
        """From pixels to the feature column."""
        return self.features.column if self.features else FeatureColumn.of_pixels(self.plan.image_format.shape)

    def model(self, parameters: Parameters, training: dict[str, Any]) -> Model:
        """A model of these data."""
        about = self.config.network.activation, self.classes, self.plan.image_format, self.scaling, training
        evidence = Evidence(known=self.known)
        how = self.config.data.test_time_augmentation
        return Model(
            parameters, *about, self.column, how, evidence=evidence, projection=self.span.projection, task=self.task
        )

    @cached_property
    def like(self) -> NDArray[Any]:
        """An array; features and network are computed where it lies."""
        return open_backend(self.config.training.backend)

    @cached_property
    def known(self) -> KnownImages:
        """Fingerprints of the images, for the model to know them again."""
        shape, shard = self.plan.image_format.shape, self.training.shard
        return known_images(self.training.chunks, self.validation.chunks, shape, shard)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of every pixel and label, for resuming to see whether the data are the same."""
        digest = hashlib.blake2b("\n".join(self.classes).encode(errors="surrogateescape"), digest_size=16)
        is_added_up = self.config.data.placement == "shards"
        if is_added_up:  # the same for any number of ranks
            digest.update(_sum_of_digests(self.training).tobytes())
        for images in (self.validation,) if is_added_up else (self.training, self.validation):
            digest.update(images.labels.tobytes() + images.targets.tobytes() + images.weights.tobytes())
            for chunk in images.chunks():
                digest.update(chunk.data)
        return digest.hexdigest()


def _sum_of_digests(images: ImageSet) -> NDArray[np.uint64]:
    """The sum over all images of a digest of place, answers and pixels, (1,)."""
    total = np.zeros(1, np.uint64)
    place = images.shard.first if images.shard else 0
    answers = np.column_stack([images.labels.astype(np.float64), images.targets])
    if images.weights.size:
        answers = np.column_stack([answers, images.weights])
    rows = (row for chunk in images.chunks() for row in chunk)
    for number, (row, its) in enumerate(zip(rows, answers, strict=True), place):
        digest = hashlib.blake2b(row, digest_size=8, salt=number.to_bytes(8, "little"))
        digest.update(its.tobytes())
        total += np.frombuffer(digest.digest(), np.uint64)
    if images.shard:
        images.shard.ranks.add_up(total)
    return total


def load_experiment(
    plan: Plan,
    on_progress: Callable[[int], None] | None = None,
    on_note: Callable[[str], None] = lambda _note: None,
) -> Experiment:
    """Decode every image of the plan, and learn what its features need; see `load_sets` and `with_features`."""
    return with_features(plan, *load_sets(plan, on_progress, on_note))


def load_sets(
    plan: Plan,
    on_progress: Callable[[int], None] | None = None,
    on_note: Callable[[str], None] = lambda _note: None,
    ranks: Ranks = ALONE,
) -> tuple[ImageSet, ImageSet, tuple[BadImage, ...]]:
    """Decode every image of the plan, or find its pixels in the cache.

    Args:
        plan: From `plan_experiment`.
        on_progress: Told the number of files just finished.
        on_note: Told in a line if pixels cannot be kept in the cache.
        ranks: Each decodes a share; all have all, unless each is to hold its own training images.

    Returns:
        Training images, validation images, and those left out.

    Raises:
        DataError: Images cannot be read, and `data.on_bad_image` is `error` or they are more than `data.max_bad_share`
            allows; or too few are left.
    """
    # Sorted, so that another split of the same images finds them in the cache.
    paths = sorted({*plan.training_files.paths, *plan.validation_files.paths})
    if plan.is_divided(ranks.size):
        paths = sorted(set(plan.validation_files.paths))
    loaded = _load_share(plan, paths, on_progress, on_note, ranks)
    validation = _image_set(plan.validation_files, paths, loaded)
    if plan.is_divided(ranks.size):
        training, bad = _load_shard(plan, on_progress, on_note, ranks)
        bad += loaded.bad
    else:
        training = _image_set(plan.training_files, paths, loaded)
        reasons = {image.path: image for image in loaded.bad}
        listed = (*plan.training_files.paths, *plan.validation_files.paths)
        bad = tuple(reasons[path] for path in listed if path in reasons)
    ranks.from_first(lambda: _check_sets(plan, training, validation, bad))  # told once
    return training, validation, bad


def _load_shard(
    plan: Plan, on_progress: Callable[[int], None] | None, on_note: Callable[[str], None], ranks: Ranks
) -> tuple[ImageSet, tuple[BadImage, ...]]:
    """The training images that this rank is to hold, and all that are bad, whoever was to hold them."""
    files = plan.training_files
    paths, cached = sorted(set(files.paths)), plan.config.data.cache == "on"
    part = f", shard {ranks.rank + 1} of {ranks.size}"
    loaded = plan.source.load(paths, plan.image_format, on_progress, on_note, cached=cached, part=part)
    images = _image_set(files, paths, loaded)
    counts = np.bincount(images.labels, minlength=len(plan.classes))
    parts = ranks.gathered((len(images.labels), counts, loaded.bad))
    lengths = [n for n, _, _ in parts]
    first, n_images = sum(lengths[: ranks.rank]), sum(lengths)
    shard = Shard(first, lengths[ranks.rank], n_images, np.sum([counts for _, counts, _ in parts], axis=0), ranks)
    return replace(images, shard=shard), tuple(image for *_, bad in parts for image in bad)


def _load_share(
    plan: Plan,
    paths: list[str],
    on_progress: Callable[[int], None] | None,
    on_note: Callable[[str], None],
    ranks: Ranks,
) -> LoadedImages:
    """The images at `paths`, of which each process has decoded its share."""
    own, cached = share(ranks, len(paths)), plan.config.data.cache == "on"
    part = "" if ranks.size == 1 else f", part {ranks.rank + 1} of {ranks.size}"
    loaded = plan.source.load(paths[own], plan.image_format, on_progress, on_note, cached=cached, part=part)
    pixels = ranks.joined(loaded.pixels, [len(loaded.kept)])
    parts = ranks.gathered((loaded.kept + own.start, loaded.bad))
    bad = tuple(image for _, images in parts for image in images)
    return LoadedImages(pixels, np.concatenate([kept for kept, _ in parts]), bad)


def _check_sets(plan: Plan, training: ImageSet, validation: ImageSet, bad: tuple[BadImage, ...]) -> None:
    """Refuse to train on what was loaded; see `load_sets`."""
    if bad:
        _check_bad(plan, bad)
    counts = training.class_counts(len(plan.classes))
    if not training.n_images:
        raise DataError("no training image can be read")
    for index, name in enumerate(plan.classes):
        if not (counts[index] or training.targets.shape[1]):
            raise DataError(f"class {printable(name)} has no readable image to train on; add some or remove its folder")
    if plan.validation_files.paths and not validation.paths:
        raise DataError("no validation image can be read; add some, or set data.validation_split to 0")


def with_features(
    plan: Plan,
    training: ImageSet,
    validation: ImageSet,
    bad: tuple[BadImage, ...] = (),
    learned: Model | None = None,
    on_block: Callable[[int], None] = lambda _n: None,
    ranks: Ranks = ALONE,
) -> Experiment:
    """The experiment on images that are loaded: what its features and its scaling need is learned.

    Args:
        plan: Of the run.
        training: To learn from.
        validation: To judge by.
        bad: Left out.
        learned: A model of the same run, whose feature column and span hold on.
        on_block: Told of every feature block that has learned, and of the scaling.
        ranks: The first learns for all: the model does not depend on how many there are.
    """
    span = Span(learned.projection if learned else None)
    if plan.config.data.features == PIXELS:
        about, fit = (training.pixels, training.rows), SCALINGS[plan.config.data.scaling]
        scaling = fit(*about, ranks.add_up) if training.shard else ranks.from_first(lambda: fit(*about))
        return _seen_by_all(Experiment(plan, training, validation, scaling, bad, span=span, ranks=ranks))
    images = PixelRows(training.pixels, training.rows)
    if training.shard:
        images = RowsOfAll(training.pixels, training.rows, training.shard)
    shape, seed = plan.image_format.shape, plan.config.training.seed
    column = learned.column if learned else None
    data, epochs = plan.config.data, plan.config.training.pattern_epochs
    is_mirrored = data.augmentation == "mirror"
    lesson = Lesson(training.labels, epochs, is_mirrored, on_block) if epochs else None
    like = open_backend(plan.config.training.backend)
    features = fit_features(data.features, shape, images, seed, column, on_block, ranks, lesson, data.looks, like)
    if learned:
        features = replace(features, scaling=learned.scaling)
    experiment = Experiment(plan, training, validation, features.scaling, bad, features, span=span, ranks=ranks)
    return _seen_by_all(experiment)


def _seen_by_all(experiment: Experiment) -> Experiment:
    """The experiment, of which is known now what takes all ranks to know."""
    for name in ("task", "known", "fingerprint") if experiment.training.shard else ():
        # Not by asking for it: up to Python 3.11 a cached property has a lock, and ranks that are threads would wait.
        vars(experiment)[name] = getattr(Experiment, name).func(experiment)
    return experiment


def load_test_images(plan: Plan) -> tuple[ImageSet | None, tuple[BadImage, ...]]:
    """The images of the test split, which training never sees, and those that cannot be read.

    Raises:
        DataError: They do not fit into memory.
    """
    files = plan.source.splits.get("test")
    if files is None:
        return None, ()
    loaded = plan.source.load(files.paths, plan.image_format)
    return _image_set(files, files.paths, loaded), loaded.bad


def _check_bad(plan: Plan, bad: tuple[BadImage, ...]) -> None:
    """Name bad images and refuse to train, unless they may be skipped and are few.

    Raises:
        DataError: As `load_experiment`.
    """
    data, share = plan.config.data, len(bad) / plan.n_images
    if data.on_bad_image == "skip" and share <= data.max_bad_share:
        return
    more = [f"... and {len(bad) - MAX_NAMED:,} more"] if len(bad) > MAX_NAMED else []
    lines = [f"{printable(image.path)}: {image.reason}" for image in bad[:MAX_NAMED]] + more
    count = "1 image" if len(bad) == 1 else f"{len(bad):,} images"
    advice = "or set data.on_bad_image: skip"
    if data.on_bad_image == "skip":
        count += f" of {plan.n_images:,}"
        advice = f"or raise data.max_bad_share, which is {data.max_bad_share:g}"
    raise DataError("\n".join([*lines, f"{count} cannot be read; fix or remove them, {advice}"]))


def _image_set(files: LabeledFiles, listed: Sequence[str], loaded: LoadedImages) -> ImageSet:
    """Those of `files` that have a row of pixels; `listed` are the images that were loaded."""
    row_of = {listed[i]: row for row, i in enumerate(loaded.kept.tolist())}
    kept = [i for i, path in enumerate(files.paths) if path in row_of]
    paths = tuple(files.paths[i] for i in kept)
    rows = np.array([row_of[path] for path in paths], np.intp)
    targets = np.array(files.targets or np.empty((len(files.paths), 0)), np.float64)[kept]
    weights = np.array(files.weights, np.float64)[kept] if files.weights else np.empty(0)
    return ImageSet(paths, np.array(files.labels, np.intp)[kept], loaded.pixels, rows, targets, weights)
