"""From a config to everything that training needs, checked in the order of its cost.

plan_experiment    reads folders, no image: classes, split, layer_dims against pixels and classes (plan.py)
load_experiment    decodes every image, so that a bad one is named before the first epoch
make_trainer       allocates and initializes the network and its optimizer
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.batches import Batches
from nncli.data.loading import BadImage, load_images
from nncli.data.scaling import SCALINGS, Scaling
from nncli.errors import DataError
from nncli.model_file import Model
from nncli.network.initialization import initialize
from nncli.network.optimization import Adam, GradientDescent, Momentum, Optimizer, RMSprop
from nncli.network.parameters import Parameters
from nncli.plan import Plan, plan_experiment
from nncli.text import printable
from nncli.training.loop import Settings, Trainer
from nncli.training.schedules import LearningRate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.config.options import TrainingConfig
    from nncli.data.image_folder import LabeledFiles
    from nncli.data.image_format import ImageFormat

__all__ = ["Experiment", "ImageSet", "Plan", "load_experiment", "make_trainer", "plan_experiment"]

MAX_NAMED = 10
"""Bad images named in one message."""

VALIDATION_BATCH_SIZE = 256


@dataclass(frozen=True)
class ImageSet:
    """Decoded images with their labels.

    Attributes:
        paths: One per image.
        pixels: (m, n_0) uint8.
        labels: Class indices, (m,).
    """

    paths: tuple[str, ...]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.intp]


@dataclass(frozen=True)
class Experiment:
    """A plan with its images.

    Attributes:
        plan: What the images were loaded for.
        training: To learn from.
        validation: To judge by; may be empty.
        scaling: Fitted on the training images alone.
        skipped: Bad images left out, with `data.on_bad_image: skip`.
    """

    plan: Plan
    training: ImageSet
    validation: ImageSet
    scaling: Scaling
    skipped: tuple[BadImage, ...]

    def model(self, flat: NDArray[Any], training: dict[str, Any]) -> Model:
        """A model of these data with the parameters `flat`, shape (size,)."""
        parameters = Parameters(self.plan.layer_dims, flat.dtype)
        parameters.flat[:] = flat
        activation = self.plan.config.network.activation
        return Model(parameters, activation, self.plan.classes, self.plan.image_format, self.scaling, training)

    def fingerprint(self) -> str:
        """A digest of every pixel and label, for resuming to see whether the data are the same."""
        digest = hashlib.blake2b("\n".join(self.plan.classes).encode(errors="surrogateescape"), digest_size=16)
        for images in (self.training, self.validation):
            digest.update(images.labels.tobytes())
            digest.update(np.ascontiguousarray(images.pixels).data)
        return digest.hexdigest()


def load_experiment(plan: Plan, on_progress: Callable[[int], None] | None = None) -> Experiment:
    """Decode every image of the plan.

    Args:
        plan: From `plan_experiment`.
        on_progress: Told the number of files just finished.

    Raises:
        DataError: Images cannot be read, and `data.on_bad_image` is `error`; or too few are left.
    """
    training, bad_training = _load(plan.training_files, plan.image_format, on_progress)
    validation, bad_validation = _load(plan.validation_files, plan.image_format, on_progress)
    bad = (*bad_training, *bad_validation)
    if bad and plan.config.data.on_bad_image == "error":
        more = [f"... and {len(bad) - MAX_NAMED} more"] if len(bad) > MAX_NAMED else []
        lines = [f"{printable(image.path)}: {image.reason}" for image in bad[:MAX_NAMED]] + more
        count = "1 image" if len(bad) == 1 else f"{len(bad)} images"
        raise DataError("\n".join([*lines, f"{count} cannot be read; mend or remove, or set data.on_bad_image: skip"]))
    counts = Counter(training.labels.tolist())
    for index, name in enumerate(plan.classes):
        if not counts[index]:
            raise DataError(f"class {printable(name)} has no readable image to train on; add some or remove its folder")
    if plan.validation_files.paths and not validation.paths:
        raise DataError("no validation image can be read; add some, or set data.validation_split to 0")
    scaling = SCALINGS[plan.config.data.scaling](training.pixels)
    return Experiment(plan, training, validation, scaling, bad)


def _load(
    files: LabeledFiles, image_format: ImageFormat, on_progress: Callable[[int], None] | None
) -> tuple[ImageSet, tuple[BadImage, ...]]:
    loaded = load_images(files.paths, image_format, on_progress)
    paths = tuple(files.paths[i] for i in loaded.kept)
    return ImageSet(paths, loaded.pixels, np.array(files.labels, np.intp)[loaded.kept]), loaded.bad


def make_trainer(experiment: Experiment) -> Trainer:
    """A network with its first weights, ready to train."""
    config = experiment.plan.config
    training, network = config.training, config.network
    dtype = np.dtype(training.precision)
    parameters = Parameters(experiment.plan.layer_dims, dtype)
    initialize(parameters, np.random.default_rng(training.seed), network.initialization, network.initialization_scale)
    m = len(experiment.training.labels)
    batch_size = m if training.batch_size == "full" else training.batch_size
    training_set = _batches(experiment, experiment.training, batch_size, dtype)
    validation_set = None
    if experiment.validation.paths:
        validation_set = _batches(experiment, experiment.validation, VALIDATION_BATCH_SIZE, dtype)
    learning_rate = LearningRate(
        training.learning_rate,
        training.schedule,
        training.epochs,
        len(training_set),
        step_epochs=training.step_epochs,
        step_factor=training.step_factor,
        warmup_epochs=training.warmup_epochs,
    )
    settings = Settings(
        epochs=training.epochs,
        activation=network.activation,
        l2=training.l2,
        dropout=network.dropout,
        gradient_clip_norm=training.gradient_clip_norm,
        class_weights=_class_weights(training.class_weights, experiment, dtype),
        patience=training.patience,
        monitor=training.monitor,
        seed=training.seed,
    )
    optimizer = _make_optimizer(training, parameters)
    return Trainer(parameters, optimizer, learning_rate, training_set, validation_set, settings)


def _batches(experiment: Experiment, images: ImageSet, batch_size: int, dtype: Any) -> Batches:
    return Batches(images.pixels, images.labels, experiment.scaling, batch_size, dtype)


def _make_optimizer(training: TrainingConfig, parameters: Parameters) -> Optimizer:
    theta, n_weights = parameters.flat, parameters.weights.size
    beta1, beta2, epsilon = training.beta1, training.beta2, training.epsilon
    make: dict[str, Callable[[], Optimizer]] = {
        "gradient_descent": GradientDescent,
        "momentum": lambda: Momentum(theta, momentum=training.momentum),
        "nesterov": lambda: Momentum(theta, momentum=training.momentum, nesterov=True),
        "rmsprop": lambda: RMSprop(theta, beta2=beta2, epsilon=epsilon),
        "adam": lambda: Adam(theta, beta1=beta1, beta2=beta2, epsilon=epsilon),
        "adamw": lambda: Adam(
            theta, n_weights, beta1=beta1, beta2=beta2, epsilon=epsilon, weight_decay=training.weight_decay
        ),
    }
    return make[training.optimizer]()


def _class_weights(setting: Any, experiment: Experiment, dtype: Any) -> NDArray[Any] | None:
    """One weight per class: as written, or m / (n_classes * m_class), which gives every class the same say."""
    if setting == "none":
        return None
    classes = experiment.plan.classes
    if setting == "balanced":
        counts = np.bincount(experiment.training.labels, minlength=len(classes))
        return (len(experiment.training.labels) / (len(classes) * counts)).astype(dtype)
    return np.array([setting.get(name, 1.0) for name in classes], dtype)
