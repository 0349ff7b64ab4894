"""Forking a helper process that leaves stop signals to its parent.

A signal that arrives between the fork and the helper's first line would run the parent's handler in the helper, which
would then end the parent's work in the parent's name. So signals wait until the helper has decided what they mean.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from nncli.machine.threads import NO_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_FROM_HELPERS: set[int] = set()
"""Descriptors that helpers close at once: a lock lasts as long as any process has its file open."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ignore_stop_signals() -> None:
    """For a helper whose parent hears the signals and ends it."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def fork(in_child: Callable[[], None] = ignore_stop_signals) -> int:
    """As `os.fork`, which returns in both processes; stop signals wait until the child has called `in_child`.

    Raises:
        OSError: No more processes are allowed.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        with NO_WARNINGS:  # of threads that a library, OpenBLAS for one, may have; they do not matter to the helpers
            child = os.fork()
        if child == 0:
            for descriptor in KEPT_FROM_HELPERS:
                with contextlib.suppress(OSError):  # closed already: nothing is kept by it
                    os.close(descriptor)
            in_child()
        return child
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
