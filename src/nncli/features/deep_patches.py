"""Patches of patches: what do small patterns form together?

The answers of learned patches (patches.py) are an image again, a coarser one with two channels for each patch. So the
same can be done to it once more:

    1  answer      max(s - t, 0) and max(-s - t, 0) for each patch at each place
    2  pool        averaged over squares of `pool` * `pool` places, half of which overlap: a map, q * q, 2 K channels
    3  cut         windows of `deep_size` * `deep_size` places of the map, each divided by its length (+ a little)
    4  compare     with K' patterns of such windows, learned in the same way: principal directions, whitened, k-means
    5  count       max(s', t') and min(s', -t'), averaged over the cells of a grid

A petal is a patch; how petals lie around a center is a patch of patches. Nothing is trained by gradients here: two
layers are learned one after the other without labels, in seconds.

Source: Coates, Carpenter, Case et al. 2011, "Text detection and character recognition in scene images with unsupervised
feature learning"; Coates and Ng 2011, "Selecting receptive fields in deep networks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.block import Array
from nncli.features.dictionary import WHITENING, spherical_k_means
from nncli.features.patches import PatchesBlock, pooling
from nncli.features.settings.patches import Patches
from nncli.machine.threads import PerThread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.settings import Shape
    from nncli.features.settings.deep_patches import DeepPatches

MOST_IMAGES = 1500
"""Images whose maps the second layer learns from."""

SAMPLES = (20_000, 60_000)
SAMPLES_EACH = 80
"""Windows to learn from: so many for each learned pattern, between two limits."""

DIRECTIONS = 150
"""Principal directions of a window that are compared; the others are mostly noise."""

FAINT = 0.1
"""Added to the length of a window, as a share of the usual length: where nothing answers, nothing is blown up."""

FAINTEST = np.float32(1e-6)
"""Added to the length of a window at least."""


class DeepPatchesBlock:
    """The block `deep_patches` for images of one shape.

    Args:
        settings: Of the block.
        shape: Height, width and channels of the images.
        matrix: Of the first layer, (d + 1, K).
        deep_matrix: Of the second layer, (d' + 1, K').
        faint: Added to the length of a window, (1,).
    """

    def __init__(self, settings: DeepPatches, shape: Shape, matrix: Array, deep_matrix: Array, faint: Array) -> None:
        self.settings, self.shape, self.deep_matrix = settings, shape, deep_matrix
        self.faint = np.maximum(faint, FAINTEST)  # whatever a stranger's model says, nothing is divided by 0
        self.first = PatchesBlock(first_layer(settings), shape, matrix)
        self.n_features = settings.n_features(shape)
        self.map_shape = settings.map_shape(shape)
        self.positions = settings.deep_positions(shape)
        self._memory = PerThread[tuple[Array, Array, Array, Array]]()

    @classmethod
    def fit(cls, settings: DeepPatches, images: NDArray[np.uint8], rng: np.random.Generator) -> DeepPatchesBlock:
        """Learn both layers from `images`, (m, height, width, channels)."""
        shape = (images.shape[1], images.shape[2], images.shape[3])
        first = PatchesBlock.fit(first_layer(settings), images, rng)
        n_in = settings.deep_size**2 * 2 * settings.count
        empty = np.zeros((n_in + 1, settings.deep_count), np.float32)
        block = cls(settings, shape, first.matrix, empty, np.zeros(1, np.float32))
        windows = block._sample(images, rng)
        length = np.sqrt(np.square(windows).sum(axis=1))
        block.faint = np.array([max(FAINT * float(np.median(length)), FAINTEST)], np.float32)
        block.deep_matrix = learn_windows(windows / (length + block.faint)[:, None], settings.deep_count, rng)
        return block

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Learned arrays, by name."""
        return {"matrix": self.first.matrix, "deep_matrix": self.deep_matrix, "faint": self.faint}

    @staticmethod
    def array_shapes(settings: DeepPatches, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Shapes of `arrays`, for checking a file."""
        return {
            "matrix": (settings.size**2 * shape[2] + 1, settings.count),
            "deep_matrix": (settings.deep_size**2 * 2 * settings.count + 1, settings.deep_count),
            "faint": (1,),
        }

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        settings = self.settings
        pool, across_rows, across_columns, windows = self._memory.get(self._buffers)
        for start, answers in self.first.answers(images):
            for i, one in enumerate(answers, start=start):
                self._cut(self._map(one, across_rows, across_columns), windows)
                deep = windows @ self.deep_matrix  # (places, K')
                strong = pool @ np.maximum(deep, settings.deep_threshold)  # (cells, K')
                weak = pool @ np.minimum(deep, -settings.deep_threshold)
                out[i] = np.concatenate([strong, weak]).ravel()

    def _sample(self, images: NDArray[np.uint8], rng: np.random.Generator) -> Array:
        """Windows of the maps of some images, as rows, (n, deep_size * deep_size * 2 K)."""
        _, across_rows, across_columns, windows = self._memory.get(self._buffers)
        low, high = SAMPLES
        n_samples = min(max(SAMPLES_EACH * self.settings.deep_count, low), high)
        chosen = np.sort(rng.choice(len(images), min(len(images), MOST_IMAGES), replace=False))
        each = min(-(-n_samples // len(chosen)), len(windows))
        sample = np.empty((len(chosen), each, windows.shape[1] - 1), np.float32)
        for start, answers in self.first.answers(images[chosen]):
            for i, one in enumerate(answers, start=start):
                self._cut(self._map(one, across_rows, across_columns), windows, normalize=False)
                sample[i] = windows[np.sort(rng.choice(len(windows), each, replace=False)), :-1]
        return sample.reshape(-1, sample.shape[2])

    def _map(self, answers: Array, across_rows: Array, across_columns: Array) -> Array:
        """The pooled answers of one image, (q, q', 2 K), from its `answers`, (places, K)."""
        down, across = self.first.positions
        count, threshold = self.settings.count, self.settings.threshold
        both = np.empty((down, across, 2 * count), np.float32)
        flat = both.reshape(down * across, 2 * count)
        np.maximum(answers, threshold, out=flat[:, :count])
        np.maximum(-answers, threshold, out=flat[:, count:])
        flat -= np.float32(threshold)
        rows = (across_rows @ both.reshape(down, -1)).reshape(-1, across, 2 * count)
        pooled: Array = np.matmul(across_columns, rows)
        return pooled

    def _cut(self, image_map: Array, windows: Array, *, normalize: bool = True) -> None:
        """Write every window of a map, divided by its length, to `windows`, (places, d' + 1)."""
        size, (down, across) = self.settings.deep_size, self.positions
        a, b, c = image_map.strides
        channels = image_map.shape[2]
        view = np.lib.stride_tricks.as_strided(
            image_map, (down, across, size, size * channels), (a, b, a, c), writeable=False
        )
        target = windows[:, :-1]
        for k in range(size):  # each row of the windows is one run in memory
            target[:, k * size * channels : (k + 1) * size * channels] = view[:, :, k].reshape(down * across, -1)
        if normalize:
            length = np.sqrt(np.einsum("ij,ij->i", target, target))
            target /= (length + self.faint)[:, None]

    def _buffers(self) -> tuple[Array, Array, Array, Array]:
        """Matrices that pool, and memory for windows."""
        settings, (down, across) = self.settings, self.first.positions
        n_windows = self.positions[0] * self.positions[1]
        windows = np.ones((n_windows, settings.deep_size**2 * 2 * settings.count + 1), np.float32)
        cells = pooling(self.positions, settings.grid)
        return cells, overlapping(down, settings.pool), overlapping(across, settings.pool), windows


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


def learn_windows(windows: Array, count: int, rng: np.random.Generator) -> Array:
    """Learn patterns of windows; the matrix that compares with them.

    Args:
        windows: (n, d'), changed.
        count: K'.
        rng: The source of all randomness.

    Returns:
        (d' + 1, K'): for a window with a 1 below it, the answers are one product.
    """
    mean = windows.mean(axis=0)
    windows -= mean
    covariance = (windows.T @ windows).astype(np.float64) / len(windows)
    eigenvalues, V = np.linalg.eigh(covariance)
    eigenvalues, V = np.maximum(eigenvalues[::-1][:DIRECTIONS], 0), V[:, ::-1][:, :DIRECTIONS]
    whitening = V / np.sqrt(eigenvalues + WHITENING * eigenvalues.mean() + 1e-12)
    directions = spherical_k_means((windows @ whitening).astype(np.float32), count, rng)
    comparison = whitening @ directions.T.astype(np.float64)  # (d', K')
    return np.vstack([comparison, -mean @ comparison]).astype(np.float32)


def overlapping(n: int, size: int) -> Array:
    """The matrix that averages n numbers over runs of `size`, one for every half size, (q, n)."""
    step = max(size // 2, 1)
    starts = np.arange((n - size) // step + 1) * step
    place = np.arange(n)
    inside = (place >= starts[:, None]) & (place < starts[:, None] + size)
    return inside.astype(np.float32) / np.float32(size)
