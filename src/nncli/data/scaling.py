"""From pixels to network input: x * scale + offset, one scale and one offset for each entry of the feature column.

    zero_one       x / 255
    standardize    (x - mean) / standard deviation, of each pixel over the training images

A network learns faster when its inputs are small and centered (LeCun et al. 1998, section 4.3). The two vectors go
into the model file, so that prediction sees what training saw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.pixel_rows import PixelRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FLATTEST = 1.0
"""Smallest standard deviation used, in gray levels: a pixel that hardly ever changes is not blown up."""


def nobody_else(_vector: NDArray[np.float64]) -> None:
    """The sum over one process is there already."""


class Scaling:
    """x * scale + offset.

    Args:
        scale: (n_0,), float32.
        offset: (n_0,), float32.
    """

    def __init__(self, scale: NDArray[np.float32], offset: NDArray[np.float32]) -> None:
        self.scale, self.offset, self.n_inputs = scale, offset, len(scale)
        self._is_plain = not offset.any() and bool((scale == scale[0]).all())

    def moved_to(self, like: NDArray[Any]) -> Scaling:
        """The same, its arrays lying where `like` does."""
        return Scaling(np.asarray(self.scale, like=like), np.asarray(self.offset, like=like))

    def apply(self, pixels: NDArray[Any], out: NDArray[Any]) -> None:
        """Write the scaled `pixels`, or other features, (m, n_0), to `out`, (m, n_0), in the precision of `out`."""
        if self._is_plain:  # one pass instead of two
            np.multiply(pixels, self.scale[0].astype(out.dtype), out=out, dtype=out.dtype)
        else:
            np.multiply(pixels, self.scale, out=out, dtype=out.dtype)
            out += self.offset


def zero_one(
    pixels: NDArray[np.uint8],
    _rows: NDArray[np.intp] | None = None,
    _add_up: Callable[[NDArray[np.float64]], None] = nobody_else,
) -> Scaling:
    """Scaling to 0..1 for `pixels` of shape (m, n_0)."""
    n = pixels.shape[1]
    return Scaling(np.full(n, 1 / 255, np.float32), np.zeros(n, np.float32))


def standardize(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.intp] | None = None,
    add_up: Callable[[NDArray[np.float64]], None] = nobody_else,
) -> Scaling:
    """Scaling of each column of `pixels`, (m, n_0), to mean 0 and standard deviation 1, over `rows` if given.

    `add_up` adds the sums of other processes to a vector, where these have pixels of their own.
    """
    images = PixelRows(pixels, rows)
    n = pixels.shape[1]
    sums = np.zeros(2 * n + 1)  # of whole numbers: exact, in whatever order they are added
    total, total_squares = sums[:n], sums[n : 2 * n]
    for chunk in images.chunks():
        values = chunk.astype(np.float64)
        total += values.sum(axis=0)
        total_squares += np.square(values, out=values).sum(axis=0)
    sums[-1] = len(images)
    add_up(sums)
    m = sums[-1]
    mean = total / m
    deviation = np.sqrt(np.maximum(total_squares / m - mean**2, 0))
    scale = 1 / np.maximum(deviation, FLATTEST)
    return Scaling(scale.astype(np.float32), (-mean * scale).astype(np.float32))


SCALINGS = {"zero_one": zero_one, "standardize": standardize}
