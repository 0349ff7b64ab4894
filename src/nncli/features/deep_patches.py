"""Patches of patches: what do small patterns form together?

The answers of learned patches (patches.py) are an image again, a coarser one with two channels for each patch. So the
same can be done to it once more:

    1  answer      max(s - t, 0) and max(-s - t, 0) for each patch at each place
    2  pool        averaged over squares of `pool` * `pool` places, half of which overlap: a map, q * q, 2 K channels
    3  cut         windows of `deep_size` * `deep_size` places of the map, each divided by its length (+ a little)
    4  compare     with K' patterns of such windows, learned in the same way: principal directions, whitened, k-means
    5  count       max(s', t') and min(s', -t'), averaged over the cells of a grid

A petal is a patch; how petals lie around a center is a patch of patches. Nothing is trained by gradients here: two
layers are learned one after the other without labels, in seconds. Where labels are to have a say, training/patterns.py
goes on from there: it takes the `whitened` windows and returns other directions.

Source: Coates, Carpenter, Case et al. 2011, "Text detection and character recognition in scene images with unsupervised
feature learning"; Coates and Ng 2011, "Selecting receptive fields in deep networks".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nncli.features.block import Array
from nncli.features.cells import WHOLE, pooling
from nncli.features.dictionary import WHITENING, spherical_k_means
from nncli.features.patches import PatchesBlock
from nncli.features.settings.patches import Patches
from nncli.features.shared_patches import SharedPatches
from nncli.features.span import leading_eigenvectors
from nncli.features.tiles import Layer
from nncli.features.winograd import SIZE, Winograd
from nncli.machine.backend import on_host
from nncli.machine.divide import divide, shared_array
from nncli.machine.forking import number_of_processes
from nncli.machine.threads import PerThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.looks import Crops
    from nncli.features.settings import Shape
    from nncli.features.settings.deep_patches import DeepPatches

MOST_IMAGES = 1500
"""Images whose maps the second layer learns from."""

SAMPLES = (20_000, 60_000)
SAMPLES_EACH = 80
"""Windows to learn from: so many for each learned pattern, between two limits."""

DIRECTIONS = 150
"""Principal directions of a window that are compared; the others are mostly noise."""

MOST_ROWS = 8_000
"""Windows that the directions are taken from; all of them are compared with the patterns."""

CHUNK = 2048
"""Windows at a time."""

IMAGES_TOGETHER = 16
"""Images at a time."""

MANY_IMAGES = 64
"""Images from which on several processes compute their maps."""

THIN = 0.7
"""Two matrices take the place of one where their products are at most this share of its work."""

LEAST_ERROR = 1e-5
"""Of a matrix taken apart, as a share of its length: what rounding leaves."""

FAINT = 0.1
"""Added to the length of a window, as a share of the usual length: where nothing answers, nothing is blown up."""

FAINTEST = np.float32(1e-6)
"""Added to the length of a window at least."""


class Patterns(NamedTuple):
    """The patterns that windows are compared with, as they were learned.

    Attributes:
        whitening: From windows, less their mean, to whitened coordinates, (d', r).
        mean: Of the windows, (d',).
        directions: K' patterns in these coordinates, (K', r).
    """

    whitening: NDArray[np.float64]
    mean: NDArray[np.float64]
    directions: Array

    def matrix(self) -> Array:
        """The same in one product: for a window with a 1 below it, the answers of all patterns, (d' + 1, K')."""
        comparison = self.whitening @ self.directions.T.astype(np.float64)
        return np.vstack([comparison, -self.mean @ comparison]).astype(np.float32)

    def factors(self) -> tuple[Array, Array]:
        """The same in two products: first (d', r), then, with a 1 below what it gives, (r + 1, K')."""
        directions = self.directions.T.astype(np.float64)
        second = np.vstack([directions, -self.mean @ self.whitening @ directions])
        return self.whitening.astype(np.float32, order="C"), second.astype(np.float32, order="C")


class DeepPatchesBlock:
    """The block `deep_patches` for images of one shape.

    Args:
        settings: Of the block.
        shape: Height, width and channels of the images.
        matrix: Of the first layer, (d + 1, K).
        faint: Added to the length of a window, (1,).
        deep_matrix: Of the second layer, (d' + 1, K').
        deep_directions, deep_patterns: Instead, in two products, (d', r) and (r + 1, K').
        parts: Images of this shape are parts of larger ones, and these are what is to be computed; see looks.py.
    """

    def __init__(
        self,
        settings: DeepPatches,
        shape: Shape,
        matrix: Array,
        faint: Array,
        *,
        deep_matrix: Array | None = None,
        deep_directions: Array | None = None,
        deep_patterns: Array | None = None,
        parts: Crops | None = None,
    ) -> None:
        self.settings, self.shape = settings, shape
        deep = {"deep_matrix": deep_matrix, "deep_directions": deep_directions, "deep_patterns": deep_patterns}
        self.deep = {name: array for name, array in deep.items() if array is not None}
        self.faint = np.maximum(faint, FAINTEST)  # whatever a stranger's model says, nothing is divided by 0
        self.patterns: Patterns | None = None  # known only where they were just learned
        self.n_features = settings.n_features(shape)
        self.positions = settings.deep_positions(shape)
        first, whole = first_layer(settings), parts.shape if parts else shape
        self.map_shape = settings.map_shape(whole)
        places = parts.in_steps_of(settings.map_step) if parts else WHOLE
        self._cells = [
            np.vstack([pooling(self.positions, settings.grid, each, settings.deep_positions(whole)) for each in side])
            for side in places
        ]
        down, across = first.positions(whole)
        run = math.gcd(settings.pool, max(settings.pool // 2, 1))  # rows that always come together
        self.layer = Layer(first, matrix, list(range(0, down, run)), overlapping(across, settings.pool))
        self._comparison = PerThread[Comparison]()

    @classmethod
    def fit(cls, settings: DeepPatches, images: NDArray[np.uint8], rng: np.random.Generator) -> DeepPatchesBlock:
        """Learn both layers from `images`, (m, height, width, channels)."""
        shape = (images.shape[1], images.shape[2], images.shape[3])
        first = PatchesBlock.fit(first_layer(settings), images, rng)
        block = cls(settings, shape, first.matrix, np.zeros(1, np.float32))
        windows = block.sample_windows(images, rng)
        block.faint = windows.faint
        return block.with_patterns(learn_windows(windows, settings.deep_count, rng))

    def with_patterns(self, patterns: Patterns) -> DeepPatchesBlock:
        """The block with other patterns."""
        deep: dict[str, Any] = {"deep_matrix": patterns.matrix()}
        if _is_thin(self.settings):
            deep = dict(zip(("deep_directions", "deep_patterns"), patterns.factors(), strict=True))
        block = DeepPatchesBlock(self.settings, self.shape, self.layer.matrix, self.faint, **deep)
        block.patterns = patterns
        return block

    def whitened(self, images: NDArray[np.uint8], patterns: Patterns, out: NDArray[np.float16]) -> None:
        """Write the windows of `images`, (m, height, width, channels), in whitened coordinates to `out`, (m, n, r)."""
        size = self.settings.deep_size
        whitening, offset = patterns.whitening.astype(np.float32), patterns.mean @ patterns.whitening
        for first, (sums,) in SharedPatches([self], self.shape).sums(images):
            for row, image_map in zip(out[first:], self.maps(sums)[0], strict=False):
                windows = windows_of(image_map, size).reshape(len(row), -1)
                lengths = lengths_of_windows(image_map, size).reshape(-1, 1) + self.faint
                row[:] = windows @ whitening / lengths - offset

    @property
    def cells(self) -> Array:
        """The matrix that averages over the windows of each cell, (grid * grid, n)."""
        return pooling(self.positions, self.settings.grid)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Learned arrays, by name."""
        return {"matrix": self.layer.matrix, **self.deep, "faint": self.faint}

    @property
    def deep_matrix(self) -> Array:
        """Of the second layer, in one product, (d' + 1, K')."""
        if "deep_matrix" in self.deep:
            return self.deep["deep_matrix"]
        first, second = self.deep["deep_directions"], self.deep["deep_patterns"]
        return np.vstack([first @ second[:-1], second[-1:]])

    @staticmethod
    def array_shapes(settings: DeepPatches, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Shapes of `arrays`, for checking a file."""
        if not _is_thin(settings):
            return DeepPatchesBlock.older_array_shapes(settings, shape)
        n_in, n_directions, count = _sizes(settings)
        return {
            "matrix": (settings.size**2 * shape[2] + 1, settings.count),
            "deep_directions": (n_in, n_directions),
            "deep_patterns": (n_directions + 1, count),
            "faint": (1,),
        }

    @staticmethod
    def older_array_shapes(settings: DeepPatches, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Likewise, of files that have one matrix whatever its rank."""
        return {
            "matrix": (settings.size**2 * shape[2] + 1, settings.count),
            "deep_matrix": (settings.deep_size**2 * 2 * settings.count + 1, settings.deep_count),
            "faint": (1,),
        }

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        SharedPatches([self], self.shape).extract(images, [[out]])

    def from_sums(self, sums: Array, looks: list[Array]) -> None:
        """Pool, and compare windows; see `PatchUser`."""
        self.write_columns(sums, looks, self.comparison().columns)

    def write_columns(self, sums: Array, looks: list[Array], columns: Callable[[Array, int], Iterable[Array]]) -> None:
        """Pool, and write to `looks`, see `PatchUser`, the `columns` of each map, see `Comparison.columns`."""
        for side, maps in enumerate(self.maps(sums)):
            its_looks = looks[side :: len(sums)]
            for i, one in enumerate(maps):
                for out, column in zip(its_looks, columns(one, side), strict=True):
                    out[i] = column

    def comparison(self) -> Comparison:
        """The comparison of windows, with memory of its own in each thread."""
        return self._comparison.get(
            lambda: Comparison(self.settings, self.map_shape, self._factors(), self.faint, self._cells)
        )

    def of_parts(self, parts: Crops) -> DeepPatchesBlock | None:
        """See `PatchUser`."""
        if not parts.begin_at_multiples_of(self.settings.map_step):
            return None
        return DeepPatchesBlock(self.settings, self.shape, self.layer.matrix, self.faint, **self.deep, parts=parts)

    def _factors(self) -> list[Array]:
        """Matrices that windows are multiplied with, one after the other; the last has an offset below it."""
        if "deep_matrix" not in self.deep:
            return list(self.deep.values())
        matrix = on_host(self.deep_matrix)
        *first, last = thin_factors(matrix[:-1])
        return [np.asarray(each, like=self.faint) for each in (*first, np.vstack([last, matrix[-1:]]))]

    def maps(self, sums: Array) -> Array:
        """The pooled answers of every patch, (1 or 2 looks, m, q, q', 2 K)."""
        n_looks, m, _, _, q, count = sums.shape
        threshold, pool, map_shape = np.float32(self.settings.threshold), self.settings.pool, self.map_shape
        step = max(pool // 2, 1)
        run = math.gcd(pool, step)
        pooled = np.zeros((n_looks, m, 2, map_shape[0], q, count), np.float32, like=sums)
        last = (map_shape[0] - 1) * step // run + 1
        for first in range(pool // run):
            pooled += sums[:, :, :, first : first + last : step // run]
        pooled /= np.float32(pool)
        maps = np.empty((n_looks, m, *map_shape, 2, count), np.float32, like=sums)
        np.subtract(pooled[:, :, 0], threshold, out=maps[..., 0, :])
        np.subtract(-threshold, pooled[:, :, 1], out=maps[..., 1, :])
        return maps.reshape(n_looks, m, *map_shape, 2 * count)

    def sample_windows(self, images: NDArray[np.uint8], rng: np.random.Generator) -> WindowSample:
        """Windows of the maps of some images."""
        low, high = SAMPLES
        n_samples = min(max(SAMPLES_EACH * self.settings.deep_count, low), high)
        chosen = np.sort(rng.choice(len(images), min(len(images), MOST_IMAGES), replace=False))
        n_windows = math.prod(self.positions)
        each = min(-(-n_samples // len(chosen)), n_windows)
        maps = shared_array((len(chosen), math.prod(self.map_shape) * 2 * self.settings.count), np.float16)

        patches = SharedPatches([self], self.shape)

        def work(start: int, stop: int) -> None:
            for first, (sums,) in patches.sums(images[chosen[start:stop]]):
                some = self.maps(sums)[0]
                maps[start + first : start + first + len(some)] = some.reshape(len(some), -1)

        divide(len(chosen), IMAGES_TOGETHER, work, number_of_processes() if len(chosen) >= MANY_IMAGES else 1)
        places = np.concatenate([np.sort(rng.choice(n_windows, each, replace=False)) for _ in chosen])
        shaped = maps.reshape(len(chosen), *self.map_shape, -1)
        return WindowSample(shaped, np.arange(len(chosen)).repeat(each), places, self.settings.deep_size)


class WindowSample:
    """Chosen windows of maps, each divided by its length, cut when they are asked for.

    The maps are kept in half precision: windows overlap, and all of them together would be ten times as much.

    Args:
        maps: (m, q, q', 2 K) float16.
        images: The map of each window, (n,).
        places: Its place there, (n,).
        size: Height and width of a window.
    """

    def __init__(
        self, maps: NDArray[np.float16], images: NDArray[np.intp], places: NDArray[np.intp], size: int
    ) -> None:
        m, down, across, channels = maps.shape
        a, b, c, d = maps.strides
        shape, strides = (m, down - size + 1, across - size + 1, size, size * channels), (a, b, c, b, d)
        self._windows = np.lib.stride_tricks.as_strided(maps, shape, strides, writeable=False)
        self._images, self._rows, self._columns = images, places // shape[2], places % shape[2]
        self._lengths = np.concatenate([lengths_of_windows(each.astype(np.float32), size)[None] for each in maps])
        self._lengths = self._lengths.reshape(m, -1)[images, places]
        self.faint = np.array([max(FAINT * float(np.median(self._lengths)), FAINTEST)], np.float32)

    def __len__(self) -> int:
        """Windows."""
        return len(self._images)

    def __getitem__(self, chosen: slice) -> Array:
        """Some windows as rows, (n, size * size * 2 K)."""
        windows = self._windows[self._images[chosen], self._rows[chosen], self._columns[chosen]]
        rows: Array = windows.reshape(len(windows), -1).astype(np.float32)
        rows /= (self._lengths[chosen] + self.faint)[:, None]
        return rows


def windows_of(image_map: Array, size: int) -> Array:
    """Every window of a map, (q, q', 2 K), without a copy: (q - size + 1, q' - size + 1, size, size * 2 K)."""
    channels, rows = image_map.shape[2], image_map.reshape(len(image_map), -1)
    windows: Array = sliding_window_view(rows, (size, size * channels))[:, ::channels]
    return windows


def lengths_of_windows(image_map: Array, size: int) -> Array:
    """The length of every window of a map, (q, q', 2 K), as a vector: (q - size + 1, q' - size + 1)."""
    squares = np.einsum("ijk,ijk->ij", image_map, image_map)
    down, across = (n - size + 1 for n in squares.shape)
    rows = sum(squares[i : i + down] for i in range(size))
    lengths: Array = np.sqrt(sum(rows[:, j : j + across] for j in range(size)))
    return lengths


class Comparison:
    """From a map to features: its windows, divided by their lengths, compared, counted in cells.

    The patterns are mixtures of a few principal directions: their matrix has a low rank. So it is kept as two thin
    ones, W = U V, or taken apart into such, and U V is two products of half the work.

    Args:
        settings: Of the block.
        map_shape: q, q'.
        factors: (d', r) and (r + 1, K'), or (d' + 1, K') alone.
        faint: Added to the length of a window, (1,).
        cells: Averages over the cells of all parts, of images and of mirror images, (parts * grid * grid, n) each.

    Attributes:
        cells: The same for the rows of `answers`, (parts * grid * grid, n') each.
        rows: Which rows of `answers` belong to each cell, in the same order.
    """

    def __init__(
        self, settings: DeepPatches, map_shape: tuple[int, int], factors: list[Array], faint: Array, cells: list[Array]
    ) -> None:
        self.size, self.faint, self._offset = settings.deep_size, faint, factors[-1][-1]
        first, *self._others = [*factors[:-1], factors[-1][:-1]]
        self._first = Winograd(map_shape, first) if self.size == SIZE else _EachWindow(map_shape, first, self.size)
        places = self._first.places
        # Rows behind the last window belong to no cell, and have any length.
        cells = [np.pad(each, ((0, 0), (0, 1)))[:, places] for each in cells]
        self.cells = [np.asarray(each, like=faint) for each in cells]
        self.rows = [[np.asarray(np.flatnonzero(row), like=faint) for row in each] for each in cells]
        self._places = np.asarray(places, like=faint)
        shape = len(places), settings.deep_count
        self._answers, self._strong = (np.empty(shape, np.float32, like=faint) for _ in range(2))
        threshold = np.full(shape[1], settings.deep_threshold, np.float32)  # faster than a number
        self._threshold = np.asarray(threshold, like=faint)
        self._minus_threshold = -self._threshold
        self._n_cells = settings.grid**2

    def answers(self, image_map: Array) -> Array:
        """The answers of every pattern to the windows of a map, (q, q', 2 K): (n', K'), overwritten by the next.

        Their order is that of the columns of `cells`, see `rows`.
        """
        lengths = np.append(lengths_of_windows(image_map, self.size) + self.faint, np.float32(1))
        answers = self._first(image_map)
        answers /= lengths[self._places][:, None]
        for factor in self._others:
            answers = np.matmul(answers, factor, out=self._answers)
        answers += self._offset
        return answers

    def columns(self, image_map: Array, side: int) -> Array:
        """The features of a map, (q, q', 2 K), one row for each part of it, (parts, 2 * grid * grid * K').

        Args:
            image_map: The map.
            side: 0 of an image, 1 of a mirror image.
        """
        answers, cells = self.answers(image_map), self.cells[side]
        strong = cells @ np.maximum(answers, self._threshold, out=self._strong)  # (parts * cells, K')
        weak = cells @ np.minimum(answers, self._minus_threshold, out=answers)
        by_part = [each.reshape(-1, self._n_cells * each.shape[1]) for each in (strong, weak)]
        return np.concatenate(by_part, axis=1)


class _EachWindow:
    """As `Winograd`, for windows of any size: each is cut, and compared by itself."""

    def __init__(self, map_shape: tuple[int, int], patterns: Array, size: int) -> None:
        self._patterns, self._size = patterns, size
        self.places = np.arange(math.prod(n - size + 1 for n in map_shape))
        self._windows = np.empty((len(self.places), len(patterns)), np.float32, like=patterns)

    def __call__(self, image_map: Array) -> Array:
        """The answers to the windows of a map, (q, q', channels): (n, K)."""
        view = windows_of(image_map, self._size)
        self._windows.reshape(view.shape)[...] = view
        return self._windows @ self._patterns


def _sizes(settings: DeepPatches) -> tuple[int, int, int]:
    """d', r and K'."""
    n_in = settings.deep_size**2 * 2 * settings.count
    return n_in, min(DIRECTIONS, n_in), settings.deep_count


def _is_thin(settings: DeepPatches) -> bool:
    """Whether two products are enough less work than one."""
    return _pays(*_sizes(settings))


def _pays(n: int, r: int, k: int) -> bool:
    """Whether matrices (n, r) and (r, k) are enough less work than one, (n, k)."""
    return r * (n + k) <= THIN * n * k


def thin_factors(W: Array) -> list[Array]:
    """Matrices whose product is W, up to rounding: two thin ones where the rank of W is at most `DIRECTIONS`, else W.

    The product of W with random columns spans the space of its own columns, almost surely (Halko, Martinsson and Tropp
    2011, section 4.1). Q, an orthonormal basis of it, gives W = Q (Q^T W).

    Args:
        W: (n, k).

    Returns:
        [W], or (n, r) and (r, k).
    """
    n, k = W.shape
    rank = DIRECTIONS + 6
    if not _pays(n, rank, k):
        return [W]
    exact = W.astype(np.float64)
    Q = np.linalg.qr(exact @ np.random.default_rng(0).standard_normal((k, rank)))[0]
    B = Q.T @ exact
    error = np.linalg.norm(Q @ B - exact)
    return [Q.astype(np.float32), B.astype(np.float32)] if error <= LEAST_ERROR * np.linalg.norm(exact) else [W]


def first_layer(settings: DeepPatches) -> Patches:
    """The first layer as a block of its own."""
    return Patches(
        size=settings.size,
        count=settings.count,
        grid=1,
        stride=settings.stride,
        contrast=settings.contrast,
        threshold=settings.threshold,
    )


class Sample(Protocol):
    """Rows that are given when they are asked for; an array is one."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, chosen: slice, /) -> Array:
        """Some of them, (n, d')."""


def learn_windows(windows: Sample, count: int, rng: np.random.Generator) -> Patterns:
    """Learn patterns of windows.

    Args:
        windows: Rows, n of d' values.
        count: K'.
        rng: The source of all randomness.
    """
    whitening, mean = learn_whitening(windows, DIRECTIONS)
    n = len(windows)
    short, offset = whitening.astype(np.float32), (mean @ whitening).astype(np.float32)
    whitened = np.empty((n, short.shape[1]), np.float32)
    for start in range(0, n, CHUNK):
        np.matmul(windows[start : start + CHUNK], short, out=whitened[start : start + CHUNK])
    whitened -= offset
    return Patterns(whitening, mean, spherical_k_means(whitened, count, rng))


def learn_whitening(windows: Sample, most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The principal directions of windows, each divided by the deviation along it (a little more, where it is small).

    Args:
        windows: Rows, n of d' values.
        most: Directions, if there are as many.

    Returns:
        From windows, less their mean, to whitened coordinates, (d', r), and the mean, (d',).
    """
    n, step = len(windows), -(-len(windows) // MOST_ROWS)
    total: Any = 0
    products: Any = 0
    for start in range(0, n, CHUNK * step):
        rows = windows[start : start + CHUNK * step : step]
        total += rows.sum(axis=0, dtype=np.float64)
        products += rows.T @ rows
    m = -(-n // step)
    mean = total / m
    products /= m
    covariance = np.outer(mean, mean)
    np.subtract(products, covariance, out=covariance)  # in place: with 3 * 3 * 192 values 24 MB each
    del products
    eigenvalues, V = leading_eigenvectors(covariance, most)
    eigenvalues = np.maximum(eigenvalues, 0)
    return V / np.sqrt(eigenvalues + WHITENING * eigenvalues.mean() + 1e-12), mean


def overlapping(n: int, size: int) -> Array:
    """The matrix that averages n numbers over runs of `size`, one for every half size, (q, n)."""
    step = max(size // 2, 1)
    starts = np.arange((n - size) // step + 1) * step
    place = np.arange(n)
    inside = (place >= starts[:, None]) & (place < starts[:, None] + size)
    return inside.astype(np.float32) / np.float32(size)
