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
        stays = (validation,) if augmentation else (training, validation)
        rows = np.concatenate([images.rows for images in stays])
        n_mirrored = len(training.rows) if is_mirrored else 0
        stored = _stored_features(experiment, features, rows, n_mirrored, on_progress, on_note)
        first = len(rows) - len(validation.rows)  # rows of training images come before
        of_bytes = features.scaling_of_bytes
        if is_mirrored:
            versions = PixelRows(stored, np.concatenate([np.arange(first), np.arange(len(rows), len(stored))]))
            training_inputs = VersionedInputs(versions, of_bytes, 2, dtype)
        elif not augmentation:
            training_inputs = NetworkInputs(PixelRows(stored, np.arange(first)), of_bytes, dtype)
        validation_inputs = NetworkInputs(PixelRows(stored, np.arange(first, len(rows))), of_bytes, dtype)
    training_set = Batches(training_inputs, training.labels, batch_size)
    if not validation.paths:
        return training_set, None
    return training_set, Batches(validation_inputs, validation.labels, VALIDATION_BATCH_SIZE)


def _stored_features(
    experiment: Experiment,
    features: FittedFeatures,
    rows: NDArray[np.intp],
    n_mirrored: int,
    on_progress: Callable[[int], None],
    on_note: Callable[[str], None],
) -> NDArray[np.uint8]:
    """The features of the images in these rows of pixels, and of the first ones mirrored, as bytes, (m, n_0)."""
    data, kept_as = experiment.plan.config.data, None
    if data.cache == "on" and len(rows):
        which = "validation" if len(rows) == len(experiment.validation.rows) else "all"
        what = f"{experiment.fingerprint} {which} {n_mirrored}"
        kept_as = cache_entry(features, what, str(data.path.absolute()), len(rows) + n_mirrored)
    images = WithMirrored(PixelRows(experiment.training.pixels, rows), n_mirrored, data.shape)
    return feature_rows(features, images, on_progress, kept_as=kept_as, on_note=on_note)
