"""Settings of histograms of colors."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

from dataclasses import dataclass
from typing import Annotated

from nncli.features.settings.block import Block, Shape
from nncli.option import Integer


@dataclass(frozen=True)
class ColorHistogram(Block):
    """How much of each color there is in each cell of a grid."""

    bins: Annotated[int, Integer(2, 16), "levels of each of red, green and blue that are told apart"] = 6
    grid: Annotated[int, Integer(1, 16), "one histogram for each of grid * grid cells"] = 1

    def n_features(self, shape: Shape) -> int:
        """One for each combination of levels in each cell."""
        return int(self.bins ** shape[2]) * self.grid**2

    def misfit(self, shape: Shape) -> str | None:
        """Every cell needs a pixel."""
        if min(shape[:2]) < self.grid:
            return f"a grid of {self.grid} is finer than {shape[0]}x{shape[1]} images"
        return None
