"""Training: the five parts, over and over.

One step looks at one batch. One epoch looks at every training example once, in an order of its own, and ends with a
look at the validation set, which decides which epoch's parameters are kept.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nncli.errors import TrainingError
from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import draw_dropout_masks, forward
from nncli.network.loss import cross_entropy
from nncli.network.optimization import Optimizer, clip_by_norm
from nncli.network.parameters import Parameters, Workspace
from nncli.training.communicator import Communicator, SingleProcess
from nncli.training.state import EpochResult, TrainingState, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from nncli.training.schedules import LearningRate


class Dataset(Protocol):
    """What the loop asks of a set of examples; `nncli.data.batches.Batches` is one."""

    batch_size: int

    @property
    def n_examples(self) -> int:
        """Examples in the set."""

    def __len__(self) -> int:
        """Batches in an epoch."""

    def shuffled(self, seed: int, epoch: int, skip: int = 0) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """X, (n_0, m), and Y, (m,), in the random order of this epoch, without the first `skip` batches."""

    def in_order(self) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """The same in the order of the set."""


@dataclass(frozen=True)
class Settings:
    """The hyperparameters that the loop itself needs; config/options.py explains each."""

    epochs: int
    activation: str = "relu"
    l2: float = 0.0
    dropout: float = 0.0
    gradient_clip_norm: float | None = None
    class_weights: NDArray[Any] | None = None
    patience: int | None = None
    monitor: str = "accuracy"
    seed: int = 0


class Trainer:
    """A training that can be stopped after any batch and continued to the bit.

    Args:
        parameters: Initialized; trained in place.
        optimizer: Moves them.
        learning_rate: Its schedule.
        training_set: Batches to learn from.
        validation_set: Batches to judge by, or None.
        settings: Hyperparameters.
        communicator: Adds up gradients where several processes share a batch.
    """

    def __init__(
        self,
        parameters: Parameters,
        optimizer: Optimizer,
        learning_rate: LearningRate,
        training_set: Dataset,
        validation_set: Dataset | None,
        settings: Settings,
        communicator: Communicator | None = None,
    ) -> None:
        self.parameters, self.optimizer, self.learning_rate = parameters, optimizer, learning_rate
        self.training_set, self.validation_set, self.settings = training_set, validation_set, settings
        self.communicator = communicator or SingleProcess()
        self.state = TrainingState(rng=np.random.default_rng([settings.seed, 0, 1]), best=parameters.flat.copy())

        dims, dtype = parameters.layer_dims, parameters.flat.dtype
        self._gradients = parameters.like()
        self._workspace = Workspace(dims, training_set.batch_size, dtype, dropout=settings.dropout)
        if validation_set:
            self._validation_workspace = Workspace(dims, validation_set.batch_size, dtype, training=False)

    @property
    def stopped_early(self) -> bool:
        """Whether `patience` epochs have passed without a better one."""
        patience = self.settings.patience
        return patience is not None and self.state.epoch - self.state.best_epoch >= patience

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.state.epoch >= self.settings.epochs or self.stopped_early

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        on_batch: Callable[[int], None] = lambda _m: None,
    ) -> Iterator[EpochResult]:
        """Train to the end, or until `should_stop` says so between two batches.

        Args:
            should_stop: Asked after every batch.
            on_batch: Told the number of examples of every finished batch.

        Yields:
            The result of each epoch.

        Raises:
            TrainingError: The loss is not finite. `state.best` still holds the best parameters before that.
        """
        with np.errstate(all="ignore"):  # a diverging training is told in words, from the loss
            while not self.is_finished:
                if not self._train_epoch(should_stop, on_batch):
                    return
                yield self._finish_epoch()
                if should_stop():
                    return

    def _train_epoch(self, should_stop: Callable[[], bool], on_batch: Callable[[int], None]) -> bool:
        """Train on the rest of the epoch under way; False if stopped before its end."""
        state, settings, started = self.state, self.settings, time.perf_counter()
        for X, Y in self.training_set.shuffled(settings.seed, state.epoch, skip=state.batch):
            cost = self._step(X, Y)
            if not math.isfinite(cost):
                raise self._not_finite()
            state.batch += 1
            state.n_seen += Y.size
            state.loss_sum += cost * Y.size
            on_batch(Y.size)
            if should_stop() and state.batch < len(self.training_set):
                state.seconds += time.perf_counter() - started
                return False
        state.seconds += time.perf_counter() - started
        return True

    def _step(self, X: NDArray[Any], Y: NDArray[np.intp]) -> float:
        """One step of gradient descent on one batch; returns its cross-entropy."""
        settings, parameters, workspace, gradients = self.settings, self.parameters, self._workspace, self._gradients
        weights = None if settings.class_weights is None else settings.class_weights[Y]
        options: dict[str, Any] = {"activation": settings.activation, "l2": settings.l2, "example_weights": weights}

        if settings.dropout:
            draw_dropout_masks(workspace, self.state.rng, Y.size)
        Y_hat = forward(parameters, workspace, X, settings.activation)  # part 2
        cost = cross_entropy(workspace, Y, weights)  # part 3
        backpropagate(parameters, workspace, Y, gradients, **options)  # part 4
        self.communicator.sum(gradients.flat)  # nothing to do for one process
        if settings.gradient_clip_norm is not None:
            clip_by_norm(gradients.flat, settings.gradient_clip_norm)
        alpha = self.learning_rate.at(self.optimizer.step_count)
        self.optimizer.step(parameters.flat, gradients.flat, alpha)  # part 5

        self.state.n_correct += count_correct(Y_hat, Y)
        return cost

    def _finish_epoch(self) -> EpochResult:
        """Validate, remember the best parameters, and close the books of the epoch."""
        state, started = self.state, time.perf_counter()
        val_loss = val_accuracy = None
        if self.validation_set:
            val_loss, val_accuracy = evaluate(
                self.parameters, self._validation_workspace, self.validation_set, self.settings.activation
            )
        if not math.isfinite(float(self.parameters.flat.sum()) + (val_loss or 0)):
            raise self._not_finite()
        state.epoch += 1
        result = EpochResult(
            epoch=state.epoch,
            loss=state.loss_sum / state.n_seen,
            accuracy=state.n_correct / state.n_seen,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=self.learning_rate.at(self.optimizer.step_count - 1),
            seconds=state.seconds + time.perf_counter() - started,
        )
        state.history.append(result)
        if not state.best_score or score(result, self.settings.monitor) > state.best_score:
            state.best_score, state.best_epoch = score(result, self.settings.monitor), state.epoch
            state.best[:] = self.parameters.flat
        state.begin_epoch()
        return result

    def _not_finite(self) -> TrainingError:
        alpha = self.learning_rate.base
        return TrainingError(
            f"the loss is not finite in epoch {self.state.epoch + 1}: the steps are too large; "
            f"try training.learning_rate {alpha / 10:.3g} instead of {alpha:.3g}, or training.gradient_clip_norm 1"
        )


def count_correct(Y_hat: NDArray[Any], Y: NDArray[np.intp]) -> int:
    """How many columns of Y_hat, (n_L, m), have their largest probability at the class index in Y, (m,)."""
    predicted = Y_hat[0] > 0.5 if Y_hat.shape[0] == 1 else Y_hat.argmax(axis=0)
    return int(np.count_nonzero(predicted == Y))


def evaluate(
    parameters: Parameters, workspace: Workspace, dataset: Dataset, activation: str = "relu"
) -> tuple[float, float]:
    """Loss (nats per example) and accuracy (0..1) on a whole set."""
    loss_sum, n_correct = 0.0, 0
    for X, Y in dataset.in_order():
        Y_hat = forward(parameters, workspace, X, activation)
        loss_sum += cross_entropy(workspace, Y) * Y.size
        n_correct += count_correct(Y_hat, Y)
    return loss_sum / dataset.n_examples, n_correct / dataset.n_examples
