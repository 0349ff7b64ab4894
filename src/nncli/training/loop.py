"""Training: the five parts, over and over.

One step looks at one batch. One epoch looks at every training example once, in an order of its own, and ends with a
look at the validation set, which decides which epoch's parameters are kept.
"""

from __future__ import annotations

import functools
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import TrainingError
from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import draw_dropout_masks, forward
from nncli.network.loss import mean_loss
from nncli.network.normalization import fold, move_running_statistics
from nncli.network.optimization import Optimizer, clip_by_norm
from nncli.network.parameters import Parameters, Workspace
from nncli.training.communicator import SingleProcess
from nncli.training.mixing import example_weights, smooth
from nncli.training.state import EpochResult, TrainingState, score
from nncli.training.validation import count_correct, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.network.parameters import Array
    from nncli.training.communicator import Communicator, Gradients
    from nncli.training.dataset import Dataset
    from nncli.training.schedules import LearningRate
    from nncli.training.settings import Settings


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
        between_steps: Callable[[], None] = lambda: None,
    ) -> Iterator[EpochResult]:
        """Train to the end, or until `should_stop` says so between two batches.

        A stop in the last batch of an epoch or in its validation leaves the validation for the next time.

        Args:
            should_stop: Asked after every batch.
            on_batch: Told the number of examples of every finished batch.
            between_steps: Called after every batch when the training can be saved: all parameters are updated, and no
                process updates any before this one is back.

        Yields:
            The result of each epoch.

        Raises:
            TrainingError: The loss is not finite. `state.best` still holds the best parameters before that.
        """

        def help_training(gradients: Gradients) -> None:
            for _ in self._epochs(gradients, lambda: False, lambda _m: None, lambda: None):
                pass  # process 0 reports

        with self.communicator.helped(self.parameters.flat, help_training) as gradients:
            yield from self._epochs(gradients, should_stop, on_batch, between_steps)

    def _epochs(
        self,
        gradients: Gradients,
        should_stop: Callable[[], bool],
        on_batch: Callable[[int], None],
        between_steps: Callable[[], None],
    ) -> Iterator[EpochResult]:
        """Work of each process."""
        network = self.parameters
        self._gradients = [network.like(flat=gradient) for gradient in gradients]
        self._workspace = Workspace.of(network, self.training_set.batch_size, dropout=self.settings.dropout)
        self._workspace.add_up = self.communicator.add_up
        if self.validation_set:
            self._validation_workspace = Workspace.of(network, self.validation_set.batch_size, training=False)
        with np.errstate(all="ignore"):  # a diverging training is told in words, from the loss, not by NumPy's warnings
            stop = False
            while not (stop or self.is_finished):
                if self._train_epoch(should_stop, on_batch, between_steps):
                    return
                result = self._finish_epoch(should_stop)
                if result is None:
                    return
                yield result
                stop = self.communicator.finish_step(should_stop())

    def _train_epoch(
        self, should_stop: Callable[[], bool], on_batch: Callable[[int], None], between_steps: Callable[[], None]
    ) -> bool:
        """Train on the rest of the epoch under way, or until asked to stop; returns whether asked."""
        state, communicator = self.state, self.communicator
        started = time.perf_counter() - state.seconds
        n_examples, batch_size, stop = self.training_set.n_examples, self.training_set.batch_size, False
        pieces = self._pieces()
        while state.batch < len(self.training_set):
            m = min(batch_size, n_examples - state.batch * batch_size)
            loss_sum, n_correct = self._step(pieces, m)
            if not math.isfinite(loss_sum):
                raise self._not_finite()
            state.batch += 1
            state.n_seen += m
            state.loss_sum += loss_sum
            state.n_correct += int(n_correct)
            on_batch(m)
            stop = communicator.finish_step(should_stop())
            before, state.seconds = state.seconds, time.perf_counter() - started
            if stop:
                break
            between_steps()  # the other processes wait for the next gradient before they move a parameter
            if communicator.adapt(state.seconds - before):
                pieces = self._pieces()
        return stop

    def _pieces(self) -> list[Iterator[tuple[NDArray[Any], NDArray[np.intp]]]]:
        """The rest of the epoch's batches, for each of this process's pieces of them."""
        seed, epoch, batch = self.settings.seed, self.state.epoch, self.state.batch
        return [
            self.training_set.shuffled(seed, epoch, batch, functools.partial(self._drawn, number))
            for number in self.communicator.pieces
        ]

    def _step(self, pieces: list[Iterator[tuple[NDArray[Any], NDArray[np.intp]]]], m: int) -> list[float]:
        """One step of gradient descent on the next batch, of m examples.

        Returns:
            The sum of their losses and the number of classes predicted right, over the whole batch.
        """
        settings, communicator, parameters = self.settings, self.communicator, self.parameters
        random = self.state.rng.bit_generator
        sums: list[Sequence[float]] = []
        before = random.state if len(pieces) > 1 else None
        for number, piece in zip(communicator.pieces, pieces, strict=True):
            if before is not None:
                random.state = before  # all pieces draw alike, as in processes of their own
            X, Y = next(piece)
            sums += communicator.told(*self._backpropagate(number, X, Y, m))
        totals = communicator.sum(sums)  # one process has them already
        gradient, parts = self._gradients[0], communicator.parts(parameters.flat.size)
        if settings.gradient_clip_norm is not None:
            self._clip([gradient.learned[part] for part in parts], settings.gradient_clip_norm)
        alpha, own = self.learning_rate.at(self.optimizer.step_count), slice(parts[0].start, parts[-1].stop)
        self.optimizer.step(parameters.learned, gradient.learned, alpha, own)  # part 5
        if parameters.normalization == "batch":
            measured = slice(max(own.start or 0, parameters.learned.size), own.stop)
            step, size = self.optimizer.step_count, m / self.training_set.batch_size
            move_running_statistics(parameters.flat[measured], gradient.flat[measured], step, size)
        return totals

    def _backpropagate(self, number: int, X: NDArray[Any], Y: NDArray[np.intp], m: int) -> tuple[list[float], int]:
        """The gradient of piece `number` of a batch of m examples, for which X and Y were drawn.

        Returns:
            The sum of the piece's losses for each member that is computed here, and the number of classes that all
            members together predicted right.
        """
        settings, communicator = self.settings, self.communicator
        parameters, workspace, gradients = self.parameters, self._workspace, self._gradients[number]

        workspace.n_batch = m
        X, Y, weights = self._targets(number, X, Y, m)
        n_members = len(parameters.members)
        own = communicator.members(n_members)
        product = np.matmul if settings.l2 else communicator.product
        costs, answers = [], []
        for member, (network, gradient) in enumerate(zip(parameters.members, gradients.members, strict=True)):
            if settings.dropout:  # everywhere for all, so that all processes go on from the same state
                draw_dropout_masks(workspace, self.state.rng, m, self._piece(number, m))
            if member not in own:
                continue
            answers.append(forward(network, workspace, X, settings.activation) / n_members)  # part 2
            cost = mean_loss(workspace, Y, weights, batch_size=m, loss=settings.loss)  # part 3
            costs.append(cost * m / n_members)
            backpropagate(  # part 4
                network, workspace, Y, gradient,
                activation=settings.activation, l2=settings.l2 / communicator.n_pieces, example_weights=weights,
                batch_size=m, loss=settings.loss, product=product,
            )  # fmt: skip
        return costs, count_correct(communicator.vote(answers), Y, settings.loss)

    def _piece(self, number: int, m: int) -> slice | NDArray[np.intp]:
        """The places of a piece in the batch of m that was drawn last."""
        held = self.training_set.held
        return self.communicator.piece(number, m) if held is None else held

    def _drawn(self, number: int, m: int) -> slice | NDArray[np.intp]:
        """The places of a piece in a batch of m; where examples are mixed also that of the next one."""
        piece = self.communicator.piece(number, m)
        if self.communicator.n_pieces == 1 or self.settings.mixing is None:
            return piece
        return np.arange(piece.start, piece.stop + 1) % m

    def _targets(
        self, number: int, X: NDArray[Any], Y: NDArray[np.intp], m: int
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
        """Examples of a piece, which may get mixed, their targets, and the weights of their losses."""
        settings, n_outputs = self.settings, self.parameters.layer_dims[-1]
        targets = settings.mixing.apply(self.state.rng, X, Y, n_outputs) if settings.mixing else Y
        piece = self._piece(number, m)
        n_own = len(range(m)[piece]) if isinstance(piece, slice) else len(piece)
        X, targets = X[:, :n_own], targets[..., :n_own]
        weights = None if settings.class_weights is None else example_weights(settings.class_weights, targets)
        if self.training_set.weights is not None:  # of a mixed example those of the one that it was
            own = self.training_set.weights[:n_own]
            weights = own if weights is None else own * weights
        if settings.label_smoothing:
            targets = smooth(targets, settings.label_smoothing, n_outputs, X.dtype)
        return X, targets, weights

    def _clip(self, parts: list[Array], max_norm: float) -> None:
        """Clip by the norm of the whole gradient, of which `parts` are this process's."""
        squared_norm = self.communicator.over_parts([float(np.dot(part, part)) for part in parts])
        for part in parts:
            clip_by_norm(part, max_norm, squared_norm)

    def _finish_epoch(self, should_stop: Callable[[], bool]) -> EpochResult | None:
        """Validate, remember the best parameters, and close the books of the epoch; None if stopped before that."""
        state, started = self.state, time.perf_counter()
        val_loss = val_accuracy = None
        if self.validation_set:
            sums = self._validate(self.validation_set, should_stop)
            if self.communicator.agree(sums is None) or sums is None:
                return None
            n_examples = self.validation_set.n_examples
            val_loss, val_accuracy = (total / n_examples for total in self.communicator.total(sums))
        if not math.isfinite(float(self.parameters.flat.sum()) + (val_loss or 0)):
            raise self._not_finite()
        state.epoch += 1
        result = EpochResult(
            epoch=state.epoch,
            loss=state.loss_sum / state.n_seen,
            accuracy=state.n_correct / state.n_seen if self.settings.has_accuracy else None,
            val_loss=val_loss,
            val_accuracy=val_accuracy if self.settings.has_accuracy else None,
            learning_rate=self.learning_rate.at(self.optimizer.step_count - 1),
            seconds=state.seconds + time.perf_counter() - started,
        )
        state.history.append(result)
        if not state.best_score or score(result, self.settings.monitor) > state.best_score:
            state.best_score, state.best_epoch = score(result, self.settings.monitor), state.epoch
            if self.communicator.rank == 0:
                state.best[:] = self.parameters.flat
        state.begin_epoch()
        return result

    def _validate(self, validation_set: Dataset, should_stop: Callable[[], bool]) -> list[tuple[float, int]] | None:
        """Losses and hits in each of this process's shares of the set, as of `evaluate`; None if stopped before."""
        parameters, sums = fold(self.parameters), []
        for number in self.communicator.shares:
            share = validation_set.in_order(functools.partial(self.communicator.share, number))
            its = evaluate(
                parameters, self._validation_workspace, share, self.settings.activation, should_stop,
                loss=self.settings.loss,
            )  # fmt: skip
            if its is None:
                return None
            sums.append(its)
        return sums

    def _not_finite(self) -> TrainingError:
        alpha = self.learning_rate.base
        return TrainingError(
            f"the loss is not finite in epoch {self.state.epoch + 1}: the steps are too large; "
            f"try training.learning_rate {alpha / 10:.3g} instead of {alpha:.3g}, or training.gradient_clip_norm 1"
        )
