"""Helper processes: forked, looked after, and gone at the end.

A helper does one piece of work and exits; files, locks and buffered output stay its parent's. Its parent hears the stop
signals. One that arrives between the fork and the helper's first line would run the parent's handler in the helper,
which would then end the parent's work in the parent's name, so signals wait until the helper has decided what they
mean. What the parent no longer needs is not cleared away in a helper, either: a session of onnxruntime that is cleared
away waits for its threads, and in a helper there are none.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from nncli.machine.cores import usable_cores
from nncli.machine.launcher import launched
from nncli.machine.threads import NO_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Callable

STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Those that this operating system has."""

MOST_PROCESSES = 8


def number_of_processes() -> int:
    """One for each core this process may use; 1 where forking is not possible or, with threads or MPI, not safe."""
    if sys.platform != "linux" or not hasattr(os, "fork") or threading.active_count() > 1 or launched():
        return 1
    return min(usable_cores(), MOST_PROCESSES)


def ignore_stop_signals() -> None:
    """For a helper whose parent hears the signals and ends it."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class Helpers:
    """Processes forked from this one; a context manager, at whose end those still running are killed."""

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._parent = os.getpid()

    def __enter__(self) -> Helpers:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_all()

    def __len__(self) -> int:
        """Helpers that have not been seen to end."""
        return len(self._running)

    def start(self, work: Callable[[], object], in_child: Callable[[], None] = ignore_stop_signals) -> int:
        """Fork a helper that does `work` and exits, with 0 unless there was an error.

        Args:
            work: What it does.
            in_child: What it does before it can receive stop signals.

        Returns:
            Its process id.

        Raises:
            OSError: No more processes are allowed.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            with NO_WARNINGS:  # of threads that a library, OpenBLAS for one, may have; they do not matter to helpers
                pid = os.fork()
            if pid == 0:
                gc.freeze()
                with contextlib.suppress(BaseException):
                    in_child()
                    signal.pthread_sigmask(signal.SIG_SETMASK, before)
                    work()
                    os._exit(0)
                os._exit(1)
            self._running.add(pid)
            return pid
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def exit_if_orphaned(self) -> None:
        """End this helper if its parent has ended, however that came about."""
        if os.getppid() != self._parent:
            os._exit(1)

    def ended(self) -> dict[int, int]:
        """Helpers that have ended since the last call: process id -> exit code, or minus the signal."""
        codes = {pid: code for pid in self._running if (code := _exit_code(pid, os.WNOHANG)) is not None}
        self._running -= set(codes)
        return codes

    def kill_all(self) -> None:
        """End those still running."""
        for pid in list(self._running):
            self.kill(pid)

    def kill(self, pid: int) -> None:
        """End a helper, which may have ended by itself."""
        if pid in self._running:
            self._running.remove(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            _exit_code(pid, 0)


def _exit_code(pid: int, options: int) -> int | None:
    """How the child `pid` ended; None while it runs."""
    try:
        ended, status = os.waitpid(pid, options)
    except ChildProcessError:  # whoever started this program ignores the ends of children, so nobody knows
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None
