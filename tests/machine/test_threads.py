"""What threads have for themselves, and what they share."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nncli.machine.threads import NO_WARNINGS, PerThread, WhileAny

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_each_thread_makes_its_own_once() -> None:
    """The same object every time, and another one in another thread."""
    memory, found = PerThread[list[int]](), list[list[int]]()
    assert memory.get(list) is memory.get(list)
    thread = threading.Thread(target=lambda: found.append(memory.get(list)))
    thread.start()
    thread.join()
    assert memory.get(list) is not found[0]


def test_a_copy_takes_no_memory_along() -> None:
    """Neither through a pickle nor otherwise."""
    memory = PerThread[list[int]]()
    memory.get(lambda: [1])
    assert [2] == pickle.loads(pickle.dumps(memory)).get(lambda: [2])  # noqa: S301
    assert [3] == copy.deepcopy(memory).get(lambda: [3])


def test_a_setting_lasts_from_the_first_to_the_last() -> None:
    """Whoever comes in between finds it set, and whoever leaves in between leaves it."""
    told: list[str] = []

    @contextmanager
    def setting() -> Iterator[None]:
        told.append("set")
        yield
        told.append("reset")

    shared = WhileAny(setting)
    for _ in range(2):
        shared.__enter__()
        shared.__enter__()
        shared.__exit__()
        told.append("one is still inside")
        shared.__exit__()
    assert ["set", "one is still inside", "reset"] * 2 == told


def test_warnings_are_shown_again_when_all_have_left() -> None:
    """In whatever order they leave."""
    before = list(warnings.filters)
    inside, leave = threading.Barrier(2), threading.Event()

    def stay() -> None:
        with NO_WARNINGS:
            inside.wait()
            leave.wait()

    thread = threading.Thread(target=stay)
    with NO_WARNINGS:
        thread.start()
        inside.wait()
    assert before != list(warnings.filters)
    leave.set()
    thread.join()
    assert before == list(warnings.filters)


def test_a_forked_process_waits_for_no_thread_of_its_parent() -> None:
    """The lock that a thread of the parent held at that moment is another one in the child."""
    with NO_WARNINGS._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            with NO_WARNINGS:
                os._exit(0)
    assert 0 == os.waitpid(child, 0)[1]
