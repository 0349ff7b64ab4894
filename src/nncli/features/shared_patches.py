"""Blocks that cut the same patches: they are cut once for all of them, and compared once where these are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nncli.features.tiles import Tiles
from nncli.machine.threads import PerThread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.looks import Crops
    from nncli.features.settings import Shape
    from nncli.features.tiles import Layer


class PatchUser(Protocol):
    """A block whose features are made of the answers of patches."""

    layer: Layer

    def from_sums(self, sums: Array, looks: list[Array]) -> None:
        """Write the features to `looks`, (m, n_features) each; `sums`: see below.

        The looks are the image and, if its sums are there, the mirror image; or this for each part.
        """

    def of_parts(self, parts: Crops) -> PatchUser | None:
        """The block that takes whole images and computes the features of their parts; see looks.py.

        None where parts have no answers in common.
        """


class SharedPatches:
    """The patches of one or more blocks.

    Args:
        blocks: Their layers cut alike.
        shape: Height, width and channels of the images.
    """

    def __init__(self, blocks: Sequence[PatchUser], shape: Shape) -> None:
        self.blocks, self.shape = blocks, shape
        self._layers: list[Layer] = []
        self._layer_of = [self._number_of(block.layer) for block in blocks]
        self._tiles = PerThread[Tiles]()

    def _number_of(self, layer: Layer) -> int:
        """The number of a layer among the different ones."""
        for number, known in enumerate(self._layers):
            if layer.gives_sums_of(known):
                return number
        self._layers.append(layer)
        return len(self._layers) - 1

    def of_parts(self, parts: Crops) -> SharedPatches | None:
        """See `Unit`; None where one of the blocks says so."""
        blocks = [over for block in self.blocks if (over := block.of_parts(parts))]
        return SharedPatches(blocks, parts.shape) if len(blocks) == len(self.blocks) else None

    def extract(self, images: NDArray[np.uint8], looks: list[list[Array]], *, mirrored: bool = False) -> None:
        """See `Unit`."""
        for start, sums in self.sums(images, both=mirrored):
            for block, its, outs in zip(self.blocks, sums, looks, strict=True):
                block.from_sums(its, [out[start : start + its.shape[1]] for out in outs])

    def sums(self, images: NDArray[np.uint8], *, both: bool = False) -> Iterator[tuple[int, list[Array]]]:
        """max(s, t) and min(s, -t) of the answers s, added up over runs of rows of places, averaged across.

        Args:
            images: (m, height, width, channels).
            both: Whether the answers of the mirror images are wanted, too.

        Yields:
            The number of the first image, and the sums of each block, (1 or 2 looks, m, 2, runs, q, K), overwritten
            by the next.
        """
        tiles = self._tiles.get(lambda: Tiles(self._layers, self.shape))
        for start, sums in tiles.sums(images, both=both):
            yield start, [sums[number] for number in self._layer_of]
