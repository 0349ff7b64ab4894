"""From an experiment to the batches that a network is trained and validated on.

pixels                       bytes of pixels, scaled batch by batch
features                     computed once for every image, kept as bytes, scaled batch by batch
mirror                       features of both versions of each training image; each epoch takes one of them
augmentation                 every training image is changed anew in each epoch, and so are its features;
                             validation images stay as they are
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.augmentation.kinds import make_augmentation
from nncli.data.batches import Batches
from nncli.data.network_inputs import AugmentedInputs, NetworkInputs, VersionedInputs
from nncli.data.pixel_rows import PixelRows, WithMirrored
from nncli.model.preprocessing import Preprocessing
from nncli.run.feature_rows import cache_entry, feature_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.run.dataset import Experiment
    from nncli.run.feature_rows import FittedFeatures

VALIDATION_BATCH_SIZE = 256


def training_batches(
    experiment: Experiment,
    batch_size: int,
    dtype: Any,
    on_progress: Callable[[int], None] = lambda _n: None,
    on_note: Callable[[str], None] = lambda _note: None,
) -> tuple[Batches, Batches | None]:
    """Batches to train on, and batches to validate with if there are images for it.

    Args:
        experiment: Images and features.
        batch_size: Of the training batches.
        dtype: The network's precision.
        on_progress: Told the number of images whose features have just been computed.
        on_note: Told in a line why features could not be kept in the cache.
    """
    training, validation, features = experiment.training, experiment.validation, experiment.features
    data = experiment.plan.config.data
    is_mirrored = features is not None and data.augmentation == "mirror"
    augmentation = None
    if not is_mirrored:
        augmentation = make_augmentation(data.augmentation, experiment.plan.image_format, data.augmentation_strength)
    preprocessing = Preprocessing(experiment.column, experiment.scaling)
    training_rows, validation_rows = (PixelRows(images.pixels, images.rows) for images in (training, validation))
    training_inputs = NetworkInputs(training_rows, preprocessing, dtype)
    validation_inputs = NetworkInputs(validation_rows, preprocessing, dtype)
    if augmentation:
        training_inputs = AugmentedInputs(training_rows, preprocessing, augmentation, dtype)
    if features:
        stored, own, mirrored, others = _stored_features(experiment, features, bool(augmentation), on_progress, on_note)
        of_bytes = features.scaling_of_bytes
        if is_mirrored:
            versions = PixelRows(stored, np.concatenate([own, mirrored]))
            training_inputs = VersionedInputs(versions, of_bytes, 2, dtype)
        elif not augmentation:
            training_inputs = NetworkInputs(PixelRows(stored, own), of_bytes, dtype)
        validation_inputs = NetworkInputs(PixelRows(stored, others), of_bytes, dtype)
    training_set = Batches(training_inputs, training.labels, batch_size)
    if not validation.paths:
        return training_set, None
    return training_set, Batches(validation_inputs, validation.labels, VALIDATION_BATCH_SIZE)


def _stored_features(
    experiment: Experiment,
    features: FittedFeatures,
    is_augmented: bool,
    on_progress: Callable[[int], None],
    on_note: Callable[[str], None],
) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Features as bytes, (m, n_0), and their rows: of the training images, the same mirrored, the validation images.

    Training images that change in every epoch have none; what is shared with other trainings is there already.
    """
    training, validation = experiment.training, experiment.validation
    if experiment.shared_features is not None and not is_augmented:
        return experiment.shared_features, training.rows, len(training.pixels) + training.rows, validation.rows
    data, kept_as = experiment.config.data, None
    rows = np.concatenate([images.rows for images in ((validation,) if is_augmented else (training, validation))])
    n_mirrored = len(training.rows) if data.augmentation == "mirror" and not is_augmented else 0
    if data.cache == "on" and len(rows):
        which = "validation" if len(rows) == len(validation.rows) else "all"
        what = f"{experiment.fingerprint} {which} {n_mirrored}"
        kept_as = cache_entry(features, what, str(data.path.absolute()), len(rows) + n_mirrored)
    images = WithMirrored(PixelRows(training.pixels, rows), n_mirrored, data.shape)
    stored = feature_rows(features, images, on_progress, kept_as=kept_as, on_note=on_note)
    first = len(rows) - len(validation.rows)  # rows of training images come before
    return stored, np.arange(first), np.arange(len(rows), len(stored)), np.arange(first, len(rows))


def shared_features(experiment: Experiment, on_progress: Callable[[int], None]) -> NDArray[np.uint8] | None:
    """The features of all images, and below them of all mirrored, where trainings on parts of them can share these."""
    features, data = experiment.features, experiment.config.data
    if features is None or data.augmentation not in ("none", "mirror"):
        return None
    images = PixelRows(experiment.training.pixels)
    n_mirrored = len(images) if data.augmentation == "mirror" else 0
    return feature_rows(features, WithMirrored(images, n_mirrored, data.shape), on_progress)
