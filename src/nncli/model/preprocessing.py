"""From images to network input: the feature column, then its scaling; the one way of training and prediction.

pixels  ->  phi(pixels)  ->  x = scale * phi + offset        phi: feature blocks, or the pixels themselves
                         ->  z = x matrix + shift            only where the network works in the span of its data
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.data.scaling import Scaling
    from nncli.features.column import FeatureColumn
    from nncli.features.span import Projection


class Preprocessing:
    """Steps from an image to network input. They have no memory of its own: threads can share it.

    Args:
        column: From pixels to the feature column.
        scaling: Of the feature column.
        projection: From the scaled column to network input; by default it is this column.

    Attributes:
        is_pixels: Whether the network sees the pixels themselves.
        n_inputs: n_0, the length of a network input.
    """

    def __init__(self, column: FeatureColumn, scaling: Scaling, projection: Projection | None = None) -> None:
        self.column, self.scaling, self.projection = column, scaling, projection
        self.is_pixels = column.is_pixels and projection is None
        self.n_inputs = projection.n_directions if projection else column.n_features

    def moved_to(self, like: NDArray[Any]) -> Preprocessing:
        """The same steps, taken where `like` lies; pixels are brought there."""
        projection = self.projection.moved_to(like) if self.projection else None
        return Preprocessing(self.column.moved_to(like), self.scaling.moved_to(like), projection)

    def apply(self, pixels: NDArray[np.uint8], out: NDArray[Any]) -> None:
        """Write the network input of `pixels`, one image per row, to `out`, (m, n_0), in the precision of `out`."""
        self._finish(self._features(pixels), out)

    def apply_looks(self, pixels: NDArray[np.uint8], out: NDArray[Any], *, mirrored: bool) -> None:
        """As `apply` for every look at an image, (n_looks, m, n_0), each followed by its mirror image if wanted."""
        features = np.empty((len(out), len(pixels), self.column.n_features), np.float32, like=out)
        self.column.extract_looks(pixels, features, mirrored=mirrored)
        inputs = np.empty((len(out) * len(pixels), self.n_inputs), out.dtype, like=out)
        self._finish(features.reshape(len(inputs), -1), inputs)  # one product for all looks
        out[:] = inputs.reshape(out.shape)

    def _features(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        if self.column.is_pixels:
            return np.asarray(pixels, like=self.column.like)
        features = np.empty((len(pixels), self.column.n_features), np.float32, like=self.column.like)
        self.column.extract(pixels, features)
        return features

    def _finish(self, features: NDArray[Any], out: NDArray[Any]) -> None:
        """Scale and project, (m, n) to (m, n_0); `features` of our own are overwritten."""
        if self.projection is None:
            self.scaling.apply(features, out)
            return
        scaled = features if features.dtype == np.float32 else np.empty(features.shape, np.float32, like=out)
        self.scaling.apply(features, scaled)
        self.projection.apply(scaled, out)
