"""Several processes on one machine that share memory.

A product of matrices uses all cores by itself, but everything between two products (activations, derivatives, the
optimizer) is done by one. So for all but the smallest networks it is faster to divide each batch among processes, one
for each core, and let each of them do all parts of the work for its share.

The processes are forked when training starts: they see the images without a copy. Parameters, optimizer state and
gradients lie in memory that all of them see, so that adding up gradients is an addition and nothing is sent. They meet
twice in a step; who is first waits by looking at a counter again and again, because waking a sleeping process takes
longer than most steps leave to wait.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import os
import time
from typing import TYPE_CHECKING

import numpy as np

from nncli.errors import TrainingError
from nncli.machine.cores import CAN_DIVIDE_BATCHES, usable_cores
from nncli.machine.forking import Helpers
from nncli.training.communicator import Communicator, SingleProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import DTypeLike

    from nncli.network.parameters import Array

STRIDE = 16
"""Counters lie this many entries apart, so that two processes never write to the same cache line."""

NUMBERS = 4
"""Numbers that can be added up beside a gradient."""

ALIGNMENT = 64
"""Parts of the parameters begin at multiples of this many entries, so that no cache line has two owners."""

EAGER_LOOKS = 5_000
"""Looks at a counter before a waiting process offers its core to others: about half a millisecond."""

PATIENT_LOOKS = 20_000
"""Looks before it sleeps in between, as during another process's saving."""

SLEEP = 0.0002

FLOPS_WORTH_SHARING = 3e6
"""Work of a step, in floating-point operations, from which two meetings are the smaller part of it."""

FLOPS_WORTH_STARTING = 5e11
"""Work of a whole training, likewise, from which several processes pay: five seconds of a core.

Where others are busy, processes wait for each other: what is over soon is over sooner without them.
"""

EXAMPLES_EACH = 16
"""Fewest examples of a batch for each process: narrower products are slow."""


def choose_size(n_weights: int, batch_size: int, n_steps: int, n_cores: int) -> int:
    """How many processes train a network fastest.

    Args:
        n_weights: Weights of the network.
        batch_size: Examples per step.
        n_steps: Steps of the whole training.
        n_cores: Cores that this process may use.
    """
    flops = 6 * n_weights * batch_size  # a multiplication and an addition, three times: forward, dW, dA
    if flops < FLOPS_WORTH_SHARING or flops * n_steps < FLOPS_WORTH_STARTING:
        return 1
    return max(1, min(n_cores, batch_size // EXAMPLES_EACH))


class ForkedProcesses:
    """A communicator over processes forked from this one; see `nncli.training.communicator` for what the methods do.

    Args:
        size: Number of processes, this one included.
    """

    def __init__(self, size: int) -> None:
        self.size = self.forked = size
        self.rank = 0
        self._meetings = 0
        self._counters = memoryview(mmap.mmap(-1, size * STRIDE * 8)).cast("q")
        self._numbers = memoryview(mmap.mmap(-1, 2 * size * NUMBERS * 8)).cast("d")
        self._stop = _shared(1, np.int64)
        self._gradients: list[Array] = []
        self._helpers = Helpers()

    def zeros_like(self, array: Array) -> Array:
        """Zeros that all processes see."""
        return _shared(array.size, array.dtype)

    @contextlib.contextmanager
    def helped(self, theta: Array, work: Callable[[Array], None]) -> Iterator[Array]:
        """Fork the others; at the end, when all has been added up, or after an error, they are killed."""
        self._gradients = [self.zeros_like(theta) for _ in range(self.size)]
        self._meetings = 0
        for rank in range(self.size):
            self._counters[rank * STRIDE] = 0
        with Helpers() as self._helpers:
            try:
                for rank in range(1, self.size):
                    self._helpers.start(functools.partial(self._help, rank, work))
            except OSError as error:
                reason = f"cannot start another process: {error.strerror}"
                raise TrainingError(f"{reason}; set training.processes to 1") from error
            yield self._gradients[0]

    def _help(self, rank: int, work: Callable[[Array], None]) -> None:
        """In a helper."""
        self.rank = rank
        work(self._gradients[rank])

    def share(self, m: int) -> slice:
        """An equal share, give or take one example."""
        return slice(m * self.rank // self.size, m * (self.rank + 1) // self.size)

    def part(self, size: int) -> slice:
        """An equal part, beginning and ending between two cache lines."""

        def bound(rank: int) -> int:
            return size if rank == self.size else size * rank // self.size // ALIGNMENT * ALIGNMENT

        return slice(bound(self.rank), bound(self.rank + 1))

    def sum(self, gradient: Array, *numbers: float) -> list[float]:
        """Add the others' gradients to this process's own, for its part of the parameters."""
        part = self.part(gradient.size)
        totals = self.total(*numbers)  # nobody is past this before every gradient is complete
        own = gradient[part]
        for rank, other in enumerate(self._gradients):
            if rank != self.rank:
                own += other[part]
        return totals

    def total(self, *numbers: float) -> list[float]:
        """Add up a few numbers; two sets of places take turns, so that none is overwritten before all have read it."""
        first = self._meetings % 2 * self.size * NUMBERS
        for i, number in enumerate(numbers):
            self._numbers[first + self.rank * NUMBERS + i] = number
        self._meet()
        places = range(first, first + self.size * NUMBERS, NUMBERS)
        return [sum(self._numbers[place + i] for place in places) for i in range(len(numbers))]

    def over_parts(self, number: float) -> float:
        """Every process has a part."""
        return self.total(number)[0]

    def agree(self, stop: bool) -> bool:
        """Process 0 need not wait to stop: it ends the others, who have nothing to finish."""
        return (stop and self.rank == 0) or self.finish_step(stop)

    def finish_step(self, stop: bool) -> bool:
        """Meet, and hear what process 0 says."""
        if self.rank == 0:
            self._stop[0] = stop
        self._meet()
        return bool(self._stop[0])

    def _meet(self) -> None:
        """Wait until every process has come here as often as this one."""
        self._meetings += 1
        counters, meetings = self._counters, self._meetings
        counters[self.rank * STRIDE] = meetings
        for rank in range(self.size):
            looks = 0
            while counters[rank * STRIDE] < meetings:
                looks += 1
                if looks > EAGER_LOOKS:
                    self._wait(looks)

    def _wait(self, looks: int) -> None:
        if looks < PATIENT_LOOKS:
            os.sched_yield()
            return
        time.sleep(SLEEP)
        if self.rank > 0:
            self._helpers.exit_if_orphaned()
        elif self._helpers.ended():
            raise TrainingError("a helper process ended unexpectedly, perhaps for lack of memory")


def _shared(n: int, dtype: DTypeLike) -> Array:
    """Zeros in memory that forked processes share."""
    return np.frombuffer(mmap.mmap(-1, max(n, 1) * np.dtype(dtype).itemsize), dtype)[:n]


def make_communicator(setting: str | int, n_weights: int, batch_size: int, n_steps: int) -> Communicator:
    """The communicator for `training.processes: setting`; see `choose_size` for `auto`.

    Where processes cannot share memory safely, one process trains.
    """
    if not CAN_DIVIDE_BATCHES:
        return SingleProcess()
    size = choose_size(n_weights, batch_size, n_steps, usable_cores()) if setting == "auto" else int(setting)
    return ForkedProcesses(size) if size > 1 else SingleProcess()
