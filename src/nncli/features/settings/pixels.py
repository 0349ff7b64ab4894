"""The block without settings: the pixels."""

from dataclasses import dataclass

from nncli.features.settings.block import Block, Shape


@dataclass(frozen=True)
class Pixels(Block):
    """The pixel values themselves."""

    def n_features(self, shape: Shape) -> int:
        """One for each value of the image."""
        return shape[0] * shape[1] * shape[2]
