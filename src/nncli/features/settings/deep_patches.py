"""Settings of patterns of learned patches."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

import math
from dataclasses import dataclass
from typing import Annotated

from nncli.features.settings.block import MOST_ANSWERS, Block, Shape
from nncli.option import Integer, Number

LONGEST_WINDOW = 1 << 13
"""Values of a window whose principal directions are learned: their covariance takes 512 MB."""


@dataclass(frozen=True)
class DeepPatches(Block):
    """How strongly learned patterns of learned patches answer, averaged over the cells of a grid."""

    size: Annotated[int, Integer(2, 32), "height and width of a patch in pixels"] = 6
    count: Annotated[int, Integer(1, 1024), "patches to learn"] = 64
    stride: Annotated[int, Integer(1, 32), "pixels from one place of a patch to the next"] = 1
    pool: Annotated[int, Integer(1, 32), "answers are averaged over pool * pool places, half of which overlap"] = 4
    deep_size: Annotated[int, Integer(1, 16), "height and width of a pattern of patches, in such squares"] = 3
    deep_count: Annotated[int, Integer(1, 8192), "patterns to learn"] = 256
    grid: Annotated[int, Integer(1, 16), "answers are averaged in grid * grid cells"] = 3
    contrast: Annotated[float, Number(0, 1), "what is added to a patch's variance: flat patches stay faint"] = 0.001
    threshold: Annotated[float, Number(0, 10), "answers of patches below it count as none"] = 0.25
    deep_threshold: Annotated[float, Number(0, 10), "answers of patterns below it count as none"] = 0.5

    @property
    def map_step(self) -> int:
        """Pixels from one square of the map to the next."""
        return self.stride * max(self.pool // 2, 1)

    def map_shape(self, shape: Shape) -> tuple[int, int]:
        """Squares that the answers of an image are averaged over, down and across."""
        step = max(self.pool // 2, 1)
        down, across = (((side - self.size) // self.stride + 1 - self.pool) // step + 1 for side in shape[:2])
        return down, across

    def deep_positions(self, shape: Shape) -> tuple[int, int]:
        """Places of a pattern of patches, down and across."""
        down, across = self.map_shape(shape)
        return down - self.deep_size + 1, across - self.deep_size + 1

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """Two for each pattern in each cell, as for patches."""
        return 2 * self.deep_count * self.grid**2

    def flops(self, shape: Shape) -> int:
        """Two products: places with patches, and places of the map with patterns."""
        places = math.prod((side - self.size) // self.stride + 1 for side in shape[:2])
        first = 2 * places * self.count * (self.size**2 * shape[2] + 1)
        n_in = self.deep_size**2 * 2 * self.count + 1
        return first + 2 * math.prod(self.deep_positions(shape)) * self.deep_count * (n_in + 2 * self.grid**2)

    def misfit(self, shape: Shape) -> str | None:
        """A patch must fit into the image, a pattern into the map, and each cell needs a place of its own."""
        if min(shape[:2]) < self.size:
            return f"patches of size {self.size} do not fit into {shape[0]}x{shape[1]} images"
        if min(self.deep_positions(shape)) < self.grid:
            return f"patterns of {self.deep_size} squares and a grid of {self.grid} need larger images, or less pooling"
        n_in = self.deep_size**2 * 2 * self.count + 1
        if n_in - 1 > LONGEST_WINDOW:
            return (
                f"patterns of {n_in - 1:,} values, more than {LONGEST_WINDOW:,}: a smaller deep_size or count is needed"
            )
        places = math.prod((side - self.size) // self.stride + 1 for side in shape[:2])
        most = max(
            places * max(self.size**2 * shape[2] + 1, 2 * self.count),
            math.prod(self.deep_positions(shape)) * max(n_in, self.deep_count, self.grid**2),
        )
        if most > MOST_ANSWERS:
            return f"patches at {places:,} places of {shape[0]}x{shape[1]} images: a larger stride or pool is needed"
        return None
