"""Settings of learned patches."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

from dataclasses import dataclass
from typing import Annotated

from nncli.features.settings.block import MOST_ANSWERS, Block, Shape
from nncli.option import Integer, Number


@dataclass(frozen=True)
class Patches(Block):
    """How strongly learned patches answer, averaged over the cells of a grid."""

    size: Annotated[int, Integer(2, 32), "height and width of a patch in pixels"] = 6
    count: Annotated[int, Integer(1, 8192), "patches to learn"] = 128
    grid: Annotated[int, Integer(1, 16), "answers are averaged in grid * grid cells"] = 3
    stride: Annotated[int, Integer(1, 32), "pixels from one place of a patch to the next"] = 1
    contrast: Annotated[float, Number(0, 1), "what is added to a patch's variance: flat patches stay faint"] = 0.001
    threshold: Annotated[float, Number(0, 10), "answers below it count as none"] = 0.25

    def positions(self, shape: Shape) -> tuple[int, int]:
        """Places of a patch in an image, down and across."""
        return (shape[0] - self.size) // self.stride + 1, (shape[1] - self.size) // self.stride + 1

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """Two for each patch in each cell: the answers above the threshold, and those below minus the threshold."""
        return 2 * self.count * self.grid**2

    def flops(self, shape: Shape) -> int:
        """A product of all places with all patches, and another one for the average over the cells."""
        down, across = self.positions(shape)
        return 2 * down * across * self.count * (self.size**2 * shape[2] + 1 + 2 * self.grid**2)

    def misfit(self, shape: Shape) -> str | None:
        """A patch must fit into the image, and each cell needs a place of its own."""
        if min(shape[:2]) < self.size:
            return f"patches of size {self.size} do not fit into {shape[0]}x{shape[1]} images"
        down, across = self.positions(shape)
        if down * across * max(self.size**2 * shape[2] + 1, self.count, self.grid**2) > MOST_ANSWERS:
            return f"patches at {down * across:,} places of {shape[0]}x{shape[1]} images: a larger stride is needed"
        if min(self.positions(shape)) < self.grid:
            return f"a grid of {self.grid} needs more places for a patch than {shape[0]}x{shape[1]} images have"
        return None
