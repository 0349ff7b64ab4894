"""Mini-batches: which examples come together.

Every epoch has a new order, drawn from the seed and the epoch's number alone: resuming needs no stored state, and
every process of several draws the same order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from nncli.data.network_inputs import NetworkInputs
    from nncli.data.shard import Shard


def everything(_m: int) -> slice:
    """The share of a process that is alone."""
    return slice(None)


class Batches:
    """Batches of a labeled set.

    Args:
        inputs: What the network sees of each example.
        labels: Class indices, (m,), or numbers to be told or a 0 or 1 for each label, (m, n_L).
        batch_size: Examples per batch; the last batch of an epoch holds the rest.
        mirrored_labels: Of the mirror images, where these have other ones.
        weights: How much the loss of each example counts, (m,); None where all count alike.
        shard: Which examples of a larger set these are, where other processes hold the rest.

    Attributes:
        weights: Those of the batch that was given last.
        held: Places in the batch that was given last of the examples that are here; None where all are.
    """

    def __init__(
        self,
        inputs: NetworkInputs,
        labels: NDArray[Any],
        batch_size: int,
        mirrored_labels: NDArray[Any] | None = None,
        weights: NDArray[np.float64] | None = None,
        shard: Shard | None = None,
    ) -> None:
        self.inputs, self.labels, self.shard = inputs, labels, shard
        self._mirrored_labels, self._weights = mirrored_labels, weights
        self.weights: NDArray[Any] | None = None
        self.held: NDArray[np.intp] | None = None
        self.batch_size = min(batch_size, self.n_examples)

    @property
    def n_examples(self) -> int:
        """Examples in the set."""
        return self.shard.n_images if self.shard else len(self.labels)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self.n_examples / self.batch_size)

    def shuffled(
        self, seed: int, epoch: int, skip: int = 0, share: Callable[[int], slice | NDArray[np.intp]] = everything
    ) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """The batches of one epoch in its own random order.

        Args:
            seed: Of the run.
            epoch: Its number.
            skip: Batches to leave out at the start, because an earlier run has trained on them.
            share: From the size of a batch to the examples of it that are wanted; the other processes take the others.
                Where these hold examples of their own, each takes what it holds.

        Yields:
            X, (n_0, m), overwritten by the next batch, and Y, class indices, (m,), or numbers, (n_L, m).
        """
        rng = np.random.default_rng([seed, epoch])
        order = self.shard.permutation(rng) if self.shard else rng.permutation(self.n_examples)
        for number in range(skip, len(self)):
            batch = order[number * self.batch_size : (number + 1) * self.batch_size]
            part = share(len(batch))
            if self.shard:
                part = self.held = self.shard.held(batch)
                batch = batch.astype(np.intp) - self.shard.first  # places among what is here
            X, chosen = self.inputs.draw(batch, part, (seed, epoch, number)), batch[part]
            Y = self.labels[chosen]
            if self._mirrored_labels is not None:
                Y[self.inputs.is_mirrored] = self._mirrored_labels[chosen[self.inputs.is_mirrored]]
            if self._weights is not None:
                self.weights = np.asarray(self._weights[chosen].astype(X.dtype), like=X)
            yield X, np.asarray(Y.T, like=X)

    def in_order(self, share: Callable[[int], slice] = everything) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """The same pairs, in the order of the set; `share` picks from the whole set."""
        part = np.arange(self.n_examples)[share(self.n_examples)]
        for start in range(0, len(part), self.batch_size):
            batch = part[start : start + self.batch_size]
            X = self.inputs.take(batch)
            yield X, np.asarray(self.labels[batch].T, like=X)
