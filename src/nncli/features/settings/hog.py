"""Settings of histograms of oriented gradients."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

from dataclasses import dataclass
from typing import Annotated

from nncli.features.settings.block import Block, Shape
from nncli.option import Integer


@dataclass(frozen=True)
class Hog(Block):
    """Histograms of oriented gradients."""

    cell: Annotated[int, Integer(2, 64), "height and width of a cell in pixels"] = 8
    bins: Annotated[int, Integer(2, 36), "directions told apart, over half a turn"] = 9

    def n_features(self, shape: Shape) -> int:
        """The four histograms of each block of 2 * 2 cells."""
        return (shape[0] // self.cell - 1) * (shape[1] // self.cell - 1) * 4 * self.bins

    def misfit(self, shape: Shape) -> str | None:
        """There must be a block of 2 * 2 cells."""
        if min(shape[:2]) < 2 * self.cell:
            return f"hog cells of {self.cell} pixels need images of at least {2 * self.cell}x{2 * self.cell}"
        return None
