"""Training in processes that an MPI launcher started: all make the same steps.

    forward, backward        on this process's share of the batch
    sum                      every process has the whole batch's gradient; it begins while the rest is computed
    optimizer.step           everyone updates all parameters, alike

Two short messages go with the gradient: its sums of losses and hits, and whether process 0 wants to stop. Processes
that are all on one machine send nothing; they share memory, as forked ones do, and each updates a part.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from nncli.machine.cores import CAN_DIVIDE_BATCHES
from nncli.machine.ranks import share
from nncli.training.communicator import EveryMember
from nncli.training.shared_memory import SharedMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nncli.machine.ranks import Ranks
    from nncli.network.parameters import Array
    from nncli.training.communicator import Communicator, Gradients, Numbers


LARGE = 500_000
"""Parameters from which on the sum begins early; of fewer the further messages cost as much as is gained."""

PIECE, MOST_PIECES = 400_000, 8
"""Numbers that a layer's gradient is cut into, 13 ms of a network of 1 Gbit/s, and how many pieces at most."""


class RankCommunicator(EveryMember):
    """A communicator over the processes of a run; see `nncli.training.communicator` for what the methods do.

    Args:
        ranks: The processes.
    """

    forked = 1

    def __init__(self, ranks: Ranks) -> None:
        self._ranks, self.rank, self.size = ranks, ranks.rank, ranks.size
        self.shares: Sequence[int] = (ranks.rank,)
        self._n_begun = 0

    def zeros_like(self, array: Array) -> Array:
        """Zeros in this process's own memory."""
        return np.zeros_like(array)

    @contextlib.contextmanager
    def helped(self, theta: Array, _work: Callable[[Gradients], None]) -> Iterator[Gradients]:
        """The others are at the same place of the same program; each has but one vector, for its own share."""
        self._gradient = np.zeros_like(theta)
        yield [self._gradient] * self.size

    def share(self, _number: int, m: int) -> slice:
        """An equal share, give or take one example."""
        return share(self._ranks, m)

    def parts(self, size: int) -> list[slice]:
        """All of them."""
        return [slice(0, size)]

    def product(self, dZ: Array, A: Array, dW: Array) -> None:
        """dZ[l] A[l-1]^T, in pieces: while one is computed, those before it are added up."""
        if self._gradient.size < LARGE:
            np.matmul(dZ, A, out=dW)
            return
        memory, n = dW.T, min(MOST_PIECES, 1 + dW.size // PIECE)  # (n_{l-1}, n_l), rows one after the other
        for k in range(n):
            part = slice(len(memory) * k // n, len(memory) * (k + 1) // n)
            np.matmul(dZ, A[:, part], out=dW[:, part])
            self._ranks.begin_to_add_up(memory[part].reshape(-1))
        self._n_begun += dW.size

    def sum(self, numbers: Numbers) -> list[float]:
        """Add up the gradients of all, as far as that has not begun, and the numbers."""
        self._ranks.add_up(self._gradient[self._n_begun :])  # weights come first in it
        self._ranks.end_adding_up()
        self._n_begun = 0
        return self.total(numbers)

    def add_up(self, vector: Array) -> None:
        """Add up the vectors of all."""
        self._ranks.add_up(vector)

    def total(self, numbers: Numbers) -> list[float]:
        """Add up the numbers of all."""
        return self._ranks.total(*numbers[0])

    def over_parts(self, numbers: list[float]) -> float:
        """Everyone's part is the whole."""
        return numbers[0]

    def finish_step(self, stop: bool) -> bool:
        """Hear what process 0 says."""
        return self._ranks.total(float(stop and self.rank == 0))[0] > 0

    def agree(self, stop: bool) -> bool:
        """Likewise."""
        return self.finish_step(stop)

    def adapt(self, _seconds: float) -> bool:
        """Whoever launched the processes has decided."""
        return False


class SharedRanks(SharedMemory):
    """A communicator over the processes of a run on one machine.

    Args:
        ranks: The processes.
    """

    forked = 1

    def __init__(self, ranks: Ranks) -> None:
        super().__init__(ranks.rank, ranks.size, ranks.shared)

    @contextlib.contextmanager
    def helped(self, theta: Array, _work: Callable[[Gradients], None]) -> Iterator[Gradients]:
        """The others are at the same place of the same program."""
        self._gradients = [self.zeros_like(theta) for _ in range(self.size)]
        yield self._gradients

    def agree(self, stop: bool) -> bool:
        """All hear it."""
        return self.finish_step(stop)


def communicator_over(ranks: Ranks) -> Communicator:
    """The one that suits the processes of a run."""
    return SharedRanks(ranks) if ranks.n_machines == 1 and CAN_DIVIDE_BATCHES else RankCommunicator(ranks)
