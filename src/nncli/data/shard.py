"""The training images that one of several ranks holds, where none holds all: `data.placement: shards`.

Rank r of K holds neighbors in the list of all m training images, from m r / K on. Whatever is drawn is drawn from all
m, by every rank alike: the order of an epoch, or the images that a dictionary learns from. Of each batch a rank trains
on the images that it holds, so that no pixel is sent, and the batches are those of one process. The shares of a batch
are not equal then: of B images in random order a rank holds B / K, give or take sqrt(B / K (1 - 1 / K)), and all wait
for the largest share.

Where one rank needs some rows of all training images, the ranks that hold them hand them over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.pixel_rows import PixelRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nncli.machine.ranks import Ranks


@dataclass(frozen=True)
class Shard:
    """Which of the training images this rank holds.

    Attributes:
        first: Place of the first of them in the list of all.
        n_held: How many.
        n_images: How many all ranks hold.
        class_counts: Of these, in each class, (n_classes,).
        ranks: They.
    """

    first: int
    n_held: int
    n_images: int
    class_counts: NDArray[np.intp]
    ranks: Ranks

    def permutation(self, rng: np.random.Generator) -> NDArray[Any]:
        """All images in random order, that of `rng.permutation`, in half the memory."""
        order = np.arange(self.n_images, dtype=np.uint32)
        rng.shuffle(order)
        return order

    def held(self, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """Where in `chosen`, places in the list of all, (n,), those are that this rank holds, ascending."""
        return np.flatnonzero((chosen >= self.first) & (chosen < self.first + self.n_held))

    def own(self, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of `chosen` those that this rank holds, by their places among what it holds."""
        return chosen[self.held(chosen)] - self.first

    def joined(self, rows: NDArray[Any], lengths: Sequence[int] = ()) -> NDArray[Any]:
        """Rows that every rank has computed of its own images, in the order of all; see `Ranks.joined`."""
        return self.ranks.joined(rows, lengths or [len(rows)])


class RowsOfAll(PixelRows):
    """Pixels of all training images, which all ranks are to ask for together.

    Args:
        pixels: As of `PixelRows`.
        rows: Indices of the rows that this rank holds, (m,).
        shard: Which ones these are.
    """

    def __init__(self, pixels: NDArray[np.uint8], rows: NDArray[np.intp], shard: Shard) -> None:
        super().__init__(pixels, rows)
        self._shard = shard

    def __len__(self) -> int:
        """Images of all ranks."""
        return self._shard.n_images

    def some(self, chosen: NDArray[np.intp]) -> PixelRows:
        """The set of some images, for all ranks; `chosen` is ascending and the same in all of them."""
        return PixelRows(self._shard.joined(super().some(self._shard.own(chosen))[:]))
