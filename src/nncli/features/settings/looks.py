"""Looks at an image: as it is, or also at parts of it or moved a little, one after the other. No NumPy here."""

from nncli.features.settings.block import Shape

SHARE = 0.8
"""Height and width of a part, as a share of the image's."""

N_PARTS = 5
"""Parts of an image: its middle and its corners."""

SHIFT = 1 / 16
"""Height and width that an image is moved by, as a share of the image's, rounded down to pixels, at least one."""

N_SHIFTS = 4
"""Ways that it is moved: down, to the right, to the left, up."""


def are_parts(looks: str) -> bool:
    """Whether blocks see the whole made smaller, and parts of it."""
    return looks in {"parts", "parts_in_training"}


def seen_shape(shape: Shape, looks: str) -> Shape:
    """Height, width and channels of what the blocks see at a time.

    Args:
        shape: Of the image.
        looks: ``whole``, ``parts``, ``parts_in_training``, ``shifts`` or ``shifts_in_training``.
    """
    if not are_parts(looks):
        return shape
    return max(1, round(SHARE * shape[0])), max(1, round(SHARE * shape[1])), shape[2]


def n_looks(looks: str) -> int:
    """How often training looks at an image, mirror images not counted."""
    if looks == "whole":
        return 1
    return 1 + (N_PARTS if are_parts(looks) else N_SHIFTS)


def n_votes(looks: str, *, mirrored: bool = False) -> int:
    """How many looks at an image vote in prediction.

    Args:
        looks: As above.
        mirrored: Whether each has a vote for its mirror image, too.
    """
    return (n_looks(looks) if looks in {"parts", "shifts"} else 1) * (2 if mirrored else 1)
