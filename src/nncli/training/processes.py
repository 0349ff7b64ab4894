"""Several processes on one machine, forked when training starts.

A product of matrices uses all cores by itself, but everything between two products (activations, derivatives, the
optimizer) is done by one. So for all but the smallest networks it is faster to divide each batch into shares, one for
each core, and let a process of its own do all parts of the work for each share.

The processes see the images without a copy, and meet in memory that they share, see shared_memory.py.

Where other programs are busy, a process waits for one whose core is theirs at the moment, step after step. Then fewer
processes are faster: some are ended between two steps, and the others compute several shares each, until it is worth
trying again with more (pace.py). The shares stay the same, and with them every bit of the result.

Networks of an ensemble have nothing to tell each other, and where there are enough of them they are what is divided.
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
from nncli.training.shared_memory import NUMBERS, STRIDE, SharedMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import DTypeLike

    from nncli.network.parameters import Array
    from nncli.training.communicator import Communicator, Gradients, Numbers

FLOPS_WORTH_SHARING = 3e6
"""Work of a step, in floating-point operations, from which two meetings are the smaller part of it."""

FLOPS_WORTH_STARTING = 1e11
"""Work of a whole training, likewise, from which several processes pay: half a second to a second of a core.

To fork them takes some hundredths of a second; where others are busy, `pace` first sees after half a second that fewer
are faster.
"""

EXAMPLES_EACH = 16
"""Fewest examples of a batch for each process: narrower products are slow."""


BY_MEMBER = 0
"""Stands for the number of pieces where an ensemble is divided, and no batch."""


def is_worth_sharing(n_weights: int, batch_size: int, n_steps: int) -> bool:
    """Whether several processes train a network faster than one on a quiet machine; arguments as of `choose_size`."""
    flops = 6 * n_weights * batch_size  # a multiplication and an addition, three times: forward, dW, dA
    return flops >= FLOPS_WORTH_SHARING and flops * n_steps >= FLOPS_WORTH_STARTING


def choose_size(n_weights: int, batch_size: int, n_steps: int, n_cores: int) -> int:
    """How many processes that share each batch train a network fastest on a quiet machine.

    Args:
        n_weights: Weights of the network.
        batch_size: Examples per step.
        n_steps: Steps of the whole training.
        n_cores: Cores that this process may use.
    """
    if not is_worth_sharing(n_weights, batch_size, n_steps):
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
        self._gradients, self._work = self._gradient_vectors(theta), work
        with Helpers() as self._helpers:
            self._start(self._n_processes)
            yield self._gradients

    def _gradient_vectors(self, theta: Array) -> Gradients:
        """One for each share."""
        return [self.zeros_like(theta) for _ in range(self.size)]

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


class ForkedMembers(ForkedProcesses):
    """A communicator over processes forked from this one, each of which trains some members of an ensemble.

    Members learn each for itself: no batch is cut into narrow pieces, no gradient is added up, and normalization waits
    for nobody. What a process would compute alone is the same, but for the rounding of sums of losses and squares.

    Args:
        n_members: Of the ensemble; each is a share.
        n_processes: At first, this one included.
        pace: As of `ForkedProcesses`.
    """

    def __init__(self, n_members: int, n_processes: int, pace: Pace | None = None) -> None:
        super().__init__(n_members, pace)
        self.forked, self._n_processes = BY_MEMBER, n_processes

    def _gradient_vectors(self, theta: Array) -> Gradients:
        """One, in which every member has its place."""
        return [self.zeros_like(theta)] * self.size

    @property
    def n_pieces(self) -> int:
        """The batch is whole."""
        return 1

    @property
    def pieces(self) -> Sequence[int]:
        """That one."""
        return (0,)

    def piece(self, _number: int, _m: int) -> slice:
        """Every example."""
        return slice(None)

    def members(self, _n: int) -> Sequence[int]:
        """Those that are this process's shares."""
        return self.shares

    def add_up(self, vector: Array) -> None:
        """The sums over this process's examples are those over the batch."""

    def sum(self, numbers: Numbers) -> list[float]:
        """The gradient is whole when all have come here."""
        return self.total(numbers)

    def vote(self, answers: Sequence[Array]) -> Array:
        """Tell the others this process's answers, as many numbers in a meeting as fit, and hear theirs."""
        rows = np.stack([each.T.reshape(-1) for each in answers])
        total = np.empty(rows.shape[1], rows.dtype)
        for start in range(0, total.size, NUMBERS):
            some = slice(start, start + NUMBERS)
            table = self._table[self._meetings % 2, :, : total[some].size]
            table[self.shares[0] : self.shares[-1] + 1] = rows[:, some]
            self._meet()
            total[some] = super().vote(list(table.astype(rows.dtype)))
        return total.reshape(answers[0].T.shape).T

    def told(self, costs: list[float], n_correct: int) -> Numbers:
        """Two numbers for each share; of the votes all know how many are right, and the first one tells."""
        return [(cost, n_correct * (member == 0)) for member, cost in zip(self.shares, costs, strict=True)]


def _shared(n: int, dtype: DTypeLike) -> Array:
    """Zeros in memory that forked processes share."""
    return np.frombuffer(mmap.mmap(-1, max(n, 1) * np.dtype(dtype).itemsize), dtype)[:n]


def make_communicator(
    setting: str | int,
    n_weights: int,
    batch_size: int,
    n_steps: int,
    n_pieces: int | None = None,
    *,
    n_members: int = 1,
    adapts: bool = True,
) -> Communicator:
    """The communicator for `training.processes: setting`.

    Where processes cannot share memory safely, or come from an MPI launcher, one process trains.

    Args:
        setting: A number of processes, which they keep, or `auto`: as many as are fastest.
        n_weights: Of the network.
        batch_size: Examples per step.
        n_steps: Steps of the whole training.
        n_pieces: How many pieces a batch is divided into, or `BY_MEMBER`: an ensemble is divided instead; by default
            that where it keeps as many processes busy.
        n_members: Networks of the ensemble that processes may divide; 1 where every batch takes much work to make.
        adapts: Whether one process can compute several pieces; not where they meet in every layer.
    """
    if not CAN_DIVIDE_BATCHES or launched():
        return SingleProcess()
    is_auto = setting == "auto"
    n_processes = min(usable_cores(), n_members) if is_auto else int(setting)
    if n_pieces is None:
        n_pieces = int(setting) if not is_auto else choose_size(n_weights, batch_size, n_steps, usable_cores())
        pays = not is_auto or is_worth_sharing(n_weights, batch_size, n_steps)
        if pays and max(n_pieces, 2) <= n_processes <= n_members:
            n_pieces = BY_MEMBER
    if n_pieces == BY_MEMBER:
        return ForkedMembers(n_members, min(n_processes, n_members), Pace(n_processes) if is_auto else None)
    if n_pieces == 1:
        return SingleProcess()
    return ForkedProcesses(n_pieces, Pace(n_pieces) if is_auto and adapts else None)
