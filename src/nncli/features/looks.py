"""Looks at an image: the whole of it, made smaller, and then five parts of it; or as it is, and then moved a little.

    ###########        ####.......  .......####  ...........  and the two
    ###########   ->   ####.......  .......####  ..#######..  corners below
    ###########        ...........  ...........  ..#######..

All have the same size, so that one dictionary of patches serves them all, and a thing that is seen in the whole is seen
larger in a part. A network that has seen all looks of a photo has seen more of what can happen to it than from the
whole alone: it is moved, nearer, cut off. In prediction the looks vote.

The whole is made smaller by averages of neighboring pixels, weighted by a triangle, down and across. The weights are
multiples of 1/128, so that everything is exact in single precision and rounds to the same levels everywhere:
255 * 128^2 is less than 2^24.

Parts overlap, and most of what is computed of one is computed of another, too. It needs to be computed only once, for
the whole image, because what a block computes at a place depends on the pixels there alone, wherever the image ends:

    answers of patches       of the pixels below the patch       at places s pixels apart
    the map of the answers   of the answers that are averaged    in squares s * (pool / 2) pixels apart
    answers of patterns      of a window of such squares         likewise

A part that begins at a multiple of these steps has places, squares and windows that are some of those of the image: the
ones below it. All that is its own is the last step, the averages over its cells. Of 160x160 pixels, parts of 128x128
and a stride of 2, answers at 78 * 78 places take the place of those at 5 * 62 * 62, for instance. Where a part begins
between two steps, its answers are other ones, and each part is computed by itself.

In the mirror image of an image w pixels wide, the part that had w' pixels from column j on begins at w - w' - j.

Small images lose too much where they are made smaller. They are moved instead, up, left, right and down, by a sixteenth
of their size, rounded down, and what comes in is the pixel at the edge, repeated. That is a part, too: of the image
with an edge of repeated pixels around it, on which everything above holds. The whole, here, is the image itself.

Source: Krizhevsky, Sutskever and Hinton 2012, section 4.1 (parts of an image in training, ten of them in prediction).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nncli.features.settings.looks import SHIFT, are_parts, seen_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nncli.features.settings import Shape

Array = np.ndarray[Any, np.dtype[np.float32]]

UNITS = 128
"""Weights are multiples of 1 / UNITS."""

TOGETHER = 8
"""Images made smaller at a time."""

BANDS = 8
"""Products in place of one: a pixel depends on few neighbors, and most of the matrix is 0."""


class Rows(Protocol):
    """Images that are given when they are asked for; an array is one."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, chosen: slice, /) -> NDArray[np.uint8]:
        """Some of them, (m, height, width, channels) or (m, height * width * channels)."""


