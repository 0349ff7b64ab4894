"""Histograms of oriented gradients: which way edges run in each part of an image.

    1  gradient        differences of the neighbors across and down; of several channels, the one with the longest
    2  vote            each pixel votes for the direction of its gradient (over half a turn, so that a dark edge on a
                       light ground equals the opposite), with its length, shared between the two nearest bins
    3  cells           votes are added up in cells of `cell` * `cell` pixels
    4  blocks          2 * 2 cells at a time are divided by their common length, cut at 0.2, and divided again:
                       strong light makes no difference, and no single edge drowns the others

Source: Dalal and Triggs 2005, "Histograms of oriented gradients for human detection".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.features.block import FixedBlock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.settings.hog import Hog

CUT = 0.2
"""Largest share of one entry in a block of length 1."""

FAINT = 0.02
"""Added to the length of a block, in gray levels of 0 to 1 per pixel of a cell: noise is not blown up."""

CHUNK_VALUES = 1 << 18
"""Pixel values at a time: 64 images of 4096, or one that is larger."""


class HogBlock(FixedBlock):
    """The block `hog` for images of one shape."""

    settings: Hog

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        chunk = max(1, CHUNK_VALUES // images[:1].size)
        for start in range(0, len(images), chunk):
            part = images[start : start + chunk].astype(np.float32) * np.float32(1 / 255)
            cells = self._cells(*gradients(part))
            out[start : start + chunk] = self._blocks(cells).reshape(len(part), -1)

    def _cells(self, dy: Array, dx: Array) -> Array:
        """The histogram of each cell, (m, cells down, cells across, bins)."""
        cell, bins = self.settings.cell, self.settings.bins
        m, height, width = dy.shape
        down, across = height // cell, width // cell
        dy, dx = dy[:, : down * cell, : across * cell], dx[:, : down * cell, : across * cell]
        place = np.arctan2(dy, dx) * np.float32(bins / np.pi)  # -bins .. bins, and half a turn is `bins`
        lower = np.floor(place)
        share = place - lower  # of the upper bin
        length = np.hypot(dy, dx)
        row, column, image = (np.arange(n, like=dy) for n in (down * cell, across * cell, m))
        first = ((image[:, None, None] * down + (row // cell)[:, None]) * across + column // cell) * bins
        n = m * down * across * bins
        lower_bin = lower.astype(np.intp) % bins
        votes = np.bincount((first + lower_bin).ravel(), (length * (1 - share)).ravel(), n)
        votes += np.bincount((first + (lower_bin + 1) % bins).ravel(), (length * share).ravel(), n)
        return votes.reshape(m, down, across, bins).astype(np.float32)

    def _blocks(self, cells: Array) -> Array:
        """Every 2 * 2 cells, normalized, (m, down - 1, across - 1, 4 bins)."""
        _, down, across, _ = cells.shape
        corners = [cells[:, i : down - 1 + i, j : across - 1 + j] for i in (0, 1) for j in (0, 1)]
        blocks = np.concatenate(corners, axis=3)
        blocks /= _length(blocks) + np.float32(FAINT * self.settings.cell**2)
        np.minimum(blocks, CUT, out=blocks)
        blocks /= _length(blocks) + np.float32(FAINT)
        return blocks


def gradients(images: Array) -> tuple[Array, Array]:
    """Differences down and across of `images`, (m, height, width, channels): two arrays (m, height, width).

    At the border, where a neighbor is missing, they are 0.
    """
    dy, dx = np.zeros_like(images), np.zeros_like(images)
    dy[:, 1:-1] = images[:, 2:] - images[:, :-2]
    dx[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    if images.shape[3] == 1:
        return dy[..., 0], dx[..., 0]
    strongest = (dy**2 + dx**2).argmax(axis=3)[..., None]
    return np.take_along_axis(dy, strongest, 3)[..., 0], np.take_along_axis(dx, strongest, 3)[..., 0]


def _length(rows: Array) -> Array:
    length: Array = np.sqrt(np.square(rows).sum(axis=3, keepdims=True))
    return length
