"""Answers of learned patches, tile by tile: cut, compared and added up while they are in the cache.

The answers of an image are a million numbers, most of which are needed for nothing but their sum. So a few rows of
places at a time go through everything that happens to them:

    cut        the patches p of the places, each divided by its contrast c, one per row
    compare    s = M [p / c; 1]                                                              a product
    add up     max(s, t) and min(s, -t) over the rows of places that belong together

The mirror image costs no more products. A patch is the sum of an even part, which stays as it is when left and right
are exchanged, and an odd part, which changes its sign; M acts on each with a part of its own. With p' for p mirrored,
and M' for M with its entries exchanged likewise:

    s  = E (p + p') + O (p - p')        answer of the image                      E = (M + M') / 2
    s' = E (p + p') - O (p - p')        answer of the mirror image, there        O = (M - M') / 2, of the left halves

The left half of p + p' and of p - p' tells all, so both products together are as long as the one of a single image.
This needs places that lie alike seen from the left and from the right; where they do not, the mirror image is computed
by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nncli.features.dictionary import FOLD, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nncli.features.settings import Shape
    from nncli.features.settings.patches import Patches

Array = np.ndarray[Any, np.dtype[np.float32]]

CACHE_BYTES = 3 << 18
"""Patches and answers at a time: three quarters of a core's second-level cache."""


class _Piece(NamedTuple):
    """Rows of places that go through everything together.

    Attributes:
        rows: Which.
        run: The first run of rows that they belong to.
        inside: Where in these rows a run begins.
    """

    rows: slice
    run: int
    inside: list[int]


