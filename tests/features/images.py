"""Images for the tests of the blocks, and what every block has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nncli.features.column import FeatureColumn, block_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.settings import Block

Images: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]


def noise(m: int, height: int, width: int, channels: int, seed: int = 0) -> Images:
    """Images of noise, (m, height, width, channels)."""
    return np.random.default_rng(seed).integers(0, 256, (m, height, width, channels), np.uint8)


def smooth(m: int, height: int, width: int, channels: int, seed: int = 0) -> Images:
    """Images of soft blobs and edges, whose neighboring pixels are alike as in photos."""
    images = noise(m, height, width, channels, seed).astype(np.float64)
    for axis in (1, 2):
        images = (np.roll(images, -1, axis) + images + np.roll(images, 1, axis)) / 3
    low, high = images.min(), images.max()
    return np.array((images - low) / (high - low) * 255, np.uint8)


def fitted(settings: Block, images: Images, seed: int = 0) -> Any:
    """The block, fitted on the images."""
    return block_class(settings.kind).fit(settings, images, np.random.default_rng(seed))


def extracted(block: Any, images: Images) -> NDArray[np.float32]:
    """The features of the images, (m, n_features); what is not written would be NaN."""
    out = np.full((len(images), block.n_features), np.nan, np.float32)
    block.extract(images, out)
    return out


def column_of(images: Images, *features: Block, seed: int = 0) -> FeatureColumn:
    """A column of several blocks, fitted on the images."""
    _, height, width, channels = images.shape
    return FeatureColumn.fit(features, (height, width, channels), images.reshape(len(images), -1), seed)
