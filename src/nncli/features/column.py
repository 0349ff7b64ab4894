"""The feature column: several blocks, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.settings import PIXELS, Features, Shape, class_name, n_features, part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nncli.features.block import Array, FittedBlock


def block_class(kind: str) -> Any:
    """The class that computes a kind of block."""
    return part_of(kind, "features", f"{class_name(kind)}Block")


class FeatureColumn:
    """From images to feature columns.

    Args:
        features: The settings of the blocks, from top to bottom.
        shape: Height, width and channels of the images.
        blocks: The fitted blocks.
    """

    def __init__(self, features: Features, shape: Shape, blocks: list[FittedBlock]) -> None:
        self.features, self.shape, self.blocks = features, shape, blocks
        self.n_features = n_features(features, shape)

    @classmethod
    def of_pixels(cls, shape: Shape) -> FeatureColumn:
        """The column that is the image itself."""
        return cls(PIXELS, shape, [block_class("pixels")(PIXELS[0], shape)])

    @classmethod
    def fit(
        cls,
        features: Features,
        shape: Shape,
        pixels: NDArray[np.uint8],
        seed: int,
        on_block: Callable[[int], None] = lambda _n: None,
    ) -> FeatureColumn:
        """Learn what the blocks need.

        Args:
            features: The settings of the blocks.
            shape: Height, width and channels of the images.
            pixels: Training images to learn from, one per row, (m, height * width * channels).
            seed: Of the run.
            on_block: Told of every block that has learned.
        """
        images, blocks = pixels.reshape(-1, *shape), []
        for i, settings in enumerate(features):
            rng = np.random.default_rng([seed, i, len(features)])
            blocks.append(block_class(settings.kind).fit(settings, images, rng))
            on_block(1)
        return cls(features, shape, blocks)

    @property
    def is_pixels(self) -> bool:
        """Whether the column is the image itself."""
        return self.features == PIXELS

    def prepare(self) -> None:
        """Have blocks see whether files of theirs are what they were, before threads and processes ask.

        Raises:
            DataError: A file is missing or another one.
        """
        for block in self.blocks:
            if prepare := getattr(block, "prepare", None):
                prepare()

    def extract(self, pixels: NDArray[np.uint8], out: Array) -> None:
        """Write the feature columns of `pixels`, one image per row, to the rows of `out`, (m, n_features)."""
        images = pixels.reshape(-1, *self.shape)
        for block, entries in zip(self.blocks, self.entries(), strict=True):
            block.extract(images, out[:, entries])

    def extract_both(self, pixels: NDArray[np.uint8], out: Array, mirrored: Array) -> None:
        """As `extract`, and write the feature columns of the mirror images to the rows of `mirrored`."""
        images = pixels.reshape(-1, *self.shape)
        for block, entries in zip(self.blocks, self.entries(), strict=True):
            if extract_both := getattr(block, "extract_both", None):  # a block that knows a shorter way
                extract_both(images, out[:, entries], mirrored[:, entries])
            else:
                block.extract(images, out[:, entries])
                block.extract(np.ascontiguousarray(images[:, :, ::-1]), mirrored[:, entries])

    def entries(self) -> list[slice]:
        """Which entries of the column each block fills."""
        ends = np.cumsum([block.n_features for block in self.blocks]).tolist()
        return [slice(end - block.n_features, end) for end, block in zip(ends, self.blocks, strict=True)]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that was learned, by names such as `features2.matrix`, which is of the second block."""
        return {
            f"features{i}.{name}": array
            for i, block in enumerate(self.blocks, start=1)
            for name, array in block.arrays().items()
        }

    @staticmethod
    def array_shapes(features: Features, shape: Shape) -> dict[str, tuple[int, ...]]:
        """The shapes of `arrays`, for checking a file before anything is computed."""
        return {
            f"features{i}.{name}": array_shape
            for i, settings in enumerate(features, start=1)
            for name, array_shape in block_class(settings.kind).array_shapes(settings, shape).items()
        }

    @classmethod
    def from_arrays(cls, features: Features, shape: Shape, arrays: Mapping[str, NDArray[Any]]) -> FeatureColumn:
        """The column that gave `arrays`, which have the right names and shapes."""
        blocks = []
        for i, settings in enumerate(features, start=1):
            prefix = f"features{i}."
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            blocks.append(block_class(settings.kind)(settings, shape, **own))
        return cls(features, shape, blocks)
