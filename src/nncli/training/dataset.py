"""Interface of a set of examples for training; `nncli.data.batches.Batches` is one, a test's list can be another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray


class Dataset(Protocol):
    """Examples in batches."""

    batch_size: int
    weights: NDArray[Any] | None
    """How much the losses of the batch given last count; None where all examples count alike."""
    held: NDArray[np.intp] | None
    """Places in the batch given last of the examples given; None where each process can have whichever it wants."""

    @property
    def n_examples(self) -> int:
        """Examples in the set."""

    def __len__(self) -> int:
        """Batches in an epoch."""

    def shuffled(
        self, seed: int, epoch: int, skip: int, share: Callable[[int], slice | NDArray[np.intp]]
    ) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """X, (n_0, m), and Y, (m,), in the random order of this epoch, without the first `skip` batches.

        `share` picks the examples of each batch that this process is to train on, if it can have any. X may be written
        to.
        """

    def in_order(self, share: Callable[[int], slice]) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """The same in the order of the set; `share` picks from the whole set."""
