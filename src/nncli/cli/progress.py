"""Progress while images load and the network trains: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from nncli.cli.bar import open_bar
from nncli.cli.messages import say, settings, warn
from nncli.run.hooks import Hooks
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nncli.run.dataset import Experiment
    from nncli.run.hooks import Counts
    from nncli.training.state import EpochResult

MODES = ("auto", "bar", "lines", "none")
MOST_LINES = 100
"""Lines that `auto` writes for one training: a log is to be read."""

BAR = "{desc} {percentage:3.0f}%|{bar:12}| {elapsed}<{remaining}{postfix}"


class OwnNotes(Hooks):
    """Notes of a process that helps the first one, about its own share: that the disk for its cache is full, say."""

    def on_note(self, text: str) -> None:
        """Say who it is, and then it."""
        say(f"{settings.speaker}{text}")


class Progress(Hooks):
    """A run shown on stderr.

    Args:
        mode: `bar`; `lines`, one per epoch; `none`; or `auto`: a bar on a terminal, else lines, but no more than
        MOST_LINES.
    """

    fate = "skipped"
    """Fate of images that cannot be read."""

    def __init__(self, mode: str) -> None:
        self._thin = mode == "auto"
        if settings.quiet:
            mode = "none"
        elif mode == "auto":
            mode = "bar" if sys.stderr.isatty() else "lines"
        self._mode = mode
        self._bar: Any = None
        self._is_validated = False

    def on_note(self, text: str) -> None:
        """Say it."""
        say(text)

    def on_warning(self, text: str) -> None:
        """Say it even with ``-q``."""
        warn(text)

    def on_trying(self, n_candidates: int) -> Counts:
        """Show a bar over the recipes that are tried."""
        return self._bar_over(n_candidates, "trying recipes", "recipe")

    def on_loading(self, n_images: int) -> Counts:
        """Show a bar over the files of a data set."""
        return self._bar_over(n_images, "loading images")

    def on_learning(self, n_blocks: int) -> Counts:
        """Show a bar over the feature blocks that learn, and the epochs of their patterns."""
        return self._bar_over(n_blocks, "learning features", "step")

    def on_features(self, n_images: int) -> Counts:
        """Show a bar over the images whose features are computed."""
        return self._bar_over(n_images, "computing features")

    def on_predicting(self, n_images: int) -> Counts:
        """Show a bar over the images that are answered at the end."""
        return self._bar_over(n_images, "predicting")

    def on_loaded(self, experiment: Experiment) -> None:
        """Name the images that cannot be read."""
        for image in experiment.skipped:
            warn(f"{printable(image.path)}: {image.reason}; {self.fate}")

    @contextlib.contextmanager
    def _bar_over(self, n: int, words: str, unit: str = "img") -> Iterator[Callable[[int], None]]:
        if self._mode != "bar" or not n:
            yield lambda _n: None
            return
        with open_bar(total=n, desc=words, unit=unit, unit_scale=unit == "img", leave=False) as bar:
            yield bar.update

    @contextlib.contextmanager
    def training(self, epochs: int, epoch: int, n_examples: int, n_done: int) -> Iterator[Callable[[int], None]]:
        """A bar over the examples of all epochs.

        Args:
            epochs: Of the whole training.
            epoch: Epochs already finished.
            n_examples: Examples per epoch.
            n_done: Examples of the epoch under way already seen.

        Yields:
            What to call with the number of examples of every batch.
        """
        self._epochs, self._is_validated = epochs, False
        if self._mode != "bar":
            yield lambda _m: None
            return
        total, initial = epochs * n_examples, epoch * n_examples + n_done
        with open_bar(total=total, initial=initial, desc=_epoch_of(epoch + 1, epochs), bar_format=BAR) as self._bar:
            yield self._bar.update

    def show_epoch(self, result: EpochResult, *, is_best: bool) -> None:
        """Show what an epoch brought."""
        if self._bar is not None:
            self._bar.set_description_str(_epoch_of(min(result.epoch + 1, self._epochs), self._epochs), refresh=False)
            self._is_validated |= result.val_loss is not None
            if result.val_loss is not None or not self._is_validated:  # between validations the last one stays
                self._bar.set_postfix_str(_short(result), refresh=False)
        elif self._mode == "lines" and self._is_shown(result.epoch):
            say(f"{_epoch_of(result.epoch, self._epochs)}  {_long(result)}{'  best' if is_best else ''}")

    def _is_shown(self, epoch: int) -> bool:
        every = -(-self._epochs // MOST_LINES) if self._thin else 1
        return epoch % every == 0 or epoch in (1, self._epochs)


def _epoch_of(epoch: int, epochs: int) -> str:
    return f"epoch {epoch:{len(str(epochs))}}/{epochs}"


def _short(result: EpochResult) -> str:
    text = f"loss {result.loss:.3f}"
    if result.val_accuracy is not None:
        return f"{text}, val_accuracy {result.val_accuracy:.3f}"
    return text if result.val_loss is None else f"{text}, val_loss {result.val_loss:.3f}"


def _long(result: EpochResult) -> str:
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    known = [(name, getattr(result, name)) for name in names if getattr(result, name) is not None]
    figures = "  ".join(f"{name} {value:.4f}" for name, value in known)
    return f"{figures}  {result.seconds:.2f} s"
