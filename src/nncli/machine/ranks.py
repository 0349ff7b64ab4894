"""Processes that work on one run together, perhaps on several machines; each has a number, its rank.

Every process runs the same program. Each takes its share of what can be divided; what cannot, process 0 does for all.
All of them must come to the same meetings in the same order:

    from_first    process 0 makes something, the others get it
    dealt         process 0 has something for each
    gathered      everyone's something, by rank
    joined        everyone's rows, one table for all
    shared        memory that all see, where they are on one machine
    add_up        vectors, entry by entry; begun and ended apart, other work can be done meanwhile
    total         a few numbers
    meet          nothing: all are there

Between two meetings each may work by itself, and process 0 may call that off.

`Alone` is the team of one, for which nothing needs to be done; machine/mpi.py has the other one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray

T = TypeVar("T")


class Ranks(Protocol):
    """The processes of a run.

    Attributes:
        rank: Number of this process, from 0; 0 is the one that speaks and writes.
        size: How many there are.
        n_machines: On how many machines.
    """

    rank: int
    size: int
    n_machines: int

    def from_first(self, make: Callable[[], T]) -> T:
        """Process 0 calls `make`; all get the result."""

    def dealt(self, parts: Sequence[T]) -> T:
        """This process's part of those that process 0 has; what the others say is not heard."""

    def gathered(self, own: T) -> list[T]:
        """Everyone's `own`, by rank."""

    def joined(self, rows: NDArray[Any], lengths: Sequence[int]) -> NDArray[Any]:
        """Rows of all processes, in memory that those on one machine share; to be read only.

        Args:
            rows: This process's part of several tables, one part below the other, (m', n).
            lengths: Of these parts; they sum to m'.

        Returns:
            The tables, one below the other, (m, n); in each the rows of process 0 come first.
        """

    def shared(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        """Zeros, (n,), in memory that the processes on each machine share."""

    def add_up(self, vector: NDArray[Any]) -> None:
        """Replace `vector`, (size,), by its sum over the processes."""

    def begin_to_add_up(self, vector: NDArray[Any]) -> None:
        """Likewise, but return at once: until `end_adding_up` nobody may touch `vector`."""

    def end_adding_up(self) -> None:
        """Wait until all sums that were begun are there."""

    def total(self, *numbers: float) -> list[float]:
        """The sums of `numbers` over the processes, the same bits in all of them."""

    def meet(self, meanwhile: Callable[[], object] | None = None) -> None:
        """Wait until all have come here; `meanwhile` is called over and over until then."""

    def call_off(self) -> None:
        """Process 0 asks the others to end what each of them does by itself."""

    def is_called_off(self) -> bool:
        """Whether process 0 has asked for it."""


class Alone:
    """A process without others."""

    rank = 0
    size = 1
    n_machines = 1

    def from_first(self, make: Callable[[], T]) -> T:
        """It makes it itself."""
        return make()

    def dealt(self, parts: Sequence[T]) -> T:
        """The only one."""
        return parts[0]

    def gathered(self, own: T) -> list[T]:
        """Its own."""
        return [own]

    def joined(self, rows: NDArray[Any], _lengths: Sequence[int]) -> NDArray[Any]:
        """The tables are there already."""
        return rows

    def shared(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        """Zeros in its own memory."""
        import numpy as np

        return np.zeros(n, dtype)

    def add_up(self, _vector: NDArray[Any]) -> None:
        """The sum over one process is there already."""

    def begin_to_add_up(self, _vector: NDArray[Any]) -> None:
        """Likewise."""

    def end_adding_up(self) -> None:
        """Likewise."""

    def total(self, *numbers: float) -> list[float]:
        """Likewise."""
        return list(numbers)

    def meet(self, _meanwhile: Callable[[], object] | None = None) -> None:
        """It is there already."""

    def call_off(self) -> None:
        """There is nobody to hear it."""

    def is_called_off(self) -> bool:
        """Nobody does."""
        return False


ALONE = Alone()
"""Whoever names no others works alone."""


def come_from_the_first() -> Any:
    """For `from_first` in all other processes."""
    raise AssertionError("this is the first process")


def share(ranks: Ranks, m: int) -> slice:
    """Which of m items are this process's: an equal share, give or take one."""
    return share_of(ranks.rank, ranks.size, m)


def shares(size: int, m: int) -> list[slice]:
    """The shares of as many processes."""
    return [share_of(rank, size, m) for rank in range(size)]


def share_of(number: int, size: int, m: int) -> slice:
    """Which of m items are in a share, of `size` shares that count from 0."""
    return slice(m * number // size, m * (number + 1) // size)
