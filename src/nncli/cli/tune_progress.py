"""A search as the command line shows it: a bar for each trial, or a line every few seconds, and what each brought."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from nncli.cli.messages import say
from nncli.cli.progress import OwnNotes, Progress
from nncli.cli.stop_signals import signals
from nncli.text import counted
from nncli.tuning.trial import SearchHooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nncli.machine.ranks import Ranks
    from nncli.run.hooks import Counts
    from nncli.run.training import Training
    from nncli.training.state import EpochResult
    from nncli.tuning.search_space import Choice
    from nncli.tuning.study import Search
    from nncli.tuning.trial import Tried

SECONDS_BETWEEN_LINES = 4.0
"""At most; a batch comes on top."""


SECONDS_BETWEEN_LOOKS = 2.0
"""At the trials of other ranks."""


class OwnTrialNotes(OwnNotes, SearchHooks):
    """Notes of a process that helps the first one; it searches until that one says that it is over."""

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks

    def should_stop(self) -> bool:
        """Whether it has said so."""
        return self._ranks.is_called_off()


class TuneProgress(Progress, SearchHooks):
    """A search shown on stderr.

    Args:
        search: Which.
        deadline: When it is over, by `time.monotonic`.
        on_tried: Told each trial that has ended.
        ranks: The processes that search.
    """

    def __init__(self, search: Search, deadline: float, on_tried: Callable[[Tried], None], ranks: Ranks) -> None:
        super().__init__("auto")
        self._search, self._deadline, self._told, self._ranks = search, deadline, on_tried, ranks
        self._known = {each.number for each in search.trials() if each.state != "running"}
        self._is_called_off, self._next_look = False, 0.0
        self._doing, self._next_line, self._n_begun = "", 0.0, 0

    def should_stop(self) -> bool:
        """Whether there was a signal, or the time is up; also when to say that it goes on, and what others found."""
        now = time.monotonic()
        if self._ranks.size > 1 and now > self._next_look:
            self.tell_of_others()
            self._next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
        if self._mode == "lines" and self._doing and now > self._next_line:
            left = max(self._deadline - now, 0)
            say(f"{self._doing}, {int(left) // 60}:{int(left) % 60:02} left")
            self._next_line = now + SECONDS_BETWEEN_LINES
        is_over = signals.stop_asked() or now > self._deadline
        if is_over and not self._is_called_off:
            self._ranks.call_off()
            self._is_called_off = True
        return is_over

    def tell_of_others(self) -> None:
        """Say what the trials of other ranks brought that have ended since the last look."""
        for tried in self._search.trials() if self._ranks.size > 1 else ():
            if tried.state != "running" and tried.number not in self._known:
                self._known.add(tried.number)
                size = f"{counted(tried.n_training, 'image')}, {counted(tried.epochs, 'epoch')}"
                settings = self._search.space.described(tried.choice)
                say(f"trial {tried.number}: {size}, {settings}: {self._result(tried)}")
                self._told(tried)

    def on_sized(self, share: float, left_out: dict[str, float]) -> None:
        """Say it where it matters."""
        for start, seconds in left_out.items():
            say(f"recipe {start} would take {duration(seconds)} or more, too long for this budget: not tried")
        if share < 1:
            say(f"this budget is too short for whole trainings: trials are {share:.2g} of one, the best are repeated")

    def on_trial(self, number: int, choice: Choice, n_training: int, epochs: int) -> None:
        """Say what it is."""
        self._doing = f"trial {number}"
        size = f"{counted(n_training, 'image')}, {counted(epochs, 'epoch')}"
        say(f"trial {number}: {size}, {self._search.space.described(choice)}")
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES

    def on_tried(self, tried: Tried) -> None:
        """Say what it brought."""
        self._doing = ""
        self._known.add(tried.number)
        say(f"trial {tried.number}: {self._result(tried)}")
        self._told(tried)

    def _result(self, tried: Tried) -> str:
        """The figure of a trial in words; that of an accuracy needs no name."""
        title = self._search.measure.title
        return ("" if tried.value is None or title == "accuracy" else f"{title} ") + result(tried)

    @contextlib.contextmanager
    def _bar_over(self, n: int, words: str, unit: str = "img") -> Iterator[Callable[[int], None]]:
        """As always, and lines where there is no bar."""
        n_done, before = 0, self._doing

        def told(m: int) -> None:
            nonlocal n_done
            n_done += m
            update(m)
            self._doing = before and f"{before}: {words}, {100 * n_done // n} %"
            self.should_stop()

        with super()._bar_over(n, words, unit) as update:
            yield told
        self._doing = before

    def on_training(self, training: Training) -> Counts:
        """Show a bar over all epochs of the trial."""
        trainer = training.trainer
        return self.training(trainer.settings.epochs, 0, trainer.training_set.n_examples, 0)

    def on_epoch(self, result: EpochResult) -> None:
        """Show it in the bar, or remember it for the next line."""
        if self._mode == "bar":
            self.show_epoch(result, is_best=False)
        figure = f"val_loss {result.val_loss or 0:.4f}"
        if result.val_accuracy is not None:
            figure = f"val_accuracy {result.val_accuracy:.4f}"
        self._doing = f"{self._doing.partition(':')[0]}: epoch {result.epoch}/{self._epochs}, {figure}"


def result(tried: Tried) -> str:
    """Result of a trial: its figure with its interval, or why there is none."""
    return tried.state if tried.value is None else f"{tried.value:.4f} ({tried.interval})"


def duration(seconds: float) -> str:
    """A time as people write it: ``45s``, ``6m``, ``1h30m``; rounded up."""
    if seconds <= 90:
        return f"{max(1, -int(-seconds // 1))}s"
    minutes = -int(-seconds // 60)
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h{f'{minutes % 60}m' if minutes % 60 else ''}"
