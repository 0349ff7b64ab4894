"""The interface of every block: fitted once on training images, kept by name in the model file, asked for features.

`pixels`, `hog` and `color_histogram` learn nothing; they are a `FixedBlock`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.settings import Shape

Array = np.ndarray[Any, np.dtype[np.float32]]


class FittedBlock(Protocol):
    """A block that has learned what it needs."""

    n_features: int

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The learned arrays, by name."""


class FixedBlock:
    """A block that learns nothing: its settings and the shape of the images say everything.

    Args:
        settings: Of the block.
        shape: Height, width and channels of the images.
    """

    def __init__(self, settings: Any, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.n_features: int = settings.n_features(shape)

    @classmethod
    def fit(cls, settings: Any, images: NDArray[np.uint8], _rng: np.random.Generator) -> Self:
        """The block for images like `images`, (m, height, width, channels)."""
        return cls(settings, (images.shape[1], images.shape[2], images.shape[3]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Nothing."""
        return {}

    @staticmethod
    def array_shapes(_settings: object, _shape: Shape) -> dict[str, tuple[int, ...]]:
        """Nothing."""
        return {}
