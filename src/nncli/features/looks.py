"""Looks at an image: the whole of it, made smaller, and then five parts of it as they are.

    ###########        ####.......  .......####  ...........  and the two
    ###########   ->   ####.......  .......####  ..#######..  corners below
    ###########        ...........  ...........  ..#######..

All have the same size, so that one dictionary of patches serves them all, and a thing that is seen in the whole is seen
larger in a part. A network that has seen all looks of a photo has seen more of what can happen to it than from the
whole alone: it is moved, nearer, cut off. In prediction the looks vote.

The whole is made smaller by averages of neighboring pixels, weighted by a triangle, down and across. The weights are
multiples of 1/128, so that everything is exact in single precision and rounds to the same levels everywhere:
255 * 128^2 is less than 2^24.

Source: Krizhevsky, Sutskever and Hinton 2012, section 4.1 (parts of an image in training, ten of them in prediction).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.settings.looks import seen_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.settings import Shape

UNITS = 128
"""Weights are multiples of 1 / UNITS."""


class Parts:
    """The looks at images of one shape.

    Args:
        shape: Height, width and channels.
    """

    def __init__(self, shape: Shape) -> None:
        self.seen = height, width, _ = seen_shape(shape, "parts")
        self.down, self.across = reduction(shape[0], height), reduction(shape[1], width)
        bottom, right = shape[0] - height, shape[1] - width
        middle = bottom // 2, right // 2
        self.places = [middle, (0, 0), (0, right), (bottom, 0), (bottom, right)]

    def whole(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The whole of `images`, (m, height, width, channels), in the size of a part."""
        m, _, _, channels = images.shape
        rows = np.tensordot(images.astype(np.float32), self.down, (1, 1))  # (m, width, channels, height')
        small: Any = np.tensordot(rows, self.across, (1, 1))  # (m, channels, height', width')
        return np.ascontiguousarray(
            np.rint(small).astype(np.uint8).reshape(m, channels, *self.seen[:2]).transpose(0, 2, 3, 1)
        )

    def of(self, images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
        """First the whole, then each part, of `images`, (m, height, width, channels)."""
        yield self.whole(images)
        height, width, _ = self.seen
        for top, left in self.places:
            yield np.ascontiguousarray(images[:, top : top + height, left : left + width])


def reduction(n: int, k: int) -> Array:
    """The matrix that makes k pixels of n, (k, n): averages weighted by a triangle as wide as twice n / k."""
    centers = (np.arange(k) + 0.5) * n / k - 0.5
    weights = np.maximum(1 - np.abs(np.arange(n) - centers[:, None]) * min(k / n, 1), 0)
    units = np.rint(UNITS * weights / weights.sum(axis=1, keepdims=True))
    units[np.arange(k), units.argmax(axis=1)] += UNITS - units.sum(axis=1)  # what rounding took or gave
    matrix: Array = (units / UNITS).astype(np.float32)
    return matrix
