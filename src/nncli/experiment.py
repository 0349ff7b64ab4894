"""From a config to everything that training needs, checked in the order of its cost.

    plan_experiment    reads folders, no image: classes, split, layer_dims against pixels and classes
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
from nncli.data.image_folder import LabeledFiles, scan_image_folder
from nncli.data.image_format import ImageFormat
from nncli.data.loading import BadImage, load_images
from nncli.data.scaling import SCALINGS, Scaling
from nncli.data.split import stratified_split
from nncli.errors import DataError
from nncli.model_file import Model
from nncli.network.initialization import initialize
from nncli.network.optimization import Adam, GradientDescent, Momentum, Optimizer, RMSprop
from nncli.network.parameters import Parameters
from nncli.text import printable
from nncli.training.loop import Settings, Trainer
from nncli.training.schedules import LearningRate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.config import ConfigFile, TrainConfig
    from nncli.config.options import TrainingConfig

MAX_NAMED = 10
"""Bad images named in one message."""

VALIDATION_BATCH_SIZE = 256


@dataclass(frozen=True)
class Plan:
    """What would be trained on what; no image has been opened yet.

    Attributes:
        config_file: Where the settings come from.
        classes: In natural order.
        image_format: How images become pixel values.
        layer_dims: (n_0, ..., n_L), nothing automatic left.
        training_files, validation_files: The split; validation may be empty.
        notes: What is worth knowing about the folder.
        unused_keys: Keys of the config that the folder makes meaningless.
    """

    config_file: ConfigFile
    classes: tuple[str, ...]
    image_format: ImageFormat
    layer_dims: tuple[int, ...]
    training_files: LabeledFiles
    validation_files: LabeledFiles
    notes: tuple[str, ...]
    unused_keys: tuple[str, ...]

    @property
    def n_images(self) -> int:
        """Images of both parts of the split."""
        return len(self.training_files.paths) + len(self.validation_files.paths)

    @property
    def config(self) -> TrainConfig:
        """The settings."""
        return self.config_file.config

    @property
    def n_parameters(self) -> int:
        """Weights and biases of the network."""
        n = self.layer_dims
        return sum(n[l] * n[l - 1] + n[l] for l in range(1, len(n)))


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


def plan_experiment(config_file: ConfigFile) -> Plan:
    """Scan the folder and check the config against it.

    Raises:
        ConfigError: The config does not fit the folder; nothing was started.
        DataError: The folder cannot be used.
    """
    config = config_file.config
    folder = scan_image_folder(config.data.path)
    files = folder.splits.get("all") or folder.splits["train"]
    validation = folder.splits.get("val")
    if validation is None:
        train_index, val_index = stratified_split(files.labels, config.data.validation_split, config.training.seed)
        training, validation = _choose(files, train_index), _choose(files, val_index)
    elif config_file.was_set("data.validation_split"):
        raise config_file.error(
            "data.validation_split", f"data.validation_split has no use: {config.data.path} has a val folder; remove one"
        )
    else:
        training = files
    if config.training.patience is not None and not validation.paths:
        raise config_file.error(
            "training.patience", "training.patience needs validation images: set data.validation_split, or remove patience"
        )
    _check_class_weights(config_file, folder.classes)
    height, width = config.data.image_size
    image_format = ImageFormat(height, width, config.data.color, config.data.resize)
    layer_dims = _resolve_layer_dims(config_file, image_format, folder.classes)
    unused_keys = ("data.validation_split",) if "val" in folder.splits else ()
    return Plan(config_file, folder.classes, image_format, layer_dims, training, validation, folder.notes, unused_keys)


def _choose(files: LabeledFiles, indices: NDArray[np.intp]) -> LabeledFiles:
    return LabeledFiles(tuple(files.paths[i] for i in indices), tuple(files.labels[i] for i in indices))


def _check_class_weights(config_file: ConfigFile, classes: tuple[str, ...]) -> None:
    weights = config_file.config.training.class_weights
    if isinstance(weights, str):
        return
    for name in weights:
        if name not in classes:
            raise config_file.error(
                f"training.class_weights.{name}",
                f"training.class_weights names a class {name!r} that the data do not have; "
                f"they have {', '.join(map(printable, classes))}",
            )


def _resolve_layer_dims(config_file: ConfigFile, image_format: ImageFormat, classes: tuple[str, ...]) -> tuple[int, ...]:
    dims = list(config_file.config.network.layer_dims)
    dims[0] = image_format.n_features  # the config has checked a number already
    if dims[-1] == "auto":
        dims[-1] = 1 if len(classes) == 2 else len(classes)
    if dims[-1] != len(classes) and not (dims[-1] == 1 and len(classes) == 2):
        raise config_file.error(
            f"network.layer_dims[{len(dims) - 1}]",
            f"network.layer_dims ends with {dims[-1]} but {config_file.config.data.path} has {len(classes)} classes "
            f"({', '.join(map(printable, classes[:4]))}{', ...' if len(classes) > 4 else ''}); write auto",
        )
    return tuple(int(n) for n in dims)


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
            raise DataError(f"class {printable(name)!r} has no readable image to train on; add some, or remove its folder")
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
    initialize(
        parameters, np.random.default_rng(training.seed), network.initialization, network.initialization_scale
    )
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
    theta, adam = parameters.flat, {"beta1": training.beta1, "beta2": training.beta2, "epsilon": training.epsilon}
    make: dict[str, Callable[[], Optimizer]] = {
        "gradient_descent": GradientDescent,
        "momentum": lambda: Momentum(theta, momentum=training.momentum),
        "nesterov": lambda: Momentum(theta, momentum=training.momentum, nesterov=True),
        "rmsprop": lambda: RMSprop(theta, beta2=training.beta2, epsilon=training.epsilon),
        "adam": lambda: Adam(theta, **adam),
        "adamw": lambda: Adam(theta, parameters.weights.size, **adam, weight_decay=training.weight_decay),
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
