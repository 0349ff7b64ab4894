"""Principal components: an image in as few numbers as its likeness to the others allows.

    y = V^T (x - mean)

The columns of V are the directions in which the training images differ most: the first eigenvectors of their
covariance. Faces, for instance, become mixtures of "eigenfaces".

V is found from a sample of the images, without the covariance where images have more values than there are images in
the sample: if u is an eigenvector of X X^T, then X^T u is one of X^T X.

Sources: Pearson 1901; Turk and Pentland 1991, "Eigenfaces for recognition".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.settings import Shape
    from nncli.features.settings.pca import Pca

MOST_IMAGES = 5000
"""Images to learn from: more change the first directions little."""

CHUNK = 64
"""Images at a time."""


class PcaBlock:
    """The block `pca` for images of one shape.

    Args:
        settings: Of the block.
        _shape: Height, width and channels of the images.
        directions: V, (values of an image, components).
        mean: The average image, (values of an image,).
    """

    def __init__(self, settings: Pca, _shape: Shape, directions: Array, mean: Array) -> None:
        self.settings, self.directions, self.mean = settings, directions, mean
        self.n_features = settings.components

    @classmethod
    def fit(cls, settings: Pca, images: NDArray[np.uint8], rng: np.random.Generator) -> PcaBlock:
        """Find the directions of `images`, (m, height, width, channels); fewer images leave some directions empty."""
        m = len(images)
        chosen = np.sort(rng.choice(m, MOST_IMAGES, replace=False)) if m > MOST_IMAGES else np.arange(m)
        X = images[chosen].reshape(len(chosen), -1).astype(np.float32)
        mean = X.mean(axis=0)
        X -= mean
        directions = np.zeros((X.shape[1], settings.components), np.float32)
        found = _directions(X)[:, : settings.components]
        directions[:, : found.shape[1]] = found
        return cls(settings, (images.shape[1], images.shape[2], images.shape[3]), directions, mean)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Learned arrays, by name."""
        return {"directions": self.directions, "mean": self.mean}

    @staticmethod
    def array_shapes(settings: Pca, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Shapes of `arrays`, for checking a file."""
        n_values = shape[0] * shape[1] * shape[2]
        return {"directions": (n_values, settings.components), "mean": (n_values,)}

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        for start in range(0, len(images), CHUNK):
            x = images[start : start + CHUNK].reshape(-1, 1, self.mean.size) - self.mean  # (m, 1, values)
            # A product for each image gives the same bits whatever comes with it.
            out[start : start + CHUNK] = np.matmul(x, self.directions)[:, 0]


def _directions(X: Array) -> Array:
    """The eigenvectors of X^T X as columns of length 1, the one with the largest eigenvalue first; X is (m, n)."""
    m, n = X.shape
    if m < n:
        U = np.linalg.eigh(X @ X.T)[1][:, ::-1]
        V = X.T @ U[:, : m - 1] if m > 1 else np.zeros((n, 0), np.float32)  # centered rows: one direction fewer
    else:
        V = np.linalg.eigh(X.T @ X)[1][:, ::-1]
    length = np.linalg.norm(V, axis=0)
    V = V / np.where(length > 0, length, 1)
    # The sign of an eigenvector is arbitrary; the largest entry is made positive.
    sign: Array = np.sign(V[np.abs(V).argmax(axis=0), np.arange(V.shape[1])]) if V.size else np.ones(0, V.dtype)
    directions: Array = (V * sign).astype(np.float32)
    return directions
