"""From an experiment to a trainer: the network with its first weights, its optimizer, its processes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.machine.backend import is_on_host, room_beside
from nncli.network.initialization import initialize
from nncli.network.optimization import Adam, GradientDescent, Momentum, Optimizer, RMSprop
from nncli.network.parameters import Parameters
from nncli.run.training_data import VALIDATION_BATCH_SIZE, Device, training_batches
from nncli.training.communicator import SingleProcess
from nncli.training.loop import Trainer
from nncli.training.mixing import Mixing
from nncli.training.processes import make_communicator
from nncli.training.rank_communicator import communicator_over
from nncli.training.schedules import LearningRate
from nncli.training.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.config.options import TrainingConfig
    from nncli.network.parameters import Array
    from nncli.run.dataset import Experiment
    from nncli.training.communicator import Communicator

FLOPS_PER_WEIGHT = 6
"""Of an example and a weight in a training step."""

AUGMENTATION_WORK = 100_000
"""Changing an image at random takes about as long as a step with so many weights."""

VECTORS = 6
"""Vectors of the parameters' length on a GPU: these, their gradient, the best ones, two of Adam, one in passing."""

ROWS = 7
"""Numbers that a batch leaves in each unit: Z, A, dZ, with normalization and dropout three more, one in passing."""


FEATURE_BYTES = 1 << 28
"""For images on a GPU while their features are computed."""


def make_trainer(
    experiment: Experiment,
    communicator: Communicator | None = None,
    on_progress: Callable[[int], None] = lambda _n: None,
    on_note: Callable[[str], None] = lambda _note: None,
) -> Trainer:
    """A network with its first weights, ready to train.

    Args:
        experiment: Data and plan.
        communicator: Of the processes that train; by default as many as the config says.
        on_progress: Told the number of images whose features have just been computed.
        on_note: Told in a line why these could not be kept in the cache.
    """
    config = experiment.config
    training, network, dims = config.training, config.network, experiment.plan.layer_dims
    dtype = np.dtype(training.precision)
    m = experiment.training.n_images
    batch_size = m if training.batch_size == "full" else training.batch_size
    like = experiment.like
    device = None if is_on_host(like) else _device(like, experiment, batch_size, dtype)
    normalization, output, n_members = network.normalization, experiment.task.output(dims[-1]), training.ensemble
    parameters = Parameters(dims, dtype, normalization=normalization, n_members=n_members, output=output, like=like)
    communicator = communicator or communicator_of(experiment)
    parameters = parameters.like(flat=communicator.zeros_like(parameters.flat))
    if communicator.rank == 0:  # the others take over from it
        rng = np.random.default_rng(training.seed)
        initialize(parameters, rng, network.initialization, network.initialization_scale)
    training_set, validation_set = training_batches(experiment, batch_size, dtype, on_progress, on_note, device)
    learning_rate = _learning_rate(training, len(training_set))
    settings = Settings(
        epochs=training.epochs,
        activation=network.activation,
        l2=training.l2,
        dropout=network.dropout,
        gradient_clip_norm=training.gradient_clip_norm,
        class_weights=_class_weights(training.class_weights, experiment, dtype, like),
        label_smoothing=training.label_smoothing,
        mixing=_mixing(training),
        patience=training.patience,
        monitor=training.monitor,
        seed=training.seed,
        loss=experiment.task.loss,
    )
    optimizer = _make_optimizer(training, parameters, communicator.zeros_like)
    return Trainer(parameters, optimizer, learning_rate, training_set, validation_set, settings, communicator)


def _learning_rate(training: TrainingConfig, n_steps: int) -> LearningRate:
    """That of every step; `n_steps` of them make an epoch."""
    return LearningRate(
        training.learning_rate,
        training.schedule,
        training.epochs,
        n_steps,
        step_epochs=training.step_epochs,
        step_factor=training.step_factor,
        warmup_epochs=training.warmup_epochs,
    )


