"""Settings of the products of pairs of answers."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

import math
from dataclasses import dataclass
from typing import Annotated

from nncli.features.settings.block import Block, Shape
from nncli.features.settings.deep_patches import DeepPatches
from nncli.option import Integer, Number


@dataclass(frozen=True)
class SecondOrder(Block):
    """Which coordinates of windows of learned patches are large together, averaged over the image."""

    size: Annotated[int, Integer(2, 32), "height and width of a patch in pixels"] = 6
    count: Annotated[int, Integer(1, 1024), "patches to learn"] = 64
    stride: Annotated[int, Integer(1, 32), "pixels from one place of a patch to the next"] = 1
    pool: Annotated[int, Integer(1, 32), "answers are averaged over pool * pool places, half of which overlap"] = 4
    deep_size: Annotated[int, Integer(1, 16), "height and width of a window, in such squares"] = 3
    directions: Annotated[int, Integer(1, 512), "principal directions of windows, multiplied in pairs"] = 150
    contrast: Annotated[float, Number(0, 1), "what is added to a patch's variance: flat patches stay faint"] = 0.001
    threshold: Annotated[float, Number(0, 10), "answers of patches below it count as none"] = 0.25

    @property
    def windows(self) -> DeepPatches:
        """Patterns that are these directions: how windows are cut, and compared with them."""
        return DeepPatches(
            size=self.size,
            count=self.count,
            stride=self.stride,
            pool=self.pool,
            deep_size=self.deep_size,
            deep_count=self.directions,
            grid=1,
            contrast=self.contrast,
            threshold=self.threshold,
        )

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """One for each pair of directions, a direction with itself included."""
        return self.directions * (self.directions + 1) // 2

    def flops(self, shape: Shape) -> int:
        """The answers of as many patterns, and the products of all pairs at each place of a window."""
        return self.windows.flops(shape) + 2 * math.prod(self.windows.deep_positions(shape)) * self.directions**2

    def misfit(self, shape: Shape) -> str | None:
        """Windows must fit as those of patterns do, and have at least as many values as there are directions."""
        n_values = 2 * self.count * self.deep_size**2
        if self.directions > n_values:
            return f"{self.directions} directions are more than the {n_values} values of a window"
        return self.windows.misfit(shape)
