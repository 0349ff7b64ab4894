"""From an experiment to the batches that a network is trained and validated on.

pixels                       bytes of pixels, scaled batch by batch
features                     computed once for every image, kept as bytes, scaled batch by batch
mirror                       features of both versions of each training image; each epoch takes one of them
augmentation                 every training image is changed anew in each epoch, and so are its features;
                             validation images stay as they are
projection                   computed once for every column, kept as floats: there are few of them

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
from nncli.machine.backend import is_on_host, on_host
from nncli.machine.divide import divide, shared_array
from nncli.machine.forking import number_of_processes
from nncli.machine.ranks import share
from nncli.model.preprocessing import Preprocessing
from nncli.model.task import Multilabel, Regression
from nncli.run.dataset import VISITS
from nncli.run.feature_rows import SHOWN, cache_entry, feature_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.run.dataset import Experiment
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
    validation_inputs = NetworkInputs(PixelRows(kept.rows, kept.validation), kept.transform, dtype)
    if device:
        taken = training_inputs.move_to(device.like, device.room)
        validation_inputs.move_to(device.like, device.room - taken)
    weights = training.weights / training.weights.mean() if training.weights.any() else None
    training_set = Batches(training_inputs, labels, batch_size, mirrored_labels, weights)
    if not validation.paths:
        return training_set, None
    return training_set, Batches(validation_inputs, validation_labels, VALIDATION_BATCH_SIZE)


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
    """

    rows: NDArray[Any]
    transform: Any
    training: NDArray[np.intp]
    validation: NDArray[np.intp]


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
        kept = Kept(training.pixels, experiment.scaling, training.rows, validation.rows)
    else:
        only_validation = is_augmented and project == "none"
        stored, own, more, others = _stored_features(experiment, features, only_validation, on_progress, on_note)
        versions = own if is_augmented else np.concatenate([own, more])
        kept = Kept(stored, features.scaling_of_bytes, versions, others)
    return kept if project == "none" else _in_span(experiment, kept, on_progress)


def _in_span(experiment: Experiment, kept: Kept, on_progress: Callable[[int], None]) -> Kept:
    """The rows projected on principal directions of the training columns, which are found unless they are known."""
    scaling, r = kept.transform.moved_to(experiment.like), experiment.plan.layer_dims[0]
    scale, offset = scaling.scale, scaling.offset
    if experiment.span.projection is None:
        columns = ScaledRows(kept.rows, scale, offset, kept.training[taken(len(kept.training))])
        experiment.span.projection = experiment.ranks.from_first(
            lambda: fit_projection(columns, r, _in_columns(on_progress, MemoryReturner(kept.rows, SHOWN)))
        )
    found = experiment.span.projection
    projection = Projection(found.matrix, found.shift)  # what it prepares goes with it: twice as much as is kept
    projection = projection.moved_to(scale)
    every = np.concatenate([kept.training, kept.validation])
    wanted = every[share(experiment.ranks, len(every))]
    own, projected = ScaledRows(kept.rows, scale, offset, wanted), shared_array((len(wanted), r), np.float32)

    returner = MemoryReturner(kept.rows, SHOWN)

    def work(start: int, stop: int) -> None:
        inputs = np.empty((stop - start, r), np.float32, like=scale)
        projection.apply(own.part(slice(start, stop), slice(None)), inputs)
        projected[start:stop] = on_host(inputs)
        returner.used(stop - start)

    projection.prepare(np.float32)  # before processes are forked
    is_alone = len(wanted) <= MANY or not is_on_host(scale)  # no forked process can use a GPU
    divide(len(wanted), TOGETHER, work, 1 if is_alone else number_of_processes())
    projected = experiment.ranks.joined(projected, [len(projected)])
    first = len(kept.training)
    return Kept(projected, AsTheyAre(r), np.arange(first), np.arange(first, len(every)))


def _in_columns(on_progress: Callable[[int], None], returner: MemoryReturner) -> Callable[[int], None]:
    """Visits of columns told as columns, see `Experiment.n_visited`, and to `returner`."""
    n_visited = 0

    def on_visits(n: int) -> None:
        nonlocal n_visited
        returner.used(n)
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
    wanted = {"n_more": n_more, "n_looks": n_looks}
    moved = features.moved_to(experiment.like)
    stored = feature_rows(moved, images, on_progress, **wanted, kept_as=kept_as, on_note=on_note)
    return_memory(training.pixels)  # which are hardly needed from now on
    stored = ranks.joined(stored, [len(own[0]), len(own[1]), *[n_more] * (n_looks - 1)])
    first, n = len(sets[0]), len(sets[0]) + len(sets[1])
    return stored, np.arange(first), np.arange(n, len(stored)), np.arange(first, n)


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
