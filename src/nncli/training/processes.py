"""Several processes on one machine, forked when training starts.

A product of matrices uses all cores by itself, but everything between two products (activations, derivatives, the
optimizer) is done by one. So for all but the smallest networks it is faster to divide each batch into shares, one for
each core, and let a process of its own do all parts of the work for each share.

The processes see the images without a copy, and meet in memory that they share, see shared_memory.py.

Where other programs are busy, a process waits for one whose core is theirs at the moment, step after step. Then fewer
processes are faster: some are ended between two steps, and the others compute several shares each, until it is worth
trying again with more (pace.py). The shares stay the same, and with them every bit of the result.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import time
from typing import TYPE_CHECKING

import numpy as np

from nncli.errors import TrainingError
from nncli.machine.cores import CAN_DIVIDE_BATCHES, usable_cores
from nncli.machine.forking import Helpers
from nncli.machine.launcher import launched
from nncli.machine.ranks import share_of
from nncli.training.communicator import SingleProcess
from nncli.training.pace import Pace
from nncli.training.shared_memory import STRIDE, SharedMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import DTypeLike

    from nncli.network.parameters import Array
    from nncli.training.communicator import Communicator, Gradients

FLOPS_WORTH_SHARING = 3e6
"""Work of a step, in floating-point operations, from which two meetings are the smaller part of it."""

FLOPS_WORTH_STARTING = 1e11
"""Work of a whole training, likewise, from which several processes pay: half a second to a second of a core.

To fork them takes some hundredths of a second; where others are busy, `pace` first sees after half a second that fewer
are faster.
"""

EXAMPLES_EACH = 16
"""Fewest examples of a batch for each process: narrower products are slow."""


def choose_size(n_weights: int, batch_size: int, n_steps: int, n_cores: int) -> int:
    """How many processes train a network fastest on a quiet machine.

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


class ForkedProcesses(SharedMemory):
    """A communicator over processes forked from this one.

    Args:
        size: Number of shares, and of processes at first, this one included.
        pace: Chooses how many processes there are from then on; by default they stay.
    """

    def __init__(self, size: int, pace: Pace | None = None) -> None:
        super().__init__(0, size, _shared)
        self.forked = size
        self._pace, self._before = pace, (0.0, 0.0)
        self._helpers = Helpers()

    @contextlib.contextmanager
    def helped(self, theta: Array, work: Callable[[Gradients], None]) -> Iterator[Gradients]:
        """Fork the others; at the end, when all has been added up, or after an error, they are killed."""
        self._gradients, self._work = [self.zeros_like(theta) for _ in range(self.size)], work
        with Helpers() as self._helpers:
            self._start(self._n_processes)
            yield self._gradients

    def _start(self, n_processes: int) -> None:
        """Go on with so many processes: those that are there are killed, and others forked.

        Raises:
            TrainingError: No more processes are allowed; this one is alone and has all shares.
        """
        self._helpers.kill_all()
        self._meetings = 0
        for rank in range(self.size):
            self._counters[rank * STRIDE] = 0
        try:
            for rank in range(1, n_processes):
                self._helpers.start(functools.partial(self._help, rank, n_processes))
        except OSError as error:
            self._helpers.kill_all()
            self._take_place(0, 1)
            reason = f"cannot start another process: {error.strerror}"
            raise TrainingError(f"{reason}; set training.processes to 1") from error
        self._take_place(0, n_processes)

    def _take_place(self, rank: int, n_processes: int) -> None:
        """Be one of so many processes."""
        self.rank, self._n_processes = rank, n_processes
        self.shares = range(self.size)[share_of(rank, n_processes, self.size)]

    def _help(self, rank: int, n_processes: int) -> None:
        """In a helper."""
        self._take_place(rank, n_processes)
        self._work(self._gradients)

    def adapt(self, seconds: float) -> bool:
        """Have fewer or more processes, if `pace` says so; lost is what one waits, or this one has no core."""
        if self._pace is None or self.rank > 0:
            return False
        (waited, worked), self._before = self._before, (max(self._waited[::STRIDE]), time.thread_time())
        lost = max(self._before[0] - waited, seconds - (self._before[1] - worked))
        n_processes = self._pace.after_step(seconds, lost)
        if n_processes == self._n_processes:
            return False
        try:
            self._start(n_processes)
        except TrainingError:  # alone it goes on, too
            self._pace = None
        return True

    def agree(self, stop: bool) -> bool:
        """Process 0 need not wait to stop: it ends the others, who have nothing to finish."""
        return (stop and self.rank == 0) or self.finish_step(stop)

    def _look_after(self) -> None:
        if self.rank > 0:
            self._helpers.exit_if_orphaned()
        elif self._helpers.ended() and min(self._counters[: self._n_processes * STRIDE : STRIDE]) < self._meetings:
            raise TrainingError("a helper process ended unexpectedly, perhaps for lack of memory")


def _shared(n: int, dtype: DTypeLike) -> Array:
    """Zeros in memory that forked processes share."""
    return np.frombuffer(mmap.mmap(-1, max(n, 1) * np.dtype(dtype).itemsize), dtype)[:n]


def make_communicator(
    setting: str | int, n_weights: int, batch_size: int, n_steps: int, size: int | None = None, *, adapts: bool = True
) -> Communicator:
    """The communicator for `training.processes: setting`.

    Where processes cannot share memory safely, or come from an MPI launcher, one process trains.

    Args:
        setting: A number of processes, which they keep, or `auto`: as many as are fastest.
        n_weights: Of the network.
        batch_size: Examples per step.
        n_steps: Steps of the whole training.
        size: Number of shares that a batch is divided into; by default the number of processes, or by `choose_size`.
        adapts: Whether one process can compute several shares; not where they meet in every layer.
    """
    if not CAN_DIVIDE_BATCHES or launched():
        return SingleProcess()
    if size is None:
        size = choose_size(n_weights, batch_size, n_steps, usable_cores()) if setting == "auto" else int(setting)
    if size == 1:
        return SingleProcess()
    return ForkedProcesses(size, Pace(size) if setting == "auto" and adapts else None)
