"""The simplest block: the pixels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nncli.features.settings import Shape


class PixelsBlock:
    """The block `pixels`: the values themselves."""

    def __init__(self, _settings: object, shape: Shape) -> None:
        self.n_features = shape[0] * shape[1] * shape[2]

    @classmethod
    def fit(cls, settings: object, images: NDArray[np.uint8], _rng: np.random.Generator) -> PixelsBlock:
        """The block for images like `images`, (m, height, width, channels)."""
        return cls(settings, (images.shape[1], images.shape[2], images.shape[3]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Nothing."""
        return {}

    @staticmethod
    def array_shapes(_settings: object, _shape: Shape) -> dict[str, tuple[int, ...]]:
        """Nothing."""
        return {}

    def extract(self, images: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Write the values of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        out[:] = images.reshape(len(images), -1)
