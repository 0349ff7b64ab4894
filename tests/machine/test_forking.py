"""Forking helpers."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli.machine import cores
from nncli.machine.forking import STOP_SIGNALS, Helpers, ignore_stop_signals, number_of_processes
from tests.without import needs_fork

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [needs_fork, pytest.mark.skipif(sys.platform != "linux", reason="looks at signals as Linux has them")]


def exit_code_of(helpers: Helpers, pid: int) -> int:
    """How a helper ended by itself."""
    while not (codes := helpers.ended()):
        time.sleep(0.01)
    assert [pid] == list(codes)
    return codes[pid]


def test_a_helper_ignores_stop_signals() -> None:
    """They are its parent's."""

    def work() -> None:
        for number in STOP_SIGNALS:
            os.kill(os.getpid(), number)
        os._exit(7)

    with Helpers() as helpers:
        assert 7 == exit_code_of(helpers, helpers.start(work))


def test_a_signal_waits_until_the_helper_has_decided() -> None:
    """One that comes before never runs the parent's handler in the helper, and the parent's mask is as it was."""
    before = signal.signal(signal.SIGTERM, lambda *_: os._exit(1))

    def arrive_too_early() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        ignore_stop_signals()

    try:
        with Helpers() as helpers:
            assert 7 == exit_code_of(helpers, helpers.start(lambda: os._exit(7), arrive_too_early))
        assert not set(STOP_SIGNALS) & signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("work", "expected"),
    [(lambda: None, 0), (lambda: 1 / 0, 1), (lambda: os.kill(os.getpid(), signal.SIGKILL), -signal.SIGKILL)],
)
def test_how_a_helper_ended(work: Callable[[], object], expected: int, capfd: pytest.CaptureFixture[str]) -> None:
    """Its exit code, or minus the signal; it writes nothing, and never runs on with its parent's code."""
    with Helpers() as helpers:
        pid = helpers.start(work)
        assert 1 == len(helpers)
        assert expected == exit_code_of(helpers, pid)
        assert 0 == len(helpers)
    assert ("", "") == capfd.readouterr()


def test_what_the_parent_threw_away_is_not_cleared_away_in_a_helper() -> None:
    """It may wait for threads that only the parent has."""
    parent = os.getpid()

    class Session:
        def __init__(self) -> None:
            self.itself = self  # a cycle: the garbage collector's

        def __del__(self) -> None:
            if os.getpid() != parent:
                os._exit(7)

    gc.disable()
    try:
        Session()
        with Helpers() as helpers:
            assert 0 == exit_code_of(helpers, helpers.start(lambda: gc.collect() and None))
    finally:
        gc.enable()


def test_no_helper_is_left() -> None:
    """Those still at work at the end are killed; one may have ended and not been asked for."""
    with Helpers() as helpers:
        pids = [helpers.start(work) for work in (signal.pause, signal.pause, lambda: None)]
        assert 3 == len(set(pids))
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_nobody_knows_how_a_helper_ended_whose_end_is_ignored() -> None:
    """Whoever starts this program may have told the system to forget children."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with Helpers() as helpers:
            assert 0 == exit_code_of(helpers, helpers.start(lambda: os._exit(7)))
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_processes_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each core, eight at most; a fork with threads running can lock up."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    monkeypatch.setattr(cores, "CGROUP_LIMIT", Path("missing"))
    count, others = threading.active_count, threading.active_count() - 1  # threads of libraries, which stay
    monkeypatch.setattr(threading, "active_count", lambda: count() - others)
    assert 8 == number_of_processes()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    assert 1 == number_of_processes()
    end.set()
    thread.join()
