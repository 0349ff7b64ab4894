"""From an experiment to the batches that a network is trained and validated on.

pixels                       bytes of pixels, scaled batch by batch
features                     computed once for every image, kept as bytes, scaled batch by batch
mirror                       features of both versions of each training image; each epoch takes one of them
augmentation                 every training image is changed anew in each epoch, and so are its features;
                             validation images stay as they are
projection                   computed once for every column, kept as floats: there are few of them
shards                       every rank has these rows of the training images that it holds, and of all for validation

Features and projection are computed where the network lies, which may be a GPU, and come back as bytes and floats;
batches, or all examples at once, then go there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nncli.data.augmentation.kinds import make_augmentation
from nncli.data.batches import Batches
from nncli.data.network_inputs import AsTheyAre, AugmentedInputs, NetworkInputs, VersionedInputs
from nncli.data.pixel_rows import MemoryReturner, PixelRows, return_memory
from nncli.features.span import Projection, ScaledRows, fit_projection, taken
from nncli.machine.backend import is_on_host, on_host, processes_beside
from nncli.machine.divide import divide, shared_array
from nncli.machine.ranks import share
from nncli.model.preprocessing import Preprocessing
from nncli.model.task import Multilabel, Regression
from nncli.run.dataset import VISITS
from nncli.run.feature_rows import SHOWN, cache_entry, feature_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.feature_rows import FittedFeatures

VALIDATION_BATCH_SIZE = 256

TOGETHER = 128
"""Columns projected at a time."""

MANY = 1_000
"""Columns from which on several processes project."""


def training_batches(
    experiment: Experiment,
    batch_size: int,
    dtype: Any,
    on_progress: Callable[[int], None] = lambda _n: None,
    on_note: Callable[[str], None] = lambda _note: None,
    device: Device | None = None,
) -> tuple[Batches, Batches | None]:
    """Batches to train on, and batches to validate with if there are images for it.

    Args:
        experiment: Images and features.
        batch_size: Of the training batches.
        dtype: The network's precision.
        on_progress: Told the number of images whose features have just been computed.
        on_note: Told in a line why features could not be kept in the cache.
        device: Where the network lies, if not in this machine's memory.
    """
    training, validation, features = experiment.training, experiment.validation, experiment.features
    data = experiment.plan.config.data
    is_mirrored = features is not None and data.augmentation == "mirror"
    augmentation = None
    if not is_mirrored:
        augmentation = make_augmentation(data.augmentation, experiment.plan.image_format, data.augmentation_strength)
    kept = _kept(experiment, augmentation is not None, on_progress, on_note)
    preprocessing = Preprocessing(experiment.column, experiment.scaling, experiment.span.projection)
    training_inputs: NetworkInputs
    if augmentation:
        pixels = PixelRows(training.pixels, training.rows)
        training_inputs = AugmentedInputs(pixels, preprocessing, augmentation, dtype)
    elif experiment.n_looks > 1 and features is not None:
        about = PixelRows(kept.rows, kept.training), kept.transform, experiment.n_looks, dtype
        training_inputs = VersionedInputs(*about, is_second_mirrored=is_mirrored)
    else:
        training_inputs = NetworkInputs(PixelRows(kept.rows, kept.training), kept.transform, dtype)
    labels, validation_labels, mirrored_labels = _labels(experiment, dtype)
    validation_inputs = NetworkInputs(PixelRows(kept.validation_rows, kept.validation), kept.transform, dtype)
    if device:
        taken = training_inputs.move_to(device.like, device.room)
        validation_inputs.move_to(device.like, device.room - taken)
    shard = training.shard
    training_set = Batches(training_inputs, labels, batch_size, mirrored_labels, _weights(training), shard)
    if not validation.paths:
        return training_set, None
    return training_set, Batches(validation_inputs, validation_labels, VALIDATION_BATCH_SIZE)


def _weights(training: ImageSet) -> NDArray[np.float64] | None:
    """How much each training image counts, 1 on average; None where all count alike."""
    total = float(training.weights.sum())
    if training.shard:
        total = training.shard.ranks.total(total)[0]
    return training.weights / (total / training.n_images) if total else None


def _labels(experiment: Experiment, dtype: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
    """Answers for the training images, for the validation images, and for mirror images if they have others."""
    task, training, validation = experiment.task, experiment.training, experiment.validation
    if isinstance(task, Regression):
        labels = task.standardized(training.targets).astype(dtype)
        return labels, task.standardized(validation.targets).astype(dtype), (task.mirror_signs * labels).astype(dtype)
    if isinstance(task, Multilabel):
        return training.targets.astype(dtype), validation.targets.astype(dtype), None
    return training.labels, validation.labels, None


class Device(NamedTuple):
    """The memory of a GPU.

    Attributes:
        like: An array there.
        room: Bytes that examples may take.
    """

    like: NDArray[Any]
    room: int


class Kept(NamedTuple):
    """Rows that were computed of every image before the first epoch.

    Attributes:
        rows: Pixels, features as bytes, or projected features.
        transform: From these to network input: a scaling, unless they are this input already.
        training, validation: Which rows are whose; of training images in several versions, one version after the other.
        validation_rows: Where those for validation are; another array only where each rank holds training images.
    """

    rows: NDArray[Any]
    transform: Any
    training: NDArray[np.intp]
    validation: NDArray[np.intp]
    validation_rows: NDArray[Any]


def _kept(
    experiment: Experiment,
    is_augmented: bool,
    on_progress: Callable[[int], None],
    on_note: Callable[[str], None],
) -> Kept:
    """The rows that epochs take their examples from, in the span of the training columns if the config wants it."""
    training, validation, features = experiment.training, experiment.validation, experiment.features
    project = experiment.config.network.project
    if features is None:
        kept = Kept(training.pixels, experiment.scaling, training.rows, validation.rows, validation.pixels)
    else:
        only_validation = is_augmented and project == "none"
        if training.shard:
            kept = _held_features(experiment, features, only_validation, on_progress, on_note)
        else:
            stored, own, more, others = _stored_features(experiment, features, only_validation, on_progress, on_note)
            versions = own if is_augmented else np.concatenate([own, more])
            kept = Kept(stored, features.scaling_of_bytes, versions, others, stored)
    return kept if project == "none" else _in_span(experiment, kept, on_progress)


def _in_span(experiment: Experiment, kept: Kept, on_progress: Callable[[int], None]) -> Kept:
    """The rows projected on principal directions of the training columns, which are found unless they are known."""
    r, shard, ranks = experiment.plan.layer_dims[0], experiment.training.shard, experiment.ranks
    kept = kept._replace(transform=kept.transform.moved_to(experiment.like))
    if experiment.span.projection is None:
        rows, chosen = _columns_to_learn_from(experiment, kept)
        returner = MemoryReturner(rows, SHOWN)
        columns = ScaledRows(rows, kept.transform.scale, kept.transform.offset, chosen, returner.used)
        experiment.span.projection = ranks.from_first(lambda: fit_projection(columns, r, _in_columns(on_progress)))
    found = experiment.span.projection
    projection = Projection(found.matrix, found.shift)  # what it prepares goes with it: twice as much as is kept
    m, n = len(kept.training), len(kept.validation)
    if shard:
        held = _projected(projection, kept.rows, kept.transform, kept.training)
        part = _projected(projection, kept.validation_rows, kept.transform, kept.validation[share(ranks, n)])
        return Kept(held, AsTheyAre(r), np.arange(m), np.arange(n), ranks.joined(part, [len(part)]))
    every = np.concatenate([kept.training, kept.validation])
    part = _projected(projection, kept.rows, kept.transform, every[share(ranks, m + n)])
    projected = ranks.joined(part, [len(part)])
    return Kept(projected, AsTheyAre(r), np.arange(m), np.arange(m, m + n), projected)


def _columns_to_learn_from(experiment: Experiment, kept: Kept) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The columns that a projection is learned from: an array of rows, and which of them."""
    shard = experiment.training.shard
    if not shard:
        return kept.rows, kept.training[taken(len(kept.training))]
    n_versions = max(experiment.n_looks, 1) if experiment.features else 1
    chosen = np.arange(n_versions * shard.n_images)[taken(n_versions * shard.n_images)]
    versions = [shard.own(chosen - number * shard.n_images) for number in range(n_versions)]
    own = np.concatenate([kept.training[each + number * shard.n_held] for number, each in enumerate(versions)])
    rows = shard.joined(kept.rows[own], [len(each) for each in versions])
    return rows, np.arange(len(rows))


