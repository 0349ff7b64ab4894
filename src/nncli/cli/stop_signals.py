"""SIGINT, SIGTERM and SIGHUP: the first one asks for an orderly end, the second one ends at once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from nncli.cli.messages import warn
from nncli.errors import Interrupted
from nncli.forking import STOP_SIGNALS

if TYPE_CHECKING:
    from types import FrameType, TracebackType


class StopSignals:
    """Catches stop signals while a block runs.

    Attributes:
        orderly: Whether there is something to finish first. While False, the first signal ends at once.
        received: Number of the signal that asked for an orderly end, else 0.
    """

    def __init__(self) -> None:
        self.orderly = False
        self.received = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignals:
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # under nohup a hang-up is to be ignored
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if not self.orderly or self.received:
            raise Interrupted(number)
        self.received = number

    def stop_asked(self) -> bool:
        """Whether an orderly end was asked for."""
        return self.received != 0

    def announce(self) -> None:
        """Tell that the signal was heard; not from the handler, which may have interrupted another write."""
        warn("stopping after this batch; once more to stop at once")
