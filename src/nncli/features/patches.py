"""Learned patches: how strongly small patterns answer in each part of an image.

For every place of the image, the answers of K learned patches (dictionary.py) are one column s. What is weak is
dropped, what is strong counts by its sign, and the answers of all places in a cell of the grid are averaged:

    max(s, t) averaged over the cell          for each patch
    min(s, -t) averaged over the cell         for its negative

t is the threshold: max(s, t) - t is a soft threshold, and the - t is the same for all images, so the scaling that
follows takes care of it. All places of an image are one product: 729 places of 6 * 6 * 3 values and 200 patches are
31 million floating-point operations, a third of a millisecond.

Source: Coates, Ng and Lee 2011, "An analysis of single-layer networks in unsupervised feature learning"; the soft
threshold: Coates and Ng 2011, "The importance of encoding versus training with sparse coding and vector quantization".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.block import Array
from nncli.features.dictionary import TINY, learn_dictionary
from nncli.machine.threads import PerThread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nncli.features.settings import Shape
    from nncli.features.settings.patches import Patches

CACHE_BYTES = 1 << 20
"""Answers computed at a time: what fits into a core's second-level cache."""

SAMPLES = (20_000, 400_000)
SAMPLES_EACH = 400
"""Patches to learn from: so many for each learned one, between two limits."""

FOLD = 255**2
"""From the variance of values from 0 to 1 to that of values from 0 to 255."""


class PatchesBlock:
    """The block `patches` for images of one shape.

    Args:
        settings: Of the block.
        shape: Height, width and channels of the images.
        matrix: What `learn_dictionary` returned, (d + 1, K).
    """

    def __init__(self, settings: Patches, shape: Shape, matrix: Array) -> None:
        self.settings, self.shape, self.matrix = settings, shape, matrix
        self.n_features = settings.n_features(shape)
        self.positions = settings.positions(shape)
        self._memory = PerThread[tuple[Array, Array, Array, Array]]()

    @classmethod
    def fit(cls, settings: Patches, images: NDArray[np.uint8], rng: np.random.Generator) -> PatchesBlock:
        """Learn the patches of `images`, (m, height, width, channels)."""
        low, high = SAMPLES
        n_samples = min(max(SAMPLES_EACH * settings.count, low), high)
        matrix = learn_dictionary(images, settings.size, settings.count, settings.contrast, n_samples, rng)
        return cls(settings, (images.shape[1], images.shape[2], images.shape[3]), matrix)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Learned arrays, by name."""
        return {"matrix": self.matrix}

    @staticmethod
    def array_shapes(settings: Patches, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Shapes of `arrays`, for checking a file."""
        return {"matrix": (settings.size**2 * shape[2] + 1, settings.count)}

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        threshold = self.settings.threshold
        n_cells, count = self.settings.grid**2, self.settings.count
        pool, patches, _, strong = self._memory.get(self._buffers)
        pooled = np.empty((2, len(patches), n_cells, count), np.float32)
        for start, answers in self.answers(images):
            m = len(answers)
            np.maximum(answers, threshold, out=strong[:m])
            np.matmul(pool, strong[:m], out=pooled[0, :m])  # (m, cells, K)
            np.minimum(answers, -threshold, out=strong[:m])
            np.matmul(pool, strong[:m], out=pooled[1, :m])
            out[start : start + m] = pooled[:, :m].transpose(1, 0, 2, 3).reshape(m, -1)

    def answers(self, images: NDArray[np.uint8]) -> Iterator[tuple[int, Array]]:
        """The answers of every patch at every place, some images at a time.

        Yields:
            The number of the first image, and the answers, (m, places, K), overwritten by the next.
        """
        _, patches, answers, _ = self._memory.get(self._buffers)
        for start in range(0, len(images), len(patches)):
            x = images[start : start + len(patches)].astype(np.float32)
            m = len(x)
            self._cut(x, patches[:m])
            # Stacks of matrices: a product for each image, so that its bits do not depend on what comes with it.
            np.matmul(patches[:m], self.matrix, out=answers[:m])
            yield start, answers[:m]

    def _buffers(self) -> tuple[Array, Array, Array, Array]:
        """The pooling matrix, and memory for the patches, answers and strong answers of some images."""
        d, count = self.matrix.shape
        places = self.positions[0] * self.positions[1]
        m = max(1, CACHE_BYTES // (4 * places * max(d, count)))
        patches = np.ones((m, places, d), np.float32)  # the ones in the last column stay
        answers = np.empty((m, places, count), np.float32)
        return pooling(self.positions, self.settings.grid), patches, answers, np.empty_like(answers)

    def _cut(self, x: Array, patches: Array) -> None:
        """Write every patch of the images `x`, divided by its contrast, to `patches`, (m, places, d + 1)."""
        size, stride = self.settings.size, self.settings.stride
        m, _, _, channels = x.shape
        down, across = self.positions
        d = size * size * channels
        total = self._box_sums(x.sum(axis=3))
        squares = self._box_sums(np.square(x).sum(axis=3))
        variance = np.maximum(squares - total * total / d, 0) / d
        factor = 1 / np.sqrt(variance + np.float32((self.settings.contrast + TINY) * FOLD))
        a, b, c, _ = x.strides  # of an image, a row, a pixel
        windows = np.lib.stride_tricks.as_strided(
            x, (m, down, across, size, size * channels), (a, b * stride, c * stride, b, x.itemsize), writeable=False
        )
        a, b, c = patches.strides
        target = np.lib.stride_tricks.as_strided(patches, windows.shape, (a, b * across, b, size * channels * c, c))
        np.multiply(windows, factor[..., None, None], out=target)

    def _box_sums(self, values: Array) -> Array:
        """Sums of `values`, (m, height, width), over the pixels of every patch, (m, down, across)."""
        size, stride = self.settings.size, self.settings.stride
        down, across = self.positions
        rows: Array = sum(values[:, i : i + (down - 1) * stride + 1 : stride] for i in range(size))  # type: ignore[assignment]
        sums: Array = sum(rows[:, :, j : j + (across - 1) * stride + 1 : stride] for j in range(size))  # type: ignore[assignment]
        return sums


def pooling(positions: tuple[int, int], grid: int) -> Array:
    """The matrix that averages over the cells of a grid, (grid * grid, places)."""
    down, across = (_averages(n, grid) for n in positions)
    cells: Array = np.einsum("ay,bx->abyx", down, across).reshape(grid * grid, -1)
    return cells


def _averages(n: int, parts: int) -> Array:
    """The matrix that averages `n` numbers in `parts` parts as equal as can be, (parts, n)."""
    part = np.arange(n) * parts // n
    belongs = (part == np.arange(parts)[:, None]).astype(np.float32)
    averages: Array = belongs / belongs.sum(axis=1, keepdims=True)
    return averages
