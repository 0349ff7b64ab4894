"""Work on many items divided among forked processes that write into memory they share."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import DataError
from nncli.machine.forking import fork

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SECONDS_BETWEEN_LOOKS = 0.02


def divide(
    n_items: int,
    chunk: int,
    work: Callable[[int, int], None],
    processes: int,
    on_progress: Callable[[int], None] = lambda _n: None,
) -> None:
    """Do `work(start, stop)` for all items, `chunk` at a time; which process does a chunk does not matter to it.

    Args:
        n_items: How many.
        chunk: Items that are worked on together.
        work: Writes its results where all processes see them.
        processes: How many take part, this one included.
        on_progress: Told the number of items just finished.

    Raises:
        DataError: A process died.
    """
    team = _Team(range(0, n_items, chunk), n_items, work, processes, on_progress)
    try:
        team.fork()
        team.take_part(0)
        while team.children:
            team.look()
            time.sleep(SECONDS_BETWEEN_LOOKS if team.children else 0)
    finally:
        team.end()


def shared_array(shape: tuple[int, int], dtype: Any) -> NDArray[Any]:
    """Zeros that forked processes share, (m, n).

    Raises:
        DataError: There is not enough memory.
    """
    n_bytes = shape[0] * shape[1] * np.dtype(dtype).itemsize
    try:
        memory = mmap.mmap(-1, max(n_bytes, 1))
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        raise DataError(f"{shape[0]} images need {n_bytes / 1e9:.1f} GB of memory, more than there is") from error
    return np.frombuffer(memory, dtype, shape[0] * shape[1]).reshape(shape)


class _Team:
    """The processes; after a fork each has its own copy of this, but `finished` is shared."""

    def __init__(
        self,
        starts: range,
        n_items: int,
        work: Callable[[int, int], None],
        processes: int,
        on_progress: Callable[[int], None],
    ) -> None:
        self.starts, self.n_items, self.work, self.on_progress = starts, n_items, work, on_progress
        self.size = max(1, min(processes, len(starts)))
        self.finished = memoryview(mmap.mmap(-1, 64 * self.size)).cast("q")  # each on a cache line of its own
        self.told, self.parent = 0, os.getpid()
        self.children: set[int] = set()

    def fork(self) -> None:
        """Start the others, who never come back: files, locks and buffered output are the parent's."""
        for rank in range(1, self.size):
            child = fork()
            if child == 0:
                with contextlib.suppress(BaseException):
                    self.take_part(rank)
                    os._exit(0)
                os._exit(1)
            self.children.add(child)

    def take_part(self, rank: int) -> None:
        """Do every `size`-th chunk."""
        for start in self.starts[rank :: self.size]:
            stop = min(start + self.starts.step, self.n_items)
            self.work(start, stop)
            self.finished[8 * rank] += stop - start
            if rank == 0:
                self.tell()
            elif os.getppid() != self.parent:
                os._exit(1)

    def tell(self) -> None:
        """Report what all have finished since the last time."""
        done = sum(self.finished[::8])
        if done > self.told:
            self.on_progress(done - self.told)
            self.told = done

    def look(self) -> None:
        """Notice who has ended, and how."""
        for child in list(self.children):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                self.children.remove(child)
                if status:
                    raise DataError("a helper process ended unexpectedly, perhaps for lack of memory")
        self.tell()

    def end(self) -> None:
        """Kill who is still there, after an error or an interruption."""
        for child in self.children:
            os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
