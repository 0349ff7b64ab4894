"""Forking helpers."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from nncli.machine.forking import STOP_SIGNALS, fork, ignore_stop_signals

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at signals as Linux has them")


def exit_code_of(child: int) -> int:
    """How a helper ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_helper_ignores_stop_signals() -> None:
    """They are its parent's."""
    child = fork()
    if child == 0:
        for number in STOP_SIGNALS:
            os.kill(os.getpid(), number)
        os._exit(7)
    assert 7 == exit_code_of(child)


def test_a_signal_waits_until_the_helper_has_decided() -> None:
    """One that comes before never runs the parent's handler in the helper, and the parent's mask is as it was."""
    before = signal.signal(signal.SIGTERM, lambda *_: os._exit(1))

    def arrive_too_early() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        ignore_stop_signals()

    try:
        child = fork(arrive_too_early)
        if child == 0:
            os._exit(7)
        assert 7 == exit_code_of(child)
        assert not set(STOP_SIGNALS) & signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.signal(signal.SIGTERM, before)
