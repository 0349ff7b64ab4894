"""Where a training stands: what changes from batch to batch and epoch to epoch, beside parameters and optimizer.

Together with those two it is all that a checkpoint has to hold, so that a resumed training continues to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from nncli.network.parameters import Array


@dataclass(frozen=True)
class EpochResult:
    """Results of one epoch; without the seconds a row of history.csv.

    Attributes:
        epoch: Its number, from 1.
        loss: Loss per example over the epoch's training batches, each measured before its own step.
        accuracy: Share of the training examples predicted right, measured likewise; None where there are no classes.
        val_loss: Loss per example of the validation set after the epoch; None without one.
        val_accuracy: Accuracy on it; None without one, or without classes.
        learning_rate: Of the epoch's last step.
        seconds: Duration, validation included.
    """

    epoch: int
    loss: float
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float


@dataclass
class TrainingState:
    """The state of a training.

    Attributes:
        rng: For dropout; the order of the examples depends on seed and epoch alone.
        best: Parameters of the best epoch so far, (size,).
        epoch: Finished epochs.
        batch: Finished batches of the epoch under way.
        loss_sum, n_correct, n_seen: Sums over those batches.
        seconds: Time spent on the epoch under way.
        best_epoch: Number of the best epoch, 0 before the first.
        best_score: What it scored; see `Monitor`.
        history: One result per finished epoch.
    """

    rng: np.random.Generator
    best: Array
    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    n_correct: int = 0
    n_seen: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best_score: tuple[float, ...] = ()
    history: list[EpochResult] = field(default_factory=list)

    def begin_epoch(self) -> None:
        """Set the sums of the epoch under way to zero."""
        self.batch, self.loss_sum, self.n_correct, self.n_seen, self.seconds = 0, 0.0, 0, 0, 0.0


def score(result: EpochResult, monitor: str) -> tuple[float, ...]:
    """How good an epoch was: larger is better, compared from left to right.

    Args:
        result: The epoch.
        monitor: `accuracy` (the lower loss decides between equal ones), `loss` or `last`. With `last`, and without a
            validation set, by which alone it could be judged, the later epoch is the better one.
    """
    if result.val_loss is None or monitor == "last":
        return (result.epoch,)
    if monitor == "loss" or result.val_accuracy is None:
        return (-result.val_loss,)
    return result.val_accuracy, -result.val_loss
