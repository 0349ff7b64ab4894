"""Mini-batches: which examples come together, and how they get from uint8 rows into the network's input.

Every epoch has a new order, drawn from the seed and the epoch's number alone: resuming needs no stored state, and
every process of several draws the same order. So it is with the random changes of a batch, where augmentation is on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nncli.data.pixel_rows import PixelRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import DTypeLike, NDArray

    from nncli.data.augmentation.kinds import Augmentation
    from nncli.data.scaling import Scaling


class Extractor(Protocol):
    """What makes feature columns of pixels."""

    n_features: int

    def extract(self, pixels: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Write the feature columns of `pixels`, one image per row, to the rows of `out`, (m, n_features)."""


def everything(_m: int) -> slice:
    """The share of a process that is alone."""
    return slice(None)


class Batches:
    """Batches of a labeled set of images.

    Args:
        pixels: One image per row, (M, n_0) uint8, C-contiguous.
        labels: Class indices, (m,).
        scaling: From pixels, or from their features, to network input.
        batch_size: Examples per batch; the last batch of an epoch holds the rest.
        dtype: The network's precision.
        rows: The row of each example, (m,); all rows in order by default.
        features: From pixels to feature columns, where these are not computed beforehand.
        n_copies: Versions of each image; every epoch takes one at random. `rows` names all first versions, then
            all second ones, and so on.
        augmentation: What changes the shuffled images, anew in every epoch; the images in order stay as they are.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        labels: NDArray[np.intp],
        scaling: Scaling,
        batch_size: int,
        dtype: DTypeLike = np.float32,
        rows: NDArray[np.intp] | None = None,
        augmentation: Augmentation | None = None,
        features: Extractor | None = None,
        n_copies: int = 1,
    ) -> None:
        self.pixels, self.labels, self.scaling = pixels, labels, scaling
        self._images = PixelRows(pixels, rows)
        self._augmentation, self._n_copies = augmentation, n_copies
        self.batch_size = min(batch_size, len(labels))
        self._bytes = np.empty((self.batch_size, pixels.shape[1]), np.uint8)
        self._features = features
        self._columns = np.empty((self.batch_size, features.n_features if features else 0), np.float32)
        self._inputs = np.empty((self.batch_size, features.n_features if features else pixels.shape[1]), dtype)

    @property
    def n_examples(self) -> int:
        """Images in the set."""
        return len(self.labels)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self.n_examples / self.batch_size)

    def shuffled(
        self, seed: int, epoch: int, skip: int = 0, share: Callable[[int], slice] = everything
    ) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """The batches of one epoch in its own random order.

        Args:
            seed: Of the run.
            epoch: Its number.
            skip: Batches to leave out at the start, because an earlier run has trained on them.
            share: From the size of a batch to the examples of it that are wanted; the other processes take the others.

        Yields:
            X, (n_0, m), overwritten by the next batch, and Y, class indices, (m,).
        """
        order = np.random.default_rng([seed, epoch]).permutation(self.n_examples)
        for batch in range(skip, len(self)):
            chosen = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            m, part = len(chosen), share(len(chosen))
            chosen = chosen[part]
            rows = chosen
            if self._n_copies > 1:  # as the order, from numbers alone; the 2 keeps this apart from augmentation
                rng = np.random.default_rng([seed, epoch, batch, 2])
                rows = chosen + self.n_examples * rng.integers(0, self._n_copies, m)[part]
            pixels = self._images.take(rows, self._bytes)
            if self._augmentation:
                # As the order, from numbers alone; the 1, which stands for augmentation, keeps the two apart.
                rng = np.random.default_rng([seed, epoch, batch, 1])
                self._augmentation.apply(pixels, rng, m, part)
            yield self._scaled(pixels), self.labels[chosen]

    def in_order(self, share: Callable[[int], slice] = everything) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """The same pairs, in the order of the set; `share` picks from the whole set."""
        first, stop, _ = share(self.n_examples).indices(self.n_examples)
        for start in range(first, stop, self.batch_size):
            part = slice(start, min(start + self.batch_size, stop))
            yield self._scaled(self._images.take(part, self._bytes)), self.labels[part]

    def _scaled(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        inputs = self._inputs[: len(pixels)]
        if self._features:
            columns = self._columns[: len(pixels)]
            self._features.extract(pixels, columns)
            self.scaling.apply(columns, inputs)
        else:
            self.scaling.apply(pixels, inputs)
        return inputs.T  # examples are rows in memory, columns in the formulas
