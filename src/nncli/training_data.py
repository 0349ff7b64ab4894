"""From an experiment to the batches that a network is trained and validated on.

pixels                       bytes of pixels, scaled batch by batch
features                     computed once for every image, kept as bytes, scaled batch by batch
augmentation                 every training image is changed anew in each epoch, and so are its features;
                             validation images stay as they are
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.augmentation.kinds import make_augmentation
from nncli.data.batches import Batches
from nncli.data.pixel_rows import PixelRows
from nncli.feature_rows import cache_entry, feature_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from nncli.experiment import Experiment

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
    training, validation = experiment.training, experiment.validation
    data, features = experiment.plan.config.data, experiment.features
    augmentation = make_augmentation(data.augmentation, experiment.plan.image_format, data.augmentation_strength)

    def on_images() -> tuple[Batches, Batches | None]:
        column = experiment.column if features else None
        of_images = experiment.scaling, batch_size, dtype, training.rows, augmentation, column
        for_validation = experiment.scaling, VALIDATION_BATCH_SIZE, dtype, validation.rows
        return (
            Batches(training.pixels, training.labels, *of_images),
            Batches(validation.pixels, validation.labels, *for_validation) if validation.paths else None,
        )

    if features is None or (augmentation and not validation.paths):
        return on_images()
    first = 0 if augmentation else len(training.rows)  # of the rows of features: training images first, if at all
    rows = np.concatenate([training.rows[: len(training.rows) if first else 0], validation.rows])
    kept_as = None
    if data.cache == "on":
        what = f"{experiment.fingerprint} {'validation' if augmentation else 'all'}"
        kept_as = cache_entry(features, what, str(data.path.absolute()), len(rows))
    stored = feature_rows(features, PixelRows(training.pixels, rows), on_progress, kept_as=kept_as, on_note=on_note)
    scaling = features.scaling_of_bytes
    of_validation = scaling, VALIDATION_BATCH_SIZE, dtype, np.arange(first, len(rows))
    validation_set = Batches(stored, validation.labels, *of_validation) if validation.paths else None
    if augmentation:
        return on_images()[0], validation_set
    return Batches(stored, training.labels, scaling, batch_size, dtype, np.arange(first)), validation_set
