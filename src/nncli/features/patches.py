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

from nncli.features.dictionary import learn_dictionary
from nncli.features.shared_patches import SharedPatches
from nncli.features.tiles import Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.settings import Shape
    from nncli.features.settings.patches import Patches

SAMPLES = (20_000, 400_000)
SAMPLES_EACH = 400
"""Patches to learn from: so many for each learned one, between two limits."""


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
        self.positions = down, across = settings.positions(shape)
        cells = _belongs(down, settings.grid)
        self._rows_of_cell = cells.sum(axis=1)
        self.layer = Layer(settings, matrix, cells.argmax(axis=1).tolist(), _averages(across, settings.grid))

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
        SharedPatches([self], self.shape).extract(images, [[out]])

    def extract_both(self, images: NDArray[np.uint8], out: Array, mirrored: Array) -> None:
        """Write the features of `images` to `out`, and those of their mirror images to `mirrored`, (m, n_features)."""
        SharedPatches([self], self.shape).extract(images, [[out, mirrored]])

    def from_sums(self, sums: Array, looks: list[Array]) -> None:
        """See `PatchUser`."""
        averages = sums / self._rows_of_cell[:, None, None]  # (looks, m, 2, cells down, cells across, K)
        for rows, out in zip(averages, looks, strict=True):
            out[:] = rows.reshape(len(rows), -1)


def pooling(positions: tuple[int, int], grid: int) -> Array:
    """The matrix that averages over the cells of a grid, (grid * grid, places)."""
    down, across = (_averages(n, grid) for n in positions)
    cells: Array = np.einsum("ay,bx->abyx", down, across).reshape(grid * grid, -1)
    return cells


def _averages(n: int, parts: int) -> Array:
    """The matrix that averages `n` numbers in `parts` parts as equal as can be, (parts, n)."""
    belongs = _belongs(n, parts)
    averages: Array = belongs / belongs.sum(axis=1, keepdims=True)
    return averages


def _belongs(n: int, parts: int) -> Array:
    """1 where a number belongs to a part, 0 elsewhere, (parts, n)."""
    part = np.arange(n) * parts // n
    belongs: Array = (part == np.arange(parts)[:, None]).astype(np.float32)
    return belongs
