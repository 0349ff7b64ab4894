"""Second-order pooling: not how strongly answers are on the average, but which of them are strong together.

Averages over an image forget what came with what: red petals on green leaves, and green petals on red ones, are the
same red and the same green. The covariance of the answers remembers it. Local descriptors are the windows of
deep_patches.py, in whitened coordinates z along their r principal directions, one z for each of n places:

    C = (1/n) sum_i (z_i - m)(z_i - m)^T        m = (1/n) sum_i z_i                    (r, r), over the image
    features: c / sqrt(|c| + 0.04)              of every c on the diagonal of C and above it, r (r + 1) / 2

That is about the square root of |c| with the sign of c: a few bursts, a fence or a pattern of tiles, must not outweigh
everything else. Around 0, where the root would be infinitely steep and blow up rounding, it is a straight line. To
whiten first makes the entries comparable: what is the same in all images, that neighbors are alike, is gone, and what
is left in C is how this image differs. Where things are in the image makes no difference.

150 directions are 11,325 entries, more than there are photos; in the span of the columns (span.py) that costs little.

Sources: Tuzel, Porikli and Meer 2006, "Region covariance: a fast descriptor for detection and classification";
Carreira, Caseiro, Batista and Sminchisescu 2012, "Semantic segmentation with second-order pooling"; the signed square
root: Perronnin, Sanchez and Mensink 2010, "Improving the Fisher kernel for large-scale image classification".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.deep_patches import DeepPatchesBlock, first_layer, learn_whitening
from nncli.features.patches import PatchesBlock
from nncli.features.shared_patches import SharedPatches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.looks import Crops
    from nncli.features.settings import Shape
    from nncli.features.settings.second_order import SecondOrder
    from nncli.features.tiles import Layer

LINEAR = 0.04
"""Covariances below it are hardly compressed; whitened answers have a variance of about 1."""


class SecondOrderBlock:
    """The block `second_order` for images of one shape.

    Args:
        settings: Of the block.
        shape: Height, width and channels of the images.
        matrix: Of the patches, (d + 1, K).
        whitening: For a window, divided by its length, with a 1 below it: its coordinates, (d' + 1, r).
        faint: Added to the length of a window, (1,).
        parts: Images of this shape are parts of larger ones, and these are what is to be computed; see looks.py.

    Attributes:
        can_share: Whether `fit` takes the layers of blocks before it.
    """

    can_share = True

    def __init__(
        self,
        settings: SecondOrder,
        shape: Shape,
        matrix: Array,
        whitening: Array,
        faint: Array,
        parts: Crops | None = None,
    ) -> None:
        self.settings, self.shape, self.whitening = settings, shape, whitening
        self.n_features = settings.n_features(shape)
        self.windows = DeepPatchesBlock(settings.windows, shape, matrix, faint, deep_matrix=whitening, parts=parts)
        self.layer = self.windows.layer
        self._pairs = [np.asarray(each, like=matrix) for each in np.triu_indices(settings.directions)]

    @classmethod
    def fit(
        cls,
        settings: SecondOrder,
        images: NDArray[np.uint8],
        rng: np.random.Generator,
        layers: Sequence[Layer] = (),
    ) -> SecondOrderBlock:
        """Learn patches and directions from `images`, (m, height, width, channels).

        Patches that a block before it has learned, see `layers`, are not learned and compared a second time.
        """
        shape = (images.shape[1], images.shape[2], images.shape[3])
        first = first_layer(settings.windows)
        known = [layer.matrix for layer in layers if layer.settings == first]
        matrix = known[0] if known else PatchesBlock.fit(first, images, rng).matrix
        windows = DeepPatchesBlock(settings.windows, shape, matrix, np.zeros(1, np.float32))
        sample = windows.sample_windows(images, rng)
        directions, mean = learn_whitening(sample, settings.directions)
        whitening = np.vstack([directions, -mean @ directions]).astype(np.float32, order="C")
        return cls(settings, shape, matrix, whitening, sample.faint)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Learned arrays, by name."""
        return {"matrix": self.layer.matrix, "whitening": self.whitening, "faint": self.windows.faint}

    @staticmethod
    def array_shapes(settings: SecondOrder, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Shapes of `arrays`, for checking a file."""
        return {
            "matrix": (settings.size**2 * shape[2] + 1, settings.count),
            "whitening": (settings.deep_size**2 * 2 * settings.count + 1, settings.directions),
            "faint": (1,),
        }

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        SharedPatches([self], self.shape).extract(images, [[out]])

    def from_sums(self, sums: Array, looks: list[Array]) -> None:
        """See `PatchUser`."""
        self.windows.write_columns(sums, looks, self._columns)

    def of_parts(self, parts: Crops) -> SecondOrderBlock | None:
        """See `PatchUser`."""
        if not parts.begin_at_multiples_of(self.windows.settings.map_step):
            return None
        return SecondOrderBlock(self.settings, self.shape, self.layer.matrix, self.whitening, self.windows.faint, parts)

    def _columns(self, image_map: Array, side: int) -> Iterator[Array]:
        """The features of each part of a map, as of `Comparison.columns`."""
        comparison = self.windows.comparison()
        answers = comparison.answers(image_map)
        for rows in comparison.rows[side]:
            yield self._second_order(answers[rows])

    def _second_order(self, z: Array) -> Array:
        """The features of the coordinates of all windows, (n, r); these are changed."""
        z -= z.mean(axis=0)
        covariance = (z.T @ z)[self._pairs[0], self._pairs[1]] / np.float32(len(z))
        features: Array = covariance / np.sqrt(np.abs(covariance) + np.float32(LINEAR))
        return features
