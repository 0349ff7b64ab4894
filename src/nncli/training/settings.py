"""Settings of the training loop, beside its network, optimizer and data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.training.mixing import Mixing


@dataclass(frozen=True)
class Settings:
    """The hyperparameters that the loop itself needs; config/options.py explains each."""

    epochs: int
    activation: str = "relu"
    l2: float = 0.0
    dropout: float = 0.0
    gradient_clip_norm: float | None = None
    class_weights: NDArray[Any] | None = None
    label_smoothing: float = 0.0
    mixing: Mixing | None = None
    patience: int | None = None
    monitor: str = "accuracy"
    seed: int = 0
    loss: str = "cross_entropy"

    @property
    def has_accuracy(self) -> bool:
        """Whether an example can be right: of numbers none is."""
        return self.loss in ("cross_entropy", "labels_cross_entropy")
