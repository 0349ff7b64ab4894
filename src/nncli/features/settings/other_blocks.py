"""The blocks in which little or nothing is learned: pixels, edges, colors, principal components."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the limits of each setting.

from dataclasses import dataclass
from typing import Annotated

from nncli.features.settings.block import Block, Range, Shape


@dataclass(frozen=True)
class Pixels(Block):
    """The pixel values themselves."""

    kind = "pixels"

    def n_features(self, shape: Shape) -> int:
        """One for each value of the image."""
        return shape[0] * shape[1] * shape[2]


@dataclass(frozen=True)
class Hog(Block):
    """Histograms of oriented gradients."""

    kind = "hog"

    cell: Annotated[int, Range(2, 64), "height and width of a cell in pixels"] = 8
    bins: Annotated[int, Range(2, 36), "directions told apart, over half a turn"] = 9

    def n_features(self, shape: Shape) -> int:
        """The four histograms of each block of 2 * 2 cells."""
        return (shape[0] // self.cell - 1) * (shape[1] // self.cell - 1) * 4 * self.bins

    def misfit(self, shape: Shape) -> str | None:
        """There must be a block of 2 * 2 cells."""
        if min(shape[:2]) < 2 * self.cell:
            return f"hog cells of {self.cell} pixels need images of at least {2 * self.cell}x{2 * self.cell}"
        return None


@dataclass(frozen=True)
class ColorHistogram(Block):
    """How much of each color there is in each cell of a grid."""

    kind = "color_histogram"

    bins: Annotated[int, Range(2, 16), "levels of each of red, green and blue that are told apart"] = 6
    grid: Annotated[int, Range(1, 16), "one histogram for each of grid * grid cells"] = 1

    def n_features(self, shape: Shape) -> int:
        """One for each combination of levels in each cell."""
        return int(self.bins ** shape[2]) * self.grid**2

    def misfit(self, shape: Shape) -> str | None:
        """Every cell needs a pixel."""
        if min(shape[:2]) < self.grid:
            return f"a grid of {self.grid} is finer than {shape[0]}x{shape[1]} images"
        return None


@dataclass(frozen=True)
class Pca(Block):
    """The image's coordinates along the directions in which the training images differ most."""

    kind = "pca"

    components: Annotated[int, Range(1, 4096), "directions"] = 64

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """One for each direction."""
        return self.components

    def misfit(self, shape: Shape) -> str | None:
        """There are no more directions than values."""
        if self.components > shape[0] * shape[1] * shape[2]:
            return f"{self.components} components are more than the {shape[0] * shape[1] * shape[2]} values of an image"
        return None
