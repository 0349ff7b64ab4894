"""Hooks of a run: progress for its owner, and how it can be stopped.

Training asks and tells; whoever starts it overrides what it cares for: a command shows bars and lines and listens to
signals, Python logs, a search gives up what is hopeless.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from nncli.run.dataset import Experiment
    from nncli.run.training import Training
    from nncli.training.state import EpochResult

    Counts: TypeAlias = AbstractContextManager[Callable[[int], None]]
    """A context, and in it what is told each number of images, blocks or candidates just finished."""


def _ignore(_n: int) -> None:
    pass


class Hooks:
    """Nothing is shown, and nothing stops the run."""

    def on_note(self, text: str) -> None:
        """Hear what is worth knowing, in a line."""

    def on_warning(self, text: str) -> None:
        """Hear what must be known, in a line."""

    def on_trying(self, n_candidates: int) -> Counts:  # noqa: ARG002
        """Watch recipes being tried on some of the images, before there is a plan."""
        return nullcontext(_ignore)

    def on_loading(self, n_images: int) -> Counts:  # noqa: ARG002
        """Watch images being loaded."""
        return nullcontext(_ignore)

    def on_loaded(self, experiment: Experiment) -> None:
        """See the images, some of which may have been skipped."""

    def on_learning(self, n_blocks: int) -> Counts:  # noqa: ARG002
        """Watch feature blocks learn what they need from the training images."""
        return nullcontext(_ignore)

    def on_features(self, n_images: int) -> Counts:  # noqa: ARG002
        """Watch features being computed before the first epoch, and directions being sought in them."""
        return nullcontext(_ignore)

    def on_predicting(self, n_images: int) -> Counts:  # noqa: ARG002
        """Watch answers to images being computed after the last epoch."""
        return nullcontext(_ignore)

    def on_start(self, training: Training) -> None:
        """See a training that is new, or restored; it has written nothing yet."""

    def on_training(self, training: Training) -> Counts:  # noqa: ARG002
        """Watch the examples of every batch; what resuming needs is written."""
        return nullcontext(_ignore)

    def on_epoch(self, result: EpochResult) -> None:
        """See what an epoch brought."""

    def should_stop(self) -> bool:
        """Whether to end after this batch."""
        return False

    def on_trained(self, training: Training) -> None:
        """Hear that the last batch is over; what was learned is saved next."""

    def on_saved(self, training: Training, *, is_whole: bool) -> None:
        """Hear that it is saved; not `is_whole` if it was not finite, so that an earlier state is what there is."""


NOBODY = Hooks()
"""Nobody watches."""
