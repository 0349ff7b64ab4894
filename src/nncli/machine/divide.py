"""Work on many items divided among forked processes that write into memory they share."""

from __future__ import annotations

import mmap
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import DataError
from nncli.machine.forking import Helpers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SECONDS_BETWEEN_LOOKS = 0.02

STRIDE = 8
"""Counters lie this many entries apart, each on a cache line of its own."""


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
    starts = range(0, n_items, chunk)
    size = max(1, min(processes, len(starts)))
    finished = memoryview(mmap.mmap(-1, 8 * STRIDE * size)).cast("q")
    told = 0

    def take_part(rank: int, after_each: Callable[[], None]) -> None:
        for start in starts[rank::size]:
            stop = min(start + chunk, n_items)
            work(start, stop)
            finished[STRIDE * rank] += stop - start
            after_each()

    def tell() -> None:
        nonlocal told
        done = sum(finished[::STRIDE])
        if done > told:
            on_progress(done - told)
            told = done

    with Helpers() as helpers:
        for rank in range(1, size):
            helpers.start(lambda rank=rank: take_part(rank, helpers.exit_if_orphaned))  # type: ignore[misc]
        take_part(0, tell)
        while helpers:
            if any(helpers.ended().values()):
                raise DataError("a helper process ended unexpectedly, perhaps for lack of memory")
            tell()
            time.sleep(SECONDS_BETWEEN_LOOKS if helpers else 0)


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
