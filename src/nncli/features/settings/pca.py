"""Settings of principal components."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

from dataclasses import dataclass
from typing import Annotated

from nncli.features.settings.block import Block, Shape
from nncli.option import Integer


@dataclass(frozen=True)
class Pca(Block):
    """The image's coordinates along the directions in which the training images differ most."""

    components: Annotated[int, Integer(1, 4096), "directions"] = 64

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """One for each direction."""
        return self.components

    def misfit(self, shape: Shape) -> str | None:
        """There are no more directions than values."""
        if self.components > shape[0] * shape[1] * shape[2]:
            return (
                f"{self.components} components are more than the {shape[0] * shape[1] * shape[2]:,} values of an image"
            )
        return None