def _projected(
    projection: Projection, rows: NDArray[Any], scaling: Any, wanted: NDArray[np.intp]
) -> NDArray[np.float32]:
    """The wanted ones of the rows, scaled and projected, (m, r)."""
    columns = ScaledRows(rows, scaling.scale, scaling.offset, wanted)
    projected, returner = shared_array((len(wanted), projection.n_directions), np.float32), MemoryReturner(rows, SHOWN)

    def work(start: int, stop: int) -> None:
        inputs = np.empty((stop - start, projection.n_directions), np.float32, like=columns.like)
        projection.apply(columns.part(slice(start, stop), slice(None)), inputs)
        projected[start:stop] = on_host(inputs)
        returner.used(stop - start)

    projection = projection.moved_to(columns.like)
    projection.prepare(np.float32)  # before processes are forked
    divide(len(wanted), TOGETHER, work, processes_beside(columns.like) if len(wanted) > MANY else 1)
    return projected


def _in_columns(on_progress: Callable[[int], None]) -> Callable[[int], None]:
    """Visits of columns told as columns, see `Experiment.n_visited`."""
    n_visited = 0

    def on_visits(n: int) -> None:
        nonlocal n_visited
        on_progress((n_visited + n) // VISITS - n_visited // VISITS)
        n_visited += n

    return on_visits


def _stored_features(
    experiment: Experiment,
    features: FittedFeatures,
    only_validation: bool,
    on_progress: Callable[[int], None],
    on_note: Callable[[str], None],
) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Features as bytes, (m, n_0), and their rows: of the training images, of further looks at these, the validation's.

    Training images that change in every epoch have none; what is shared with other trainings is there already.
    """
    training, validation = experiment.training, experiment.validation
    if experiment.shared_features is not None and not only_validation:
        more = [number * len(training.pixels) + training.rows for number in range(1, experiment.n_looks)]
        more_rows = np.concatenate(more) if more else training.rows[:0]
        return experiment.shared_features, training.rows, more_rows, validation.rows
    data, kept_as, ranks = experiment.config.data, None, experiment.ranks
    sets = (training.rows[:0] if only_validation else training.rows), validation.rows
    own = [rows[share(ranks, len(rows))] for rows in sets]
    n_own = len(own[0]) + len(own[1])
    n_looks = max(experiment.n_looks, 1)
    n_more = len(own[0]) if n_looks > 1 else 0
    if data.cache == "on" and len(sets[0]) + len(sets[1]):
        which = "all" if len(sets[0]) else "validation"
        part = "" if ranks.size == 1 else f", part {ranks.rank + 1} of {ranks.size}"
        which += "" if is_on_host(experiment.like) else f" {experiment.config.training.backend}"  # they round otherwise
        what = f"{ranks.from_first(lambda: experiment.fingerprint)} {which} {n_more}{part}"
        if data.looks != "whole":
            what += f" {n_looks} looks"
        kept_as = cache_entry(features, what, f"{data.path.absolute()}{part}", n_own + n_more * (n_looks - 1))
    images = PixelRows(training.pixels, np.concatenate(own))
    stored = feature_rows(
        features.moved_to(experiment.like),
        images,
        on_progress,
        n_more=n_more,
        n_looks=n_looks,
        is_training=ranks.size == 1 and not only_validation,
        kept_as=kept_as,
        on_note=on_note,
    )
    return_memory(training.pixels)  # which are hardly needed from now on
    stored = ranks.joined(stored, [len(own[0]), len(own[1]), *[n_more] * (n_looks - 1)])
    first, n = len(sets[0]), len(sets[0]) + len(sets[1])
    return stored, np.arange(first), np.arange(n, len(stored)), np.arange(first, n)


def _held_features(
    experiment: Experiment,
    features: FittedFeatures,
    only_validation: bool,
    on_progress: Callable[[int], None],
    on_note: Callable[[str], None],
) -> Kept:
    """Features as bytes, of the training images that this rank holds, and of all validation images."""
    training, validation, ranks = experiment.training, experiment.validation, experiment.ranks
    data, n_looks = experiment.config.data, max(experiment.n_looks, 1)

    def computed(images: PixelRows, which: str, n_more: int) -> NDArray[np.uint8]:
        kept_as, part = None, f", shard {ranks.rank + 1} of {ranks.size}"
        if data.cache == "on" and len(images):
            what = f"{experiment.fingerprint} {which} {n_more} {n_looks} looks{part}"
            n_rows = len(images) + n_more * (n_looks - 1)
            kept_as = cache_entry(features, what, f"{data.path.absolute()}{part}", n_rows)
        return feature_rows(
            features, images, on_progress, n_more=n_more, n_looks=n_looks, kept_as=kept_as, on_note=on_note
        )

    n_held = 0 if only_validation else len(training.rows)
    held = computed(PixelRows(training.pixels, training.rows[:n_held]), "held", n_held if n_looks > 1 else 0)
    return_memory(training.pixels)  # which are hardly needed from now on
    part = validation.rows[share(ranks, len(validation.rows))]
    others = computed(PixelRows(validation.pixels, part), "validation", 0)
    others = ranks.joined(others, [len(others)])
    return Kept(held, features.scaling_of_bytes, np.arange(len(held)), np.arange(len(others)), others)


def shared_features(experiment: Experiment, on_progress: Callable[[int], None]) -> NDArray[np.uint8] | None:
    """The features of all images, and below them of further looks at them, where trainings on parts share these."""
    features, data = experiment.features, experiment.config.data
    if features is None or data.augmentation not in ("none", "mirror"):
        return None
    pixels, ranks, n_looks = experiment.training.pixels, experiment.ranks, experiment.n_looks
    images = PixelRows(pixels, np.arange(len(pixels))[share(ranks, len(pixels))])
    n_more = len(images) if n_looks > 1 else 0
    own = feature_rows(features.moved_to(experiment.like), images, on_progress, n_more=n_more, n_looks=n_looks)
    return ranks.joined(own, [len(images), *[n_more] * (n_looks - 1)])
