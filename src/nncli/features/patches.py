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

from nncli.features.cells import WHOLE, cells_of_parts
from nncli.features.dictionary import learn_dictionary
from nncli.features.shared_patches import SharedPatches
from nncli.features.tiles import Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.looks import Crops
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
        parts: Images of this shape are parts of larger ones, and these are what is to be computed; see looks.py.
    """

    def __init__(self, settings: Patches, shape: Shape, matrix: Array, parts: Crops | None = None) -> None:
        self.settings, self.shape, self.matrix = settings, shape, matrix
        self.n_features = settings.n_features(shape)
        self.positions = settings.positions(shape)
        within = settings.positions(parts.shape) if parts else self.positions
        self._places = parts.in_steps_of(settings.stride) if parts else WHOLE
        self._down, self._across = cells_of_parts(self.positions, settings.grid, self._places, within)
        self.layer = Layer(settings, matrix, self._down.runs, self._across.averages)
        self._of_runs, self._n_places = (
            np.asarray(each, like=matrix) for each in (self._down.of_runs, self._down.n_places[:, None])
        )

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

    def from_sums(self, sums: Array, looks: list[Array]) -> None:
        """See `PatchUser`."""
        n_sides, m, _, n_runs, _, count = sums.shape
        down, across, grid = self._down, self._across, self.settings.grid
        cells = np.matmul(self._of_runs, sums.reshape(n_sides, m, 2, n_runs, -1)) / self._n_places
        cells = cells.reshape(n_sides, m, 2, len(down.parts), grid, len(across.parts), grid, count)
        for number, out in enumerate(looks):
            part, side = divmod(number, n_sides)
            top, left = self._places[side][part]
            out[:] = cells[side][:, :, down.parts[top], :, across.parts[left]].reshape(m, -1)

    def of_parts(self, parts: Crops) -> PatchesBlock | None:
        """See `PatchUser`."""
        fits = parts.begin_at_multiples_of(self.settings.stride)
        return PatchesBlock(self.settings, self.shape, self.matrix, parts) if fits else None