class Crops(ABC):
    """Looks at images of one shape: the whole, and then crops, which are parts of one size.

    Args:
        shape: Height, width and channels of the images that parts are cut from.
        seen: Of a part.
        places: Row and column where each begins.
    """

    def __init__(self, shape: Shape, seen: Shape, places: list[tuple[int, int]]) -> None:
        self.shape, self.seen, self.places = shape, seen, places
        self._right = shape[1] - seen[1]

    @abstractmethod
    def whole(self, images: Rows) -> NDArray[np.uint8]:
        """The whole of `images`, m of them, in the size of a part, (m, height', width', channels)."""

    def around(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The images that parts are cut from, (m, *shape)."""
        return images

    def parts_of(self, images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
        """Each part of `images`, (m, height, width, channels)."""
        (height, width, _), images = self.seen, self.around(images)
        for top, left in self.places:
            yield images[:, top : top + height, left : left + width].copy()

    def begin_at_multiples_of(self, step: int) -> bool:
        """Whether all parts do, those of the mirror image, too."""
        return all(at % step == 0 for side in self.in_steps_of(1) for place in side for at in place)

    def in_steps_of(self, step: int) -> list[list[tuple[int, int]]]:
        """Top and left of each part, counted in steps of so many pixels: in the image, and in its mirror image."""
        sides = self.places, [(top, self._right - left) for top, left in self.places]
        return [[(top // step, left // step) for top, left in side] for side in sides]


class Parts(Crops):
    """The whole made smaller, the middle and the corners.

    Args:
        shape: Height, width and channels.
    """

    def __init__(self, shape: Shape) -> None:
        height, width, _ = seen = seen_shape(shape, "parts")
        self.down, self.across = reduction(shape[0], height), reduction(shape[1], width)
        self._down = _bands(self.down)
        self._across = _bands(np.kron(self.across, np.eye(shape[2], dtype=np.float32)))  # channels lie side by side
        bottom, right = shape[0] - height, shape[1] - width
        middle = bottom // 2, right // 2
        super().__init__(shape, seen, [middle, (0, 0), (0, right), (bottom, 0), (bottom, right)])

    def whole(self, images: Rows) -> NDArray[np.uint8]:
        """See above."""
        like = images[:0]
        small = np.empty((len(images), *self.seen), np.uint8, like=like)
        down, across = (
            [(made, of, np.asarray(matrix, like=like)) for made, of, matrix in bands]
            for bands in (self._down, self._across)
        )
        for start in range(0, len(images), TOGETHER):  # as numbers of four bytes they take much memory
            some = images[start : start + TOGETHER].reshape(-1, *self.shape).astype(np.float32)
            rows = np.empty((len(some), self.seen[0], self.shape[1] * self.shape[2]), np.float32, like=like)
            for made, of, matrix in down:
                np.matmul(matrix, some[:, of].reshape(len(some), -1, rows.shape[2]), out=rows[:, made])
            exact = np.empty((len(some) * self.seen[0], self.seen[1] * self.seen[2]), np.float32, like=like)
            for made, of, matrix in across:
                np.matmul(rows.reshape(len(exact), -1)[:, of], matrix.T, out=exact[:, made])
            small[start : start + TOGETHER] = np.rint(exact, out=exact).reshape(len(some), *self.seen)
        return small


class Shifts(Crops):
    """The image as it is, and moved down, to the right, to the left and up.

    Args:
        shape: Height, width and channels.
    """

    def __init__(self, shape: Shape) -> None:
        height, width, channels = shape
        down, across = (max(1, int(SHIFT * side)) for side in (height, width))
        places = [(0, across), (down, 0), (down, 2 * across), (2 * down, across)]
        super().__init__((height + 2 * down, width + 2 * across, channels), shape, places)
        self.rows, self.columns = _repeated(height, down), _repeated(width, across)

    def whole(self, images: Rows) -> NDArray[np.uint8]:
        """See above."""
        return images[:].reshape(-1, *self.seen)

    def around(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """See above."""
        rows, columns = (np.asarray(each, like=images) for each in (self.rows, self.columns))
        return images[:, rows][:, :, columns]


def crops_of(shape: Shape, looks: str) -> Crops:
    """Crops of images of a shape.

    Args:
        shape: Height, width and channels.
        looks: `data.looks`, but for ``whole``, of which there are none.
    """
    return (Parts if are_parts(looks) else Shifts)(shape)


def _repeated(n: int, by: int) -> NDArray[np.intp]:
    """Pixels of a row of n that lie in one with `by` more at each end, where those at the ends are repeated."""
    return np.clip(np.arange(-by, n + by), 0, n - 1)


def _bands(matrix: Array) -> list[tuple[slice, slice, Array]]:
    """Rows of a matrix, (k, n), the columns in which they are not 0, and what is there."""
    k, bands = len(matrix), []
    for number in range(BANDS):
        made = slice(number * k // BANDS, (number + 1) * k // BANDS)
        used = np.flatnonzero(matrix[made].any(axis=0))
        if len(used):
            of = slice(int(used[0]), int(used[-1]) + 1)
            bands.append((made, of, np.ascontiguousarray(matrix[made, of])))
    return bands


def reduction(n: int, k: int) -> Array:
    """The matrix that makes k pixels of n, (k, n): averages weighted by a triangle as wide as twice n / k."""
    centers = (np.arange(k) + 0.5) * n / k - 0.5
    weights = np.maximum(1 - np.abs(np.arange(n) - centers[:, None]) * min(k / n, 1), 0)
    units = np.rint(UNITS * weights / weights.sum(axis=1, keepdims=True))
    units[np.arange(k), units.argmax(axis=1)] += UNITS - units.sum(axis=1)  # what rounding took or gave
    matrix: Array = (units / UNITS).astype(np.float32)
    return matrix
