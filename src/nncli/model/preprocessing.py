"""From images to network input: the feature column, then its scaling; the one way of training and prediction.

pixels  ->  phi(pixels)  ->  x = scale * phi + offset        phi: feature blocks, or the pixels themselves
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.data.scaling import Scaling
    from nncli.features.column import FeatureColumn


class Preprocessing:
    """Steps from an image to network input. They have no memory of its own: threads can share it.

    Args:
        column: From pixels to the feature column.
        scaling: From the feature column to network input.

    Attributes:
        is_pixels: Whether the network sees the pixels themselves.
        n_inputs: n_0, the length of a network input.
    """

    def __init__(self, column: FeatureColumn, scaling: Scaling) -> None:
        self.column, self.scaling = column, scaling
        self.is_pixels, self.n_inputs = column.is_pixels, column.n_features

    def apply(self, pixels: NDArray[np.uint8], out: NDArray[Any]) -> None:
        """Write the network input of `pixels`, one image per row, to `out`, (m, n_0), in the precision of `out`."""
        if self.is_pixels:
            self.scaling.apply(pixels, out)
            return
        features = np.empty((len(pixels), self.n_inputs), np.float32)
        self.column.extract(pixels, features)
        self.scaling.apply(features, out)
