"""Several processes on one machine, forked when training starts.

A product of matrices uses all cores by itself, but everything between two products (activations, derivatives, the
optimizer) is done by one. So for all but the smallest networks it is faster to divide each batch among processes, one
for each core, and let each of them do all parts of the work for its share.

The processes see the images without a copy, and meet in memory that they share, see shared_memory.py.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
from typing import TYPE_CHECKING

import numpy as np

from nncli.errors import TrainingError
from nncli.machine.cores import CAN_DIVIDE_BATCHES, usable_cores
from nncli.machine.forking import Helpers
from nncli.training.communicator import Communicator, SingleProcess
from nncli.training.shared_memory import STRIDE, SharedMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import DTypeLike

    from nncli.network.parameters import Array

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


class ForkedProcesses(SharedMemory):
    """A communicator over processes forked from this one.

    Args:
        size: Number of processes, this one included.
    """

    def __init__(self, size: int) -> None:
        super().__init__(0, size, _shared)
        self.forked = size
        self._helpers = Helpers()

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

    def agree(self, stop: bool) -> bool:
        """Process 0 need not wait to stop: it ends the others, who have nothing to finish."""
        return (stop and self.rank == 0) or self.finish_step(stop)

    def _look_after(self) -> None:
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
