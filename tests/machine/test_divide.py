"""Work divided among processes."""

from __future__ import annotations

import mmap
import os
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.errors import DataError
from nncli.machine.divide import divide
from tests.without import needs_fork

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = needs_fork


def shared(n: int) -> NDArray[np.int64]:
    """Numbers that all processes see."""
    return np.frombuffer(mmap.mmap(-1, max(8 * n, 1)), np.int64, n)


def children() -> set[str]:
    """This process's children, those that have ended but were not asked for included."""
    with open("/proc/self/task/" + str(os.getpid()) + "/children") as file:  # noqa: PTH123
        return set(file.read().split())


@pytest.mark.parametrize("processes", [1, 2, 3, 50])
@pytest.mark.parametrize("n_items", [0, 1, 10, 64, 101])
def test_every_item_is_done_once(processes: int, n_items: int) -> None:
    """In chunks of ten or, at the end, less; no process is left."""
    done, sizes = shared(n_items), shared(n_items)
    before = children()

    def work(start: int, stop: int) -> None:
        done[start:stop] += 1
        sizes[start:stop] = stop - start

    divide(n_items, 10, work, processes)
    assert [1] * n_items == done.tolist()
    assert [10] * (n_items // 10 * 10) + [n_items % 10] * (n_items % 10) == sizes.tolist()
    assert before == children()


def test_several_processes_take_part() -> None:
    """Each does its share; no more are started than there are chunks."""
    for processes, expected in ((1, 1), (3, 3), (9, 5)):
        pids = shared(50)

        def work(start: int, stop: int, pids: NDArray[np.int64] = pids) -> None:
            pids[start:stop] = os.getpid()

        divide(50, 10, work, processes)
        assert expected == len(set(pids.tolist()))
        assert os.getpid() in pids


@pytest.mark.parametrize("processes", [1, 3])
def test_progress_is_told_for_every_item(processes: int) -> None:
    """In this process, whoever did it."""
    told: list[int] = []
    divide(95, 10, lambda _start, _stop: None, processes, told.append)
    assert 95 == sum(told)
    assert all(n > 0 for n in told)


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 / 0, lambda: os._exit(3)])
def test_a_process_that_ends_early_is_an_error(end: object, capfd: pytest.CaptureFixture[str]) -> None:
    """One line for the user, no traceback of the helper, no results that are not there."""
    parent, before = os.getpid(), children()

    def work(_start: int, _stop: int) -> None:
        if os.getpid() != parent:
            end()  # type: ignore[operator]

    with pytest.raises(DataError, match=r"^a helper process ended unexpectedly, perhaps for lack of memory$"):
        divide(40, 10, work, 2)
    assert ("", "") == capfd.readouterr()
    assert before == children()


def test_an_error_of_this_process_ends_the_others() -> None:
    """Ctrl-C in the middle leaves nobody behind."""
    parent, before = os.getpid(), children()

    def work(_start: int, _stop: int) -> None:
        if os.getpid() == parent:
            raise KeyboardInterrupt
        signal.pause()

    with pytest.raises(KeyboardInterrupt):
        divide(40, 10, work, 3)
    assert before == children()
