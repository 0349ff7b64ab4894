"""Looks at an image: as a whole, or also at parts of it, one after the other. No NumPy here."""

from nncli.features.settings.block import Shape

SHARE = 0.8
"""Height and width of a part, as a share of the image's."""

N_PARTS = 5
"""Parts of an image: its middle and its corners."""


def seen_shape(shape: Shape, looks: str) -> Shape:
    """Height, width and channels of what the blocks see at a time.

    Args:
        shape: Of the image.
        looks: ``whole``, ``parts`` or ``parts_in_training``.
    """
    if looks == "whole":
        return shape
    return max(1, round(SHARE * shape[0])), max(1, round(SHARE * shape[1])), shape[2]


def n_looks(looks: str) -> int:
    """How often training looks at an image, mirror images not counted."""
    return 1 if looks == "whole" else 1 + N_PARTS


def n_votes(looks: str) -> int:
    """How many looks at an image vote in prediction, mirror images not counted."""
    return 1 + N_PARTS if looks == "parts" else 1
