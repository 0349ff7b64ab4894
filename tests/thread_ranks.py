"""Ranks that are threads of this process: what several processes do together, without a launcher."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray

    from nncli.machine.ranks import Ranks

T = TypeVar("T")

SECONDS = 60
"""Time for a meeting: whoever waits longer has been left alone by an error."""


class ThreadRank:
    """A rank; its meetings are those of `MpiRanks`.

    Args:
        rank: Its number.
        barrier: Of all.
        table: Where everyone lays down something for the others, by rank.
        n_machines: On how many machines they are to believe themselves.
        off: Set when the first calls off what the others do.
    """

    def __init__(
        self,
        rank: int,
        barrier: threading.Barrier,
        table: list[Any],
        n_machines: int = 2,
        off: threading.Event | None = None,
    ) -> None:
        off = off or threading.Event()
        self.n_machines = n_machines
        self.call_off, self.is_called_off = off.set, off.is_set
        self.rank, self.size, self._barrier, self._table = rank, len(table), barrier, table

    def gathered(self, own: T) -> list[T]:
        """See `Ranks`."""
        self._table[self.rank] = own
        self._barrier.wait(SECONDS)
        every: list[T] = pickle.loads(pickle.dumps(self._table))  # noqa: S301 - own data, as they would arrive in another process
        self._barrier.wait(SECONDS)
        return every

    def from_first(self, make: Callable[[], T]) -> T:
        """See `Ranks`."""
        first: T = self.gathered(make() if self.rank == 0 else None)[0]  # type: ignore[assignment]
        return first

    def dealt(self, parts: Sequence[T]) -> T:
        """See `Ranks`."""
        return self.gathered(parts)[0][self.rank]

    def joined(self, rows: NDArray[Any], lengths: Sequence[int]) -> NDArray[Any]:
        """See `Ranks`."""
        parts = self.gathered(np.split(rows, np.cumsum(lengths)[:-1]))
        return np.concatenate([part[table] for table in range(len(lengths)) for part in parts])

    def shared(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        """See `Ranks`."""
        if self.rank == 0:
            self._table[0] = np.zeros(n, dtype)
        self._barrier.wait(SECONDS)
        memory: NDArray[Any] = self._table[0]
        self._barrier.wait(SECONDS)
        return memory

    def add_up(self, vector: NDArray[Any]) -> None:
        """See `Ranks`."""
        vector[:] = np.sum(self.gathered(vector.copy()), axis=0)

    begin_to_add_up = add_up

    def end_adding_up(self) -> None:
        """It has not returned before."""

    def total(self, *numbers: float) -> list[float]:
        """See `Ranks`."""
        return [sum(column) for column in zip(*self.gathered(numbers), strict=True)]

    def meet(self, meanwhile: Callable[[], object] | None = None) -> None:
        """See `Ranks`."""
        if meanwhile:
            meanwhile()
        self._barrier.wait(SECONDS)


def in_ranks(size: int, work: Callable[[Ranks], T], n_machines: int = 2) -> list[T]:
    """The results of `work`, done by `size` ranks at the same time; an error in one of them ends all."""
    barrier, table, off = threading.Barrier(size), [None] * size, threading.Event()

    def one(rank: int) -> T:
        try:
            return work(ThreadRank(rank, barrier, table, n_machines, off))
        except BaseException:
            barrier.abort()
            raise

    with ThreadPoolExecutor(size) as pool:
        futures = [pool.submit(one, rank) for rank in range(size)]
        errors = [error for future in futures if (error := future.exception())]
        for error in errors:
            if not isinstance(error, threading.BrokenBarrierError):
                raise error
        return [future.result() for future in futures]
