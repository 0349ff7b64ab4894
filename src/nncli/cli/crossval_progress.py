"""A cross-validation as the command line shows it: a bar for each fold, and what each brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.messages import say
from nncli.cli.progress import OwnNotes, Progress
from nncli.run.cross_validation import FoldHooks
from nncli.text import counted

if TYPE_CHECKING:
    from nncli.run.hooks import Counts
    from nncli.run.training import Training
    from nncli.training.state import EpochResult


class OwnFoldNotes(OwnNotes, FoldHooks):
    """Notes of a process that helps the first one."""


class CrossvalProgress(Progress, FoldHooks):
    """Folds shown on stderr.

    Args:
        mode: As for `Progress`.

    Attributes:
        n_done: Folds that are finished and kept.
    """

    def __init__(self, mode: str) -> None:
        super().__init__(mode)
        self.n_done = 0

    def on_fold(self, number: int, n_folds: int, n_training: int, n_images: int) -> None:
        """Say it."""
        self.n_done = number - 1
        say(f"fold {number} of {n_folds}: {counted(n_training, 'image')} to train on, {n_images:,} to predict")

    def on_fold_done(self, number: int, result: str) -> None:
        """Say it."""
        self.n_done = number
        say(f"fold {number}: {result}")

    def on_training(self, training: Training) -> Counts:
        """Show a bar over all epochs of the fold."""
        trainer, state = training.trainer, training.trainer.state
        return self.training(trainer.settings.epochs, state.epoch, trainer.training_set.n_examples, state.n_seen)

    def on_epoch(self, result: EpochResult) -> None:
        """Count it in the bar; in lines a fold is one."""
        if self._bar is not None:
            self.show_epoch(result, is_best=False)
