"""SIGINT, SIGTERM and SIGHUP end the program: at once, or after what must be finished first.

A signal is heard between two lines of Python, where it raises `Interrupted`, so that every `finally` is run and no
temporary file stays behind. While a training runs, the first signal only asks for an orderly end; if that takes too
long, because a batch does, or if there is a second signal, the end comes at once as well.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, NoReturn

from nncli.errors import Interrupted
from nncli.machine.forking import STOP_SIGNALS

if TYPE_CHECKING:
    from types import FrameType, TracebackType

PATIENCE = 1.4
"""Seconds that an orderly end may take: all is to be over after two."""

AGAIN = 1.0
"""Seconds after which `Interrupted` is raised once more: Python drops what is raised in a destructor, for example."""


HAS_TIMER = hasattr(signal, "setitimer")
"""Whether the operating system can wake this program; without, an orderly end takes the time that it takes."""


class StopSignals:
    """Catches stop signals while a block runs.

    Attributes:
        orderly: Whether there is something to finish first.
        received: Number of the first signal, else 0.
        is_ending: Whether `Interrupted` has been raised.
    """

    orderly = is_ending = _takes_time = False
    received = 0

    def __enter__(self) -> StopSignals:
        self.orderly = self.is_ending = self._takes_time = False
        self.received = 0
        self._before: dict[signal.Signals, Any] = {}
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # under nohup a hang-up is to be ignored
                self._before[number] = signal.signal(number, self._receive)
        if HAS_TIMER:
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.take_time()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        is_first = not self.received
        self.received = self.received or number
        if not (self.orderly and is_first):
            self._interrupt()
        elif not self._takes_time:
            _set_timer(PATIENCE)

    def _interrupt(self, *_: object) -> NoReturn:
        self.is_ending = True
        _set_timer(AGAIN)
        raise Interrupted(self.received)

    def stop_asked(self) -> bool:
        """Whether an orderly end was asked for."""
        return self.received != 0

    def take_time(self) -> None:
        """Allow more than two seconds for the next step: a save of what was trained, or the end itself."""
        self._takes_time = True
        _set_timer(0)

    def end_order(self) -> None:
        """From now on a signal ends the program at once.

        Raises:
            Interrupted: There was one already.
        """
        self.orderly = False
        if self.received:
            raise Interrupted(self.received)


def _set_timer(seconds: float) -> None:
    if HAS_TIMER:
        signal.setitimer(signal.ITIMER_REAL, seconds)


signals = StopSignals()
"""Those of this process."""
