"""The communicator of processes on one machine that see the same memory, however they were started.

Parameters, optimizer state and gradients lie in memory that all of them see, so that adding up gradients is an addition
and nothing is sent; each process updates a part of the parameters. They meet twice in a step; who is first waits by
looking at a counter again and again, because waking a sleeping process takes longer than most steps leave to wait.

    processes.py            forked when training starts: `training.processes`
    rank_communicator.py    started by an MPI launcher
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.machine.ranks import share_of
from nncli.training.communicator import EveryMember

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray

    from nncli.network.parameters import Array
    from nncli.training.communicator import Numbers

STRIDE = 16
"""Counters lie this many entries apart, so that two processes never write to the same cache line."""

NUMBERS = 512
"""Numbers of each process that can be added up in a meeting."""

ALIGNMENT = 64
"""Parts of the parameters begin at multiples of this many entries, so that no cache line has two owners."""

EAGER_LOOKS = 3_000
"""Looks at a counter before a waiting process sleeps in between: a third of a millisecond, longer than others need."""

SLEEP = 0.00003
"""Seconds between two later looks. Who is waited for may have no core but this; who sleeps soon gets it back."""


class SharedMemory(EveryMember):
    """Sums and meetings of such processes; see `nncli.training.communicator` for what the methods do.

    Args:
        rank: Number of this process.
        size: Number of shares, and of processes at first.
        allocate: Gives so many zeros of a type, (n,), in memory that all of them see.
    """

    def __init__(self, rank: int, size: int, allocate: Callable[[int, DTypeLike], NDArray[Any]]) -> None:
        self.rank, self.size, self._allocate = rank, size, allocate
        self.shares: Sequence[int] = (rank,)
        self._n_processes, self._meetings = size, 0
        self._counters = allocate(size * STRIDE, np.int64).data
        self._waited = allocate(size * STRIDE, np.float64).data.cast("B").cast("d")
        self._table = allocate(2 * size * NUMBERS, np.float64).reshape(2, size, NUMBERS)
        self._numbers = self._table.reshape(-1).data.cast("B").cast("d")
        self._gradients: list[Array] = []

    def zeros_like(self, array: Array) -> Array:
        """Zeros that all processes see."""
        return self._allocate(array.size, array.dtype)

    def share(self, number: int, m: int) -> slice:
        """An equal share, give or take one example."""
        return share_of(number, self.size, m)

    def parts(self, size: int) -> list[slice]:
        """Equal parts, beginning and ending between two cache lines."""

        def bound(number: int) -> int:
            return size if number == self.size else size * number // self.size // ALIGNMENT * ALIGNMENT

        return [slice(bound(number), bound(number + 1)) for number in self.shares]

    def product(self, dZ: Array, A: Array, dW: Array) -> None:
        """The sum is over all shares at once."""
        np.matmul(dZ, A, out=dW)

    def sum(self, numbers: Numbers) -> list[float]:
        """Add the gradients of all shares to the first, for this process's parts of the parameters."""
        totals = self.total(numbers)  # nobody is past this before every gradient is complete
        first, *others = self._gradients
        parts = self.parts(first.size)
        own = slice(parts[0].start, parts[-1].stop)
        whole = first[own]
        for other in others:
            whole += other[own]
        return totals

    def add_up(self, vector: Array) -> None:
        """Add up a vector, as many numbers in a meeting as fit."""
        for start in range(0, len(vector), NUMBERS):
            own = vector[start : start + NUMBERS, 0]
            table = self._table[self._meetings % 2, :, : len(own)]
            table[self.rank] = own
            self._meet()
            own[:] = table.sum(axis=0)

    def total(self, numbers: Numbers) -> list[float]:
        """Add up a few numbers; two sets of places take turns, so that none is overwritten before all have read it."""
        first = self._meetings % 2 * self.size * NUMBERS
        for share, its in zip(self.shares, numbers, strict=True):
            for i, number in enumerate(its):
                self._numbers[first + share * NUMBERS + i] = number
        self._meet()
        places = range(first, first + self.size * NUMBERS, NUMBERS)
        return [sum(self._numbers[place + i] for place in places) for i in range(len(numbers[0]))]

    def over_parts(self, numbers: list[float]) -> float:
        """Every share has a part."""
        return self.total([[number] for number in numbers])[0]

    def finish_step(self, stop: bool) -> bool:
        """Meet, and hear what process 0 says."""
        says = [float(stop and self.rank == 0)]
        return self.total([says] * len(self.shares))[0] > 0

    def adapt(self, _seconds: float) -> bool:
        """Whoever started the processes has decided."""
        return False

    def _meet(self) -> None:
        """Wait until every process has come here as often as this one."""
        self._meetings += 1
        counters, meetings = self._counters, self._meetings
        counters[self.rank * STRIDE] = meetings
        for rank in range(self._n_processes):
            looks, started = 0, 0.0
            while counters[rank * STRIDE] < meetings:
                started = started or time.perf_counter()
                looks += 1
                if looks > EAGER_LOOKS:
                    time.sleep(SLEEP)
                    self._look_after()
            if started:
                self._waited[self.rank * STRIDE] += time.perf_counter() - started

    def _look_after(self) -> None:
        """See whether the others are still there, where nobody else does."""
