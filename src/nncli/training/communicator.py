"""How several processes train one network together; one process has nobody to talk to.

Every batch is divided into shares, one for each process, and a gradient is computed of each share. The gradients are
added up, each process updates its own part of the parameters, and all go on from the same parameters: the same
training, divided.

    forward, backward        on this process's share of the batch
    sum                      every process has the whole batch's gradient for its part of the parameters
    optimizer.step           on that part
    finish_step              every process has all parameters; all hear whether to stop
    adapt                    between two steps: fewer processes may take several shares each, or more take fewer

The shares decide what is computed, to the bit. Which process computes which of them decides only how long it takes.

The members of an ensemble learn each for itself. Where these are the shares (`ForkedMembers`), every process has the
whole batch, and no gradient is added up.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nncli.network.parameters import Array

    Gradients = list[Array]
    Numbers = Sequence[Sequence[float]]


class Communicator(Protocol):
    """Interface of the loop to the processes it shares the work with.

    Attributes:
        rank: Number of this process, from 0; 0 is the one that reports and saves.
        size: Number of shares.
        shares: Numbers of those that this process computes.
        n_pieces: Number of pieces that a batch is divided into.
        pieces: Numbers of those that this process computes.
        forked: Number of pieces that training made itself, for processes of this machine, see `make_communicator`;
            resuming makes as many again.
    """

    rank: int
    size: int
    shares: Sequence[int]
    forked: int

    @property
    def n_pieces(self) -> int:
        """See above."""

    @property
    def pieces(self) -> Sequence[int]:
        """See above."""

    def piece(self, number: int, m: int) -> slice:
        """Which of a batch of m examples are in a piece."""

    def members(self, n: int) -> Sequence[int]:
        """Which of the n members of an ensemble this process computes."""

    def vote(self, answers: Sequence[Array]) -> Array:
        """The sum of the answers of all members, (K, m), of which there is one for each of this process's."""

    def told(self, costs: list[float], n_correct: int) -> Numbers:
        """Numbers of a piece for `total`: the costs of this process's members, and how many of all votes are right."""

    def zeros_like(self, array: Array) -> Array:
        """Zeros that all processes see, for parameters and the optimizer's state."""

    def helped(self, theta: Array, work: Callable[[Gradients], None]) -> contextlib.AbstractContextManager[Gradients]:
        """While the context is open, other processes do `work`, too, from where this one stands when they start.

        The context and `work` get a gradient vector for each share, as long as `theta`; the context is not open in the
        other processes, which end with their work.
        """

    def share(self, number: int, m: int) -> slice:
        """Which of m examples are in a share, where examples are what is shared."""

    def parts(self, size: int) -> list[slice]:
        """Which of `size` parameters this process updates: neighboring parts, one for each of its shares."""

    def product(self, dZ: Array, A: Array, dW: Array) -> None:
        """dW[l] = dZ[l] A[l-1]^T, given transposed; nothing else is added to it, so its sum may begin."""

    def sum(self, numbers: Numbers) -> list[float]:
        """Make this process's parts of the first gradient vector the sum of all; gives the sums as `total`."""

    def add_up(self, vector: Array) -> None:
        """Replace a vector, (n, 1), by its sum over the processes, the same bits in all of them, of a share each."""

    def total(self, numbers: Numbers) -> list[float]:
        """The sums over all shares of `numbers`, of which there are as many for each of this process's shares."""

    def over_parts(self, numbers: list[float]) -> float:
        """The sum over all parts of the parameters of `numbers`, one for each of this process's parts."""

    def finish_step(self, stop: bool) -> bool:
        """Wait until every process has updated its part; returns what process 0 says about stopping."""

    def agree(self, stop: bool) -> bool:
        """Hear what process 0 says about stopping, when no parameter has moved since the last step."""

    def adapt(self, seconds: float) -> bool:
        """After a step that took `seconds`: whether this process has other shares from now on."""


class EveryMember:
    """A communicator whose shares are pieces of the batch: each has every member of an ensemble."""

    size: int
    shares: Sequence[int]
    share: Callable[[int, int], slice]

    @property
    def n_pieces(self) -> int:
        """As many as shares."""
        return self.size

    @property
    def pieces(self) -> Sequence[int]:
        """Those of the shares."""
        return self.shares

    def piece(self, number: int, m: int) -> slice:
        """That of the share."""
        return self.share(number, m)

    def members(self, n: int) -> Sequence[int]:
        """All of them."""
        return range(n)

    def vote(self, answers: Sequence[Array]) -> Array:
        """All are here."""
        total, *others = answers
        for each in others:
            total = total + each
        return total

    def told(self, costs: list[float], n_correct: int) -> Numbers:
        """Two numbers for the share."""
        return [(sum(costs), n_correct)]


class SingleProcess(EveryMember):
    """The communicator of a process that is alone."""

    rank = 0
    size = 1
    shares: Sequence[int] = (0,)
    forked = 1

    def zeros_like(self, array: Array) -> Array:
        """Zeros in this process's own memory."""
        return np.zeros_like(array)

    @contextlib.contextmanager
    def helped(self, theta: Array, _work: Callable[[Gradients], None]) -> Iterator[Gradients]:
        """Nobody helps."""
        yield [np.zeros_like(theta)]

    def share(self, _number: int, _m: int) -> slice:
        """All of them."""
        return slice(None)

    def parts(self, _size: int) -> list[slice]:
        """All of them."""
        return [slice(None)]

    def product(self, dZ: Array, A: Array, dW: Array) -> None:
        """There is no sum to begin with."""
        np.matmul(dZ, A, out=dW)

    def sum(self, numbers: Numbers) -> list[float]:
        """The sum over one share is already there."""
        return self.total(numbers)

    def add_up(self, vector: Array) -> None:
        """Likewise."""

    def total(self, numbers: Numbers) -> list[float]:
        """Likewise."""
        return list(numbers[0])

    def over_parts(self, numbers: list[float]) -> float:
        """There is one part."""
        return numbers[0]

    def finish_step(self, stop: bool) -> bool:
        """Nobody to wait for."""
        return stop

    def agree(self, stop: bool) -> bool:
        """Nobody to ask."""
        return stop

    def adapt(self, _seconds: float) -> bool:
        """There is one share."""
        return False