class Tiles:
    """The answers of learned patches to images of one shape.

    Args:
        settings: Of the block.
        shape: Height, width and channels of the images.
        matrix: What `learn_dictionary` returned, (d + 1, K).
    """

    def __init__(self, settings: Patches, shape: Shape, matrix: Array) -> None:
        self.settings, self.shape, self.matrix = settings, shape, matrix
        self.positions = settings.positions(shape)
        d, count = matrix.shape
        each = 4 * self.positions[1] * (3 * d // 2 + 3 * count)  # bytes of a row of places
        self.n_together = max(1, CACHE_BYTES // (each * self.positions[0]))
        self.most_rows = max(1, min(CACHE_BYTES // (each * self.n_together), self.positions[0]))
        # NumPy compares with an array five times as fast as with a number.
        self._thresholds = np.full((2, self.positions[1] * count), settings.threshold, np.float32)
        self._thresholds[1] *= -1
        self._boxes = _box_matrices(settings, shape)
        n = self.n_together * self.most_rows * self.positions[1]
        self._whole = _Whole(settings, self.positions, shape[2], matrix, n)
        self._halves: _Halves | None = None
        self.is_symmetric = (shape[1] - settings.size) % settings.stride == 0

    def row_sums(self, images: NDArray[np.uint8], bounds: list[int], *, both: bool) -> Iterator[tuple[int, Array]]:
        """See `PatchesBlock.row_sums`."""
        across, count = self.positions[1], self.matrix.shape[1]
        memory = np.empty((1 + both, self.n_together, 2, len(bounds), across * count), np.float32)
        pieces = self._pieces(bounds)
        for start in range(0, len(images), self.n_together):
            x = images[start : start + self.n_together].astype(np.float32)
            sums = memory[:, : len(x)]
            mirrored = np.ascontiguousarray(x[:, :, ::-1]) if both else None
            if mirrored is None or self.is_symmetric:
                self._add_up(x, mirrored, pieces, sums)
            else:
                self._add_up(x, None, pieces, sums[:1])
                self._add_up(mirrored, None, pieces, sums[1:])
                by_place = sums[1].reshape(len(x), 2, len(bounds), across, count)
                by_place[...] = by_place[..., ::-1, :].copy()
            yield start, sums.reshape(*sums.shape[:-1], across, count)

    def _pieces(self, bounds: list[int]) -> list[_Piece]:
        """The rows of places in pieces that fit into the cache; no run begins in one and ends in the next but one."""
        ends = [*bounds[1:], self.positions[0]]
        pieces: list[_Piece] = []
        for run, (first, end) in enumerate(zip(bounds, ends, strict=True)):
            begins = pieces and pieces[-1].rows.start == bounds[pieces[-1].run]  # not in the middle of a run
            if begins and end - pieces[-1].rows.start <= self.most_rows:  # the whole run fits behind the one before
                rows, first_run, inside = pieces[-1]
                pieces[-1] = _Piece(slice(rows.start, end), first_run, [*inside, first - rows.start])
                continue
            pieces += [
                _Piece(slice(top, min(top + self.most_rows, end)), run, [0])
                for top in range(first, end, self.most_rows)
            ]
        return pieces

    def _add_up(self, x: Array, mirrored: Array | None, pieces: list[_Piece], sums: Array) -> None:
        """Fill `sums`, (looks, m, 2, runs, places across * K), for images `x`, (m, height, width, channels)."""
        factor = self._factor(x)
        comparison: _Whole | _Halves = self._whole
        if mirrored is None:
            self._whole.look_at(x)
        else:
            comparison = self._halves = self._halves or _Halves(self._whole)
            self._halves.look_at(x, mirrored)
        done = -1
        for rows, run, inside in pieces:
            some = factor[:, rows]
            looks, spare = comparison.answers(rows, some)
            shape = len(x), rows.stop - rows.start, -1
            strong = spare.reshape(shape)
            for answers, target in zip(looks, sums, strict=True):
                shaped = answers.reshape(shape)  # (m, rows, across * K)
                np.maximum(shaped, self._thresholds[0], out=strong)
                np.minimum(shaped, self._thresholds[1], out=shaped)
                for side, values in enumerate((strong, shaped)):
                    part = target[:, side, run : run + len(inside)]
                    if len(inside) > 1:
                        np.add.reduceat(values, inside, axis=1, out=part)
                    elif run == done:  # this run goes on
                        part[:, 0] += np.add.reduce(values, axis=1)
                    else:
                        np.add.reduce(values, axis=1, out=part[:, 0])
            done = run + len(inside) - 1

    def _factor(self, x: Array) -> Array:
        """1 / contrast of every patch, (m, places down, places across)."""
        down, across = self._boxes
        n = self.settings.size**2 * self.shape[2]
        wide = x.reshape(len(x), self.shape[0], -1)
        total, squares = np.matmul(np.matmul(down, wide), across), np.matmul(np.matmul(down, wide * wide), across)
        variance = np.maximum(squares - total * total / n, 0) / n
        factor: Array = 1 / np.sqrt(variance + np.float32((self.settings.contrast + TINY) * FOLD))
        return factor


class _Whole:
    """Answers of images alone.

    Args:
        settings: Of the block.
        positions: Places down and across.
        channels: Of the images.
        matrix: (d + 1, K).
        n: Most patches at a time.
    """

    def __init__(self, settings: Patches, positions: tuple[int, int], channels: int, matrix: Array, n: int) -> None:
        self.settings, self.positions, self.channels, self.matrix = settings, positions, channels, matrix
        self._patches = np.ones((n, len(matrix)), np.float32)  # the ones in the last column stay
        self.memory = np.empty((3, n, matrix.shape[1]), np.float32)

    def look_at(self, x: Array) -> None:
        """The images that answers are wanted for, (m, height, width, channels)."""
        self._windows = _windows(x, self.settings, self.positions, self.settings.size)

    def answers(self, rows: slice, factor: Array) -> tuple[list[Array], Array]:
        """The answers at some rows of places, and memory of the same size, (m, places, K) each.

        The next answers overwrite both.

        Args:
            rows: Rows of places.
            factor: 1 / contrast there, (m, rows, across).
        """
        m, n = len(factor), factor[0].size
        patches = _first(self._patches, m, n)
        windows = self._windows[:, rows]
        _in_rows(patches, windows.shape)[...] = windows
        patches[..., :-1] *= factor.reshape(m, n, 1)
        answers, spare, _ = (_first(memory, m, n) for memory in self.memory)
        # Stacks of matrices: a product for each image, so that its bits do not depend on what comes with it.
        np.matmul(patches, self.matrix, out=answers)
        return [answers], spare


class _Halves:
    """Answers of images and of their mirror images; it works in the memory of a `_Whole`."""

    def __init__(self, whole: _Whole) -> None:
        self.settings, self.positions, self._memory = whole.settings, whole.positions, whole.memory
        size, (_, n, count) = self.settings.size, whole.memory.shape
        self.half = -(-size // 2)  # a middle column belongs to both halves
        M = whole.matrix[:-1].reshape(size, size, whole.channels, count).astype(np.float64)
        even, odd = (M + M[:, ::-1])[:, : self.half] / 2, (M - M[:, ::-1])[:, : self.half] / 2
        if size % 2:
            even[:, -1] /= 2  # p + p' has it twice
        self._even = np.vstack([even.reshape(-1, count), whole.matrix[-1:]]).astype(np.float32)
        self._odd = odd.reshape(-1, count).astype(np.float32)
        self._left, self._right = np.empty((2, n, len(self._odd)), np.float32)
        self._sum = np.ones((n, len(self._even)), np.float32)

    def look_at(self, x: Array, mirrored: Array) -> None:
        """The images that answers are wanted for, and their mirror images."""
        self._windows = _windows(x, self.settings, self.positions, self.half)
        # Places from right to left: where the mirror image shows the right half of the patch, mirrored.
        self._mirrored = _windows(mirrored, self.settings, self.positions, self.half)[:, :, ::-1]

    def answers(self, rows: slice, factor: Array) -> tuple[list[Array], Array]:
        """As `_Whole.answers`, for the images and for their mirror images, at the places of the former."""
        m, n = len(factor), factor[0].size
        left, right = _first(self._left, m, n), _first(self._right, m, n)
        for patches, windows in (left, self._windows[:, rows]), (right, self._mirrored[:, rows]):
            _in_rows(patches, windows.shape)[...] = windows
        both = _first(self._sum, m, n)
        factor = factor.reshape(m, n, 1)
        np.add(left, right, out=both[..., :-1])
        both[..., :-1] *= factor
        left -= right
        left *= factor
        answers, odd, mirrored = (_first(memory, m, n) for memory in self._memory)
        np.matmul(both, self._even, out=answers)
        np.matmul(left, self._odd, out=odd)
        np.subtract(answers, odd, out=mirrored)
        answers += odd
        return [answers, mirrored], odd


def _windows(x: Array, settings: Patches, positions: tuple[int, int], width: int) -> Array:
    """The first `width` columns of every patch, a view (m, places down, places across, size, width * channels).

    Args:
        x: Images, (m, height, width, channels), C-contiguous.
        settings: Of the patches.
        positions: Places down and across.
        width: In pixels.
    """
    stride, (a, b, c, d) = settings.stride, x.strides
    shape, strides = (len(x), *positions, settings.size, width * x.shape[3]), (a, b * stride, c * stride, b, d)
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def _in_rows(patches: Array, shape: tuple[int, ...]) -> Array:
    """The patches, (m, places, d or d + 1), as a view of the shape of their windows."""
    d = shape[3] * shape[4]
    return patches[..., :d].reshape(shape)  # a view: only the last axes are taken apart


def _first(memory: Array, m: int, n: int) -> Array:
    """The first m * n rows of `memory`, (m, n, columns)."""
    return memory[: m * n].reshape(m, n, -1)


def _box_matrices(settings: Patches, shape: Shape) -> tuple[Array, Array]:
    """Matrices that add up the pixels of every patch: from the left, (places down, height), then from the right.

    The second one, (width * channels, places across), adds up the channels, too.
    """
    down, across = (
        (np.abs(2 * (np.arange(n) - settings.stride * place[:, None]) - settings.size + 1) < settings.size)
        for n, place in zip(shape[:2], map(np.arange, settings.positions(shape)), strict=True)
    )
    return down.astype(np.float32), np.ascontiguousarray(across.T.repeat(shape[2], axis=0).astype(np.float32))
