"""The simplest block: the pixels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.features.block import FixedBlock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nncli.features.block import Array


class PixelsBlock(FixedBlock):
    """The block `pixels`: the values themselves."""

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the values of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        out[:] = images.reshape(len(images), -1)
