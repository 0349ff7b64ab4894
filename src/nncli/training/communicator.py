"""How several processes train one network together; one process has nobody to talk to.

Each process takes its share of every batch and computes the gradient of that share. The gradients are added up, each
process updates its own part of the parameters, and all go on from the same parameters: the same training, divided.

    forward, backward        on this process's share of the batch
    sum                      every process has the whole batch's gradient for its part of the parameters
    optimizer.step           on that part
    finish_step              every process has all parameters; all hear whether to stop
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nncli.network.parameters import Array


class Communicator(Protocol):
    """Interface of the loop to the processes it shares the work with.

    Attributes:
        rank: Number of this process, from 0; 0 is the one that reports and saves.
        size: Number of processes.
        forked: Number of those on this machine that training starts itself; resuming starts as many again.
    """

    rank: int
    size: int
    forked: int

    def zeros_like(self, array: Array) -> Array:
        """Zeros that all processes see, for parameters and the optimizer's state."""

    def helped(self, theta: Array, work: Callable[[Array], None]) -> contextlib.AbstractContextManager[Array]:
        """While the context is open, the other processes do `work` with a gradient vector each, as long as `theta`.

        The context gives this process's gradient vector; it is not open in the others, which end with their work.
        """

    def share(self, m: int) -> slice:
        """Which of m examples are this process's."""

    def part(self, size: int) -> slice:
        """Which of `size` parameters this process updates."""

    def sum(self, gradient: Array, *numbers: float) -> list[float]:
        """Replace this process's part of `gradient` by its sum over the processes; gives the sums of `numbers`."""

    def add_up(self, vector: Array) -> None:
        """Replace a vector, (n, 1), by its sum over the processes, the same bits in all of them."""

    def total(self, *numbers: float) -> list[float]:
        """The sums of `numbers` over the processes."""

    def over_parts(self, number: float) -> float:
        """The sum of `number` over the parts of the parameters."""

    def finish_step(self, stop: bool) -> bool:
        """Wait until every process has updated its part; returns what process 0 says about stopping."""

    def agree(self, stop: bool) -> bool:
        """Hear what process 0 says about stopping, when no parameter has moved since the last step."""


class SingleProcess:
    """The communicator of a process that is alone."""

    rank = 0
    size = 1
    forked = 1

    def zeros_like(self, array: Array) -> Array:
        """Zeros in this process's own memory."""
        return np.zeros_like(array)

    @contextlib.contextmanager
    def helped(self, theta: Array, _work: Callable[[Array], None]) -> Iterator[Array]:
        """Nobody helps."""
        yield np.zeros_like(theta)

    def share(self, _m: int) -> slice:
        """All of them."""
        return slice(None)

    def part(self, _size: int) -> slice:
        """All of them."""
        return slice(None)

    def sum(self, _gradient: Array, *numbers: float) -> list[float]:
        """The sum over one process is already there."""
        return list(numbers)

    def add_up(self, vector: Array) -> None:
        """Likewise."""

    def total(self, *numbers: float) -> list[float]:
        """The sum over one process is already there."""
        return list(numbers)

    def over_parts(self, number: float) -> float:
        """There is one part."""
        return number

    def finish_step(self, stop: bool) -> bool:
        """Nobody to wait for."""
        return stop

    def agree(self, stop: bool) -> bool:
        """Nobody to ask."""
        return stop
