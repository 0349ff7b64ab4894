"""How much there is of each color: pixels counted in boxes of similar colors.

Each channel has `bins` levels, from none to full; a box is a combination of levels. A pixel between levels is shared
among the 2 (grayscale) or 8 (rgb) boxes around it, the nearer the more, so that a slightly different light changes the
counts slightly. Shares are square roots of counts, because the difference between none and a little says more than
the difference between much and a little more (the Hellinger kernel).

Source: Swain and Ballard 1991, "Color indexing"; the root: Arandjelovic and Zisserman 2012, section 3.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from nncli.features.block import FixedBlock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.settings.color_histogram import ColorHistogram

CHUNK_VALUES = 1 << 18
"""Pixel values at a time: 64 images of 4096, or one that is larger."""


class ColorHistogramBlock(FixedBlock):
    """The block `color_histogram` for images of one shape."""

    settings: ColorHistogram

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        n_boxes = self.n_features // self.settings.grid**2
        cells = self._cells()
        pixels_of_box = np.bincount(cells).repeat(n_boxes).astype(np.float32)
        chunk = max(1, CHUNK_VALUES // images[:1].size)
        for start in range(0, len(images), chunk):
            counts = self._counts(images[start : start + chunk], cells * n_boxes)
            out[start : start + chunk] = np.sqrt(counts / pixels_of_box)

    def _cells(self) -> NDArray[np.intp]:
        """Which cell of the grid each pixel lies in, (height * width,)."""
        height, width, _ = self.shape
        grid = self.settings.grid
        row, column = np.arange(height) * grid // height, np.arange(width) * grid // width
        return (row[:, None] * grid + column).ravel()

    def _counts(self, images: NDArray[np.uint8], first_box: NDArray[np.intp]) -> Array:
        """Pixels in each box, (m, n_features); `first_box` is the first one of each pixel's cell."""
        bins, n_boxes = self.settings.bins, self.n_features
        m, channels = len(images), images.shape[3]
        level = images.reshape(m, -1, channels) * np.float32((bins - 1) / 255)
        lower = np.minimum(level.astype(np.intp), bins - 2)
        share = level - lower.astype(np.float32)  # of the upper level
        counts = np.zeros(m * n_boxes)
        first = np.arange(m)[:, None] * n_boxes + first_box
        for corner in itertools.product((0, 1), repeat=channels):
            box, weight = np.zeros_like(first), np.ones_like(share[..., 0])
            for channel, is_upper in enumerate(corner):
                box = box * bins + lower[..., channel] + is_upper
                weight = weight * (share[..., channel] if is_upper else 1 - share[..., channel])
            counts += np.bincount((first + box).ravel(), weight.ravel(), counts.size)
        return counts.reshape(m, n_boxes).astype(np.float32)