def _device(like: Array, experiment: Experiment, batch_size: int, dtype: np.dtype[Any]) -> Device:
    """The GPU that `like` lies on, with the room that is left beside the network.

    Raises:
        UsageError: The network does not fit.
    """
    plan, largest_batch = experiment.plan, max(batch_size, VALIDATION_BATCH_SIZE)
    n_numbers = VECTORS * plan.n_parameters + ROWS * largest_batch * sum(plan.layer_dims)
    of_features = FEATURE_BYTES if experiment.features else 0
    return Device(like, room_beside(dtype.itemsize * n_numbers + of_features))


def communicator_of(experiment: Experiment, n_pieces: int | None = None) -> Communicator:
    """The processes of the run, where there are several already, or those that training starts.

    Args:
        experiment: Data and plan.
        n_pieces: How many pieces a batch is divided into, see `make_communicator`.
    """
    if experiment.ranks.size > 1:
        return communicator_over(experiment.ranks)
    if experiment.config.training.backend != "numpy":
        return SingleProcess()
    training, n = experiment.config.training, experiment.plan.layer_dims
    m = len(experiment.training.labels)
    batch_size = m if training.batch_size == "full" else training.batch_size
    n_weights = training.ensemble * sum(n[l] * n[l - 1] for l in range(1, len(n)))
    work_anew = _feature_work(experiment)
    n_steps = training.epochs * math.ceil(m / batch_size)
    adapts = experiment.config.network.normalization != "batch"
    return make_communicator(
        training.processes, n_weights + work_anew, batch_size, n_steps, n_pieces,
        n_members=1 if work_anew else training.ensemble, adapts=adapts,
    )  # fmt: skip


def _feature_work(experiment: Experiment) -> int:
    """Cost of an image's features in every epoch, in weights of a network that would cost as much."""
    data = experiment.config.data
    if data.augmentation in ("none", "mirror"):
        return 0
    return sum(block.flops(data.shape) for block in data.features) // FLOPS_PER_WEIGHT + AUGMENTATION_WORK


def _make_optimizer(
    training: TrainingConfig, parameters: Parameters, zeros_like: Callable[[Array], Array]
) -> Optimizer:
    theta, n_weights = parameters.learned, parameters.weights.size
    block = None if is_on_host(theta) else theta.size  # a GPU has no cache to make use of, but each pass its price
    beta1, beta2, epsilon = training.beta1, training.beta2, training.epsilon
    make: dict[str, Callable[[], Optimizer]] = {
        "gradient_descent": GradientDescent,
        "momentum": lambda: Momentum(theta, momentum=training.momentum, zeros_like=zeros_like, block=block),
        "nesterov": lambda: Momentum(
            theta, momentum=training.momentum, nesterov=True, zeros_like=zeros_like, block=block
        ),
        "rmsprop": lambda: RMSprop(theta, beta2=beta2, epsilon=epsilon, zeros_like=zeros_like, block=block),
        "adam": lambda: Adam(theta, beta1=beta1, beta2=beta2, epsilon=epsilon, zeros_like=zeros_like, block=block),
        "adamw": lambda: Adam(
            theta,
            n_weights,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            weight_decay=training.weight_decay,
            zeros_like=zeros_like,
            block=block,
        ),
    }
    return make[training.optimizer]()


def _mixing(training: TrainingConfig) -> Mixing | None:
    if training.mixing == "none":
        return None
    return Mixing(training.mixing, training.mixing_probability, training.mixing_alpha)


def _class_weights(setting: Any, experiment: Experiment, dtype: Any, like: Array) -> NDArray[Any] | None:
    """One weight per class: as written, or m / (n_classes * m_class), which gives every class the same say."""
    if setting == "none":
        return None
    classes = experiment.classes
    if setting == "balanced":
        counts = experiment.training.class_counts(len(classes))
        weights = experiment.training.n_images / (len(classes) * counts)
    else:
        weights = np.array([setting.get(name, 1.0) for name in classes])
    return np.asarray(weights.astype(dtype), like=like)
