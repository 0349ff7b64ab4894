"""How much there is of each color: pixels counted in boxes of similar colors.

Each channel has `bins` levels, from none to full; a box is a combination of levels. A pixel between levels is shared
among the 2 (grayscale) or 8 (rgb) boxes around it, the nearer the more, so that a slightly different light changes the
counts slightly. Shares are square roots of counts, because the difference between none and a little says more than
the difference between much and a little more (the Hellinger kernel).

A pixel whose shares of the upper levels are r, g and b adds r g b to the uppermost box, (1 - r) g b to one below it,
and so on. Multiplied out, eight sums over the pixels of a box tell all: those of 1, r, g, b, r g, r b, g b and r g b.

Source: Swain and Ballard 1991, "Color indexing"; the root: Arandjelovic and Zisserman 2012, section 3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nncli.features.block import FixedBlock
from nncli.features.cells import WHOLE, cells_of_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.looks import Crops
    from nncli.features.settings import Shape
    from nncli.features.settings.color_histogram import ColorHistogram

CHUNK_VALUES = 1 << 18
"""Pixel values at a time: 64 images of 4096, or one that is larger."""

TURNS = 8
"""Strips of an image whose pixels are counted in turn."""


class ColorHistogramBlock(FixedBlock):
    """The block `color_histogram` for images of one shape.

    Args:
        settings: Of the block.
        shape: Height, width and channels of the images.
        parts: Images of this shape are parts of larger ones, and these are what is to be computed; see looks.py.
    """

    settings: ColorHistogram

    def __init__(self, settings: ColorHistogram, shape: Shape, parts: Crops | None = None) -> None:
        super().__init__(settings, shape)
        within = parts.shape if parts else shape
        self._places = parts.in_steps_of(1) if parts else WHOLE
        self._down, self._across = cells_of_parts(shape[:2], settings.grid, self._places, within[:2])

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        self.extract_looks(images, [out])

    def extract_looks(self, images: NDArray[np.uint8], looks: list[Array], *, mirrored: bool = False) -> None:
        """Write the features of each part of `images`, (m, height, width, channels), to `looks`, (m, n_features) each.

        Each is followed by that of its mirror image, if these are wanted.
        """
        if mirrored and not self._is_symmetric:  # only of whole images, see `of_parts`
            for side, out in zip((images, images[:, :, ::-1]), looks, strict=True):
                self.extract(side, out)
            return
        down, across, grid = self._down, self._across, self.settings.grid
        n_pixels = np.asarray(np.outer(down.n_places[:grid], across.n_places[:grid])[:, :, None], like=images)
        of_rows, of_columns = (np.asarray(cells.of_runs, like=images) for cells in (down, across))
        chunk, n_sides = max(1, CHUNK_VALUES // images[:1].size), 1 + mirrored
        for start in range(0, len(images), chunk):
            some = slice(start, start + chunk)
            counts = self._counts(images[some])
            m, n_boxes = len(counts), counts.shape[-1]
            counts = np.matmul(of_rows, counts.reshape(m, len(down.runs), -1))
            counts = np.matmul(of_columns, counts.reshape(m, -1, len(across.runs), n_boxes))
            counts = counts.reshape(m, len(down.parts), grid, len(across.parts), grid, n_boxes)
            for part, (top, left) in enumerate(self._places[0]):
                cells = np.sqrt(counts[:, down.parts[top], :, across.parts[left]] / n_pixels)
                looks[n_sides * part][some] = cells.reshape(m, -1)
                if mirrored:
                    looks[n_sides * part + 1][some] = cells[:, :, ::-1].reshape(m, -1)

    def of_parts(self, parts: Crops) -> ColorHistogramBlock | None:
        """The block that takes whole images and computes the features of their parts, mirrored, too."""
        return ColorHistogramBlock(self.settings, self.shape, parts) if self._is_symmetric else None

    @property
    def _is_symmetric(self) -> bool:
        """Whether cells have the same width, so that they lie alike seen from the other side."""
        return self.shape[1] % self.settings.grid == 0

    def _counts(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Pixels in each box, (m, runs down, runs across, boxes)."""
        bins, (m, height, width, channels) = self.settings.bins, images.shape
        n_boxes, n_down, n_across = bins**channels, len(self._down.runs), len(self._across.runs)
        rows, columns = (
            np.searchsorted(cells.runs, np.arange(n), "right") - 1
            for cells, n in ((self._down, height), (self._across, width))
        )
        run = np.asarray((rows[:, None] * n_across + columns).ravel(), like=images)
        # Neighbors are alike, and a sum has to wait for the one before it in the same box: pixels far apart take turns.
        turns = m * math.gcd(height, TURNS)
        box = (np.arange(m, like=images)[:, None] * n_down * n_across + run) * n_boxes
        box = box.reshape(turns, -1).T.copy()
        level = np.arange(256, dtype=np.float32) * np.float32((bins - 1) / 255)  # of every value that a pixel can have
        lower = np.minimum(level.astype(np.intp), bins - 2)
        upper_share = np.asarray((level - lower).astype(np.float64), like=images)
        lower = np.asarray(lower, like=images)
        products: list[NDArray[np.float64] | None] = [None]  # of the shares of some channels, 1 of none
        for channel in range(channels):
            values = images[..., channel].reshape(turns, -1).T.astype(np.intp, order="C")
            box += np.take(lower * bins ** (channels - 1 - channel), values)
            share = np.take(upper_share, values).ravel()
            products = [each for it in products for each in (it, share if it is None else it * share)]
        n_all, shape = m * n_down * n_across * n_boxes, (-1, *[bins] * channels)
        sums = [np.bincount(box.ravel(), it, n_all).astype(np.float64).reshape(shape) for it in products]
        for channel in range(channels, 0, -1):
            sums = [_divided(*both, channel) for both in zip(sums[::2], sums[1::2], strict=True)]
        return np.maximum(sums[0], 0).reshape(m, n_down, n_across, n_boxes)  # rounding may leave a little less than 0


def _divided(pixels: NDArray[np.float64], upper: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Counts of pixels by the lower of two levels, divided between both: the `upper` shares go one level up."""
    divided = np.moveaxis(pixels - upper, axis, 0)
    divided[1:] += np.moveaxis(upper, axis, 0)[:-1]
    return np.moveaxis(divided, 0, axis)
