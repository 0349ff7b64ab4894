"""The interface of every block: fitted once on training images, kept by name in the model file, asked for features.

`pixels`, `hog` and `color_histogram` learn nothing; they are a `FixedBlock`.

Images and features may lie on a GPU, and what a block has learned with them (machine/backend.py): new arrays are made
`like` the images, and NumPy's functions do the rest. A block that cannot work there brings images to this machine
(`on_host`) and its features back.

A block may know shorter ways than to be asked for one look at a time:

    extract_looks(images, looks, *, mirrored)    images and their mirror images at once
    of_parts(parts)                              the block that writes all parts of an image at once; see looks.py

`Alone` asks it. Blocks that have a `layer` of patches are computed together, by `SharedPatches`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.looks import Crops
    from nncli.features.settings import Shape

Array = np.ndarray[Any, np.dtype[np.float32]]


class FittedBlock(Protocol):
    """A block that has learned what it needs."""

    n_features: int

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The learned arrays, by name."""


class Unit(Protocol):
    """One or more blocks that are computed together."""

    def extract(self, images: NDArray[np.uint8], looks: list[list[Array]], *, mirrored: bool = False) -> None:
        """Write the features of each block.

        Args:
            images: (m, height, width, channels).
            looks: For each block memory for the features of the images and, if wanted, of their mirror images, or
                this for each part, (m, n_features) each.
            mirrored: Whether mirror images are wanted.
        """

    def of_parts(self, parts: Crops) -> Unit | None:
        """The unit that takes whole images and writes the features of their parts; see looks.py.

        None where the parts have nothing in common, or nobody knows what.
        """


class Alone:
    """A block that has nothing to share with others.

    Args:
        block: It may have `extract_looks` and `of_parts`, see above.
    """

    def __init__(self, block: FittedBlock) -> None:
        self.block = block

    def extract(self, images: NDArray[np.uint8], looks: list[list[Array]], *, mirrored: bool = False) -> None:
        """See `Unit`."""
        if extract_looks := getattr(self.block, "extract_looks", None):
            extract_looks(images, looks[0], mirrored=mirrored)
            return
        self.block.extract(images, looks[0][0])
        if mirrored:
            self.block.extract(images[:, :, ::-1].copy(), looks[0][1])

    def of_parts(self, parts: Crops) -> Alone | None:
        """See `Unit`."""
        of_parts = getattr(self.block, "of_parts", None)
        block = of_parts(parts) if of_parts else None
        return Alone(block) if block else None


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
