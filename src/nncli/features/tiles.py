"""Answers of learned patches, tile by tile: cut, compared and added up while they are in the cache.

The answers of an image are a million numbers, most of which are needed for nothing but their sum. So a few rows of
places at a time go through everything that happens to them:

    cut        the patches p of the places, each divided by its contrast c, one per row
    compare    s = M [p / c; 1]                                                              a product
    add up     max(s, t) and min(s, -t) over the rows of places that belong together
    average    the sums over the columns of places that belong together                  a product

Blocks that cut alike (the patches of `patches` and of `deep_patches`, usually) are served together: what is cut once
is compared with the matrices of all of them.

Below each column of places lies a strip of the image, as wide as a patch. Where the strips are stored one after the
other, row by row, a patch is a run of consecutive numbers, and cutting is multiplying such runs by 1 / c.

The mirror image costs no more products. A patch is the sum of an even part, which stays as it is when left and right
are exchanged, and an odd part, which changes its sign; M acts on each with a part of its own. With p' for p mirrored,
and M' for M with its entries exchanged likewise:

    s  = E (p + p') + O (p - p')        answer of the image                      E = (M + M') / 2
    s' = E (p + p') - O (p - p')        answer of the mirror image, there        O = (M - M') / 2, of the left halves

The left half of p + p' and of p - p' tells all, so both products together are as long as the one of a single image.
This needs places that lie alike seen from the left and from the right; where they do not, the mirror image is computed
by itself.

All arrays lie where the matrices of the layers do. On a GPU a tile is as large as is worth starting its work for.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nncli.features.dictionary import FOLD, TINY
from nncli.machine.backend import at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nncli.features.settings import Shape
    from nncli.features.settings.patches import Patches

Array = np.ndarray[Any, np.dtype[np.float32]]

CACHE_BYTES = 3 << 19
"""Patches and answers at a time, of which without mirror images a third lies idle: about a second-level cache."""


class Layer(NamedTuple):
    """A first layer: the matrix that patches are compared with, and how the answers are pooled.

    Attributes:
        settings: Of the patches.
        matrix: What `learn_dictionary` returned, (d + 1, K).
        bounds: The row of places that each run begins with whose answers are added up; the first is 0.
        across: The matrix that averages the sums over columns of places, (q, places across).
    """

    settings: Patches
    matrix: Array
    bounds: list[int]
    across: Array

    @property
    def cut(self) -> tuple[int, int, float]:
        """How patches are cut: blocks of which this is the same can share them."""
        return self.settings.size, self.settings.stride, self.settings.contrast

    def gives_sums_of(self, other: Layer) -> bool:
        """Whether its sums are those of the other one, which learned the same patches and pools them alike."""
        return (
            (self.settings, self.bounds, self.matrix.shape) == (other.settings, other.bounds, other.matrix.shape)
            and np.array_equal(self.across, other.across)
            and bool((self.matrix == other.matrix).all())
        )


class _Runs(NamedTuple):
    """Rows of a tile that are added up, each so many to one run.

    Attributes:
        rows: Of the tile.
        runs: Which runs they belong to.
        begin, end: Whether these runs begin here, and end here.
    """

    rows: slice
    runs: slice
    begin: bool
    end: bool


class Tiles:
    """The answers of learned patches to images of one shape.

    Args:
        layers: Of the blocks that share the patches, which they cut alike.
        shape: Height, width and channels of the images.
    """

    def __init__(self, layers: list[Layer], shape: Shape) -> None:
        self.layers, self.shape, settings = layers, shape, layers[0].settings
        self.positions = down, across = settings.positions(shape)
        d, widest = settings.size**2 * shape[2] + 1, max(layer.matrix.shape[1] for layer in layers)
        each = 4 * across * (d + 3 * widest)  # bytes of a row of places
        like = layers[0].matrix
        n_bytes = at_a_time(CACHE_BYTES, like)
        self.n_together = max(1, n_bytes // (each * down))
        most_rows = max(1, min(n_bytes // (each * self.n_together), down))
        self.tiles = [slice(top, min(top + most_rows, down)) for top in range(0, down, most_rows)]
        self._adding = [_Adding(layer, self.tiles, self.positions, self.n_together) for layer in layers]
        self._boxes = [np.asarray(matrix, like=like) for matrix in _box_matrices(settings, shape)]
        memory = np.empty((3, self.n_together * most_rows * across * widest), np.float32, like=like)
        self._whole = _Whole(layers, self.positions, shape, memory)
        self._halves: _Halves | None = None
        self.is_symmetric = (shape[1] - settings.size) % settings.stride == 0

    def sums(self, images: NDArray[np.uint8], *, both: bool) -> Iterator[tuple[int, list[Array]]]:
        """See `SharedPatches.sums`."""
        memory = [
            np.empty((1 + both, self.n_together, 2, len(bounds), len(across), matrix.shape[1]), np.float32, like=matrix)
            for _, matrix, bounds, across in self.layers
        ]
        for start in range(0, len(images), self.n_together):
            x = images[start : start + self.n_together].astype(np.float32)
            sums = [each[:, : len(x)] for each in memory]
            if not both:
                self._add_up(x, self._whole, sums)
            elif self.is_symmetric:
                self._halves = self._halves or _Halves(self._whole)
                self._add_up(x, self._halves, sums)
            else:
                self._add_up(x, self._whole, [each[:1] for each in sums])
                self._add_up(x[:, :, ::-1].copy(), self._whole, [each[1:] for each in sums])
            yield start, sums

    def _add_up(self, x: Array, comparison: _Whole | _Halves, sums: list[Array]) -> None:
        """Fill the `sums` of each layer, (looks, m, 2, runs, q, K), for images `x`, (m, height, width, channels)."""
        factor = self._factor(x)
        comparison.look_at(x)
        for tile, rows in enumerate(self.tiles):
            comparison.cut(rows, factor[:, rows])
            for number, (adding, targets) in enumerate(zip(self._adding, sums, strict=True)):
                looks, spare = comparison.answers(number)
                for look, (answers, target) in enumerate(zip(looks, targets, strict=True)):
                    adding.add(tile, look, answers, spare, target)

    def _factor(self, x: Array) -> Array:
        """1 / contrast of every patch, (m, places down, places across)."""
        down, across = self._boxes
        settings = self.layers[0].settings
        n = settings.size**2 * self.shape[2]
        planes = np.stack([sum(x[..., channel] ** power for channel in range(self.shape[2])) for power in (1, 2)])
        total, squares = np.matmul(down, np.matmul(planes, across))
        variance = np.maximum(squares - total * total / n, 0) / n
        factor: Array = 1 / np.sqrt(variance + np.float32((settings.contrast + TINY) * FOLD))
        return factor


class _Adding:
    """Adds up max(s, t) and min(s, -t) of a layer's answers s over its runs, and averages over columns of places.

    Args:
        layer: Of a block.
        tiles: Rows of places that come together.
        positions: Places down and across.
        n_together: Most images at a time.
    """

    def __init__(self, layer: Layer, tiles: list[slice], positions: tuple[int, int], n_together: int) -> None:
        self._count = layer.matrix.shape[1]
        # NumPy compares with an array five times as fast as with a number.
        like = layer.matrix
        threshold = np.full(positions[1] * self._count, layer.settings.threshold, np.float32)
        threshold = np.asarray(threshold, like=like)
        self._sides = (np.maximum, threshold), (np.minimum, -threshold)
        # Places of a mirror image come from right to left.
        self._across = [np.asarray(each, like=like) for each in (layer.across, layer.across[:, ::-1].copy())]
        self._runs = [_runs_of_tile(rows, [*layer.bounds, positions[0]]) for rows in tiles]
        most = max(each.runs.stop - each.runs.start for some in self._runs for each in some)
        self._totals = np.empty((2, 2, n_together * most * threshold.size), np.float32, like=like)

    def add(self, tile: int, look: int, answers: Array, spare: Array, sums: Array) -> None:
        """Add up a tile.

        Args:
            tile: Its number.
            look: 0 for the image, 1 for the mirror image.
            answers: (m, places of the tile, K).
            spare: Memory, likewise, which is overwritten.
            sums: (m, 2, runs, q, K).
        """
        m, across = len(answers), self._across[look]
        length = across.shape[1] * self._count
        by_row = answers.reshape(m, -1, length)
        for rows, runs, begin, end in self._runs[tile]:
            n = runs.stop - runs.start
            some = by_row[:, rows].reshape(m, n, -1, length)
            cut_off = spare.ravel()[: m * n * length].reshape(m, n, length)
            for side, (farther, threshold) in enumerate(self._sides):
                total = self._totals[look, side, : m * n * length].reshape(m, n, length)
                for k in range(some.shape[2]):  # several times as fast as NumPy's own sum over this axis
                    if begin and k == 0:
                        farther(some[:, :, k], threshold, out=total)
                    else:
                        farther(some[:, :, k], threshold, out=cut_off)
                        total += cut_off
                if end:
                    np.matmul(across, total.reshape(m, n, -1, self._count), out=sums[:, side, runs])


def _runs_of_tile(rows: slice, bounds: list[int]) -> list[_Runs]:
    """The runs that the rows of a tile belong to, neighbors of the same length in one."""
    found: list[_Runs] = []
    for run, (first, stop) in enumerate(itertools.pairwise(bounds)):
        begin, end = first >= rows.start, stop <= rows.stop
        inside = slice(max(first - rows.start, 0), min(stop, rows.stop) - rows.start)
        if inside.start >= inside.stop:
            continue
        its = _Runs(inside, slice(run, run + 1), begin, end)
        before = found[-1] if found else None
        if before and before.begin and end and _length(before) == _length(its):
            its = _Runs(slice(before.rows.start, inside.stop), slice(found.pop().runs.start, run + 1), True, True)
        found.append(its)
    return found


def _length(some: _Runs) -> int:
    """Rows for each run."""
    n_rows, n_runs = (int(each.stop - each.start) for each in (some.rows, some.runs))
    return n_rows // n_runs


class _Whole:
    """Answers of images alone.

    Args:
        layers: Of the blocks.
        positions: Places down and across.
        shape: Height, width and channels of the images.
        memory: For answers, (3, values of a tile).
    """

    def __init__(self, layers: list[Layer], positions: tuple[int, int], shape: Shape, memory: Array) -> None:
        self.matrices, self.memory = [layer.matrix for layer in layers], memory
        self.settings, self.positions, self.shape = layers[0].settings, positions, shape
        self._patches = _Patches(self.settings, positions, self.settings.size * shape[2], has_one=True)

    def look_at(self, x: Array) -> None:
        """The images that answers are wanted for, (m, height, width, channels)."""
        rows = x.reshape(len(x), self.shape[0], -1)
        strips = sliding_window_view(rows, self._patches.width, 2)[:, :, :: self.settings.stride * self.shape[2]]
        self._patches.look_at(strips.swapaxes(1, 2).copy())

    def cut(self, rows: slice, factor: Array) -> None:
        """Cut the patches of some rows of places.

        Args:
            rows: Rows of places.
            factor: 1 / contrast there, (m, rows, across).
        """
        self._cut = self._patches.cut(rows, factor)

    def answers(self, number: int) -> tuple[list[Array], Array]:
        """The answers of a layer where was cut, and memory of the same size, (m, places, K) each.

        The next answers overwrite both.
        """
        matrix = self.matrices[number]
        answers, spare, _ = _of_size(self.memory, self._cut.shape, matrix)
        # Stacks of matrices: a product for each image, so that its bits do not depend on what comes with it.
        np.matmul(self._cut, matrix, out=answers)
        return [answers], spare


class _Halves:
    """Answers of images and of their mirror images; it works in the memory of a `_Whole`."""

    def __init__(self, whole: _Whole) -> None:
        self.settings, self.positions, self.shape, self._memory = (
            whole.settings,
            whole.positions,
            whole.shape,
            whole.memory,
        )
        self.half = -(-self.settings.size // 2)  # a middle column belongs to both halves
        self._matrices = [self._parts(matrix) for matrix in whole.matrices]
        width = self.half * self.shape[2]
        self._sum = _Patches(self.settings, self.positions, width, has_one=True)
        self._difference = _Patches(self.settings, self.positions, width, has_one=False)

    def _parts(self, matrix: Array) -> tuple[Array, Array]:
        """E, (d / 2 + 1, K), and O, (d / 2, K)."""
        size, count = self.settings.size, matrix.shape[1]
        M = matrix[:-1].reshape(size, size, self.shape[2], count).astype(np.float64)
        even, odd = (M + M[:, ::-1])[:, : self.half] / 2, (M - M[:, ::-1])[:, : self.half] / 2
        if size % 2:
            even[:, -1] /= 2  # p + p' has it twice
        E = np.vstack([even.reshape(-1, count), matrix[-1:]])
        return E.astype(np.float32), odd.reshape(-1, count).astype(np.float32)

    def look_at(self, x: Array) -> None:
        """The images that answers are wanted for, with their mirror images."""
        size, stride, (height, _, channels) = self.settings.size, self.settings.stride, self.shape
        strips = np.empty((2, len(x), self.positions[1], height, self.half, channels), np.float32, like=x)
        length = stride * (self.positions[1] - 1) + 1
        by_column = x.swapaxes(1, 2)
        for j in range(self.half):
            k = size - 1 - j
            left, right = by_column[:, j : j + length : stride], by_column[:, k : k + length : stride]
            for channel in range(channels):  # one by one: NumPy is slow where the innermost run is short
                np.add(left[..., channel], right[..., channel], out=strips[0, ..., j, channel])
                np.subtract(left[..., channel], right[..., channel], out=strips[1, ..., j, channel])
        for patches, its in zip((self._sum, self._difference), strips, strict=True):
            patches.look_at(its.reshape(*its.shape[:3], -1))

    def cut(self, rows: slice, factor: Array) -> None:
        """As `_Whole.cut`."""
        self._cut = self._sum.cut(rows, factor), self._difference.cut(rows, factor)

    def answers(self, number: int) -> tuple[list[Array], Array]:
        """As `_Whole.answers`, for the images and for their mirror images, at the places of the former."""
        (both, difference), (E, O) = self._cut, self._matrices[number]
        answers, odd, mirrored = _of_size(self._memory, both.shape, E)
        np.matmul(both, E, out=answers)
        np.matmul(difference, O, out=odd)
        np.subtract(answers, odd, out=mirrored)
        answers += odd
        return [answers, mirrored], odd


class _Patches:
    """Patches, or halves of them, cut from strips.

    Args:
        settings: Of the patches.
        positions: Places down and across.
        width: Values in a row of a patch.
        has_one: Whether a 1 follows the values of each patch.
    """

    def __init__(self, settings: Patches, positions: tuple[int, int], width: int, *, has_one: bool) -> None:
        self.settings, self.positions, self.width = settings, positions, width
        self._memory = np.ones((0, settings.size * width + has_one), np.float32)

    def look_at(self, strips: Array) -> None:
        """Take the strips to cut from, one for each column of places, (m, across, height, width)."""
        runs = strips.reshape(len(strips), self.positions[1], -1)  # a patch is some rows of its strip
        windows = sliding_window_view(runs, self.settings.size * self.width, 2)
        self._windows = windows[:, :, :: self.settings.stride * self.width].swapaxes(1, 2)

    def cut(self, rows: slice, factor: Array) -> Array:
        """The patches of some rows of places, each times its factor, (m, places, d or d + 1); the next overwrite them.

        Args:
            rows: Rows of places.
            factor: (m, rows, across).
        """
        windows = self._windows[:, rows]
        if len(self._memory) < factor.size:  # the ones in the last column stay
            self._memory = np.asarray(np.ones((factor.size, self._memory.shape[1]), np.float32), like=factor)
        patches = self._memory[: factor.size].reshape(len(factor), factor[0].size, -1)
        d = windows.shape[3]
        np.multiply(windows, factor[..., None], out=patches[..., :d].reshape(windows.shape))
        return patches


def _of_size(memory: Array, shape: tuple[int, ...], matrix: Array) -> Array:
    """Three pieces of memory for products of `matrix`, (d, K), and patches of a shape (m, n, d), (3, m, n, K)."""
    m, n, count = shape[0], shape[1], matrix.shape[1]
    return memory[:, : m * n * count].reshape(3, m, n, count)


def _box_matrices(settings: Patches, shape: Shape) -> tuple[Array, Array]:
    """Matrices that add up what lies below every patch: (places down, height) and, from the right, (width, across)."""
    down, across = (
        (np.abs(2 * (np.arange(n) - settings.stride * place[:, None]) - settings.size + 1) < settings.size)
        for n, place in zip(shape[:2], map(np.arange, settings.positions(shape)), strict=True)
    )
    return down.astype(np.float32), np.ascontiguousarray(across.T.astype(np.float32))
