"""Weights of the first layer as images: each row of W[1] has one weight per value of the image.

    z_i = sum_j W[1]_ij x_j + b_i        W[1]_i, (n_0,)  ->  (height, width, channels)

Where the network does not see pixels but the answers of learned patches, these patches are what it looks for.

On grayscale images, red weights speak for a unit and blue ones against it. On color images a weight is as bright as it
is large, in the channel it belongs to, and gray is zero. Each tile is scaled by its own largest weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.errors import ModelFileError

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from nncli.model.file import Model

MOST_TILES = 64

NEGATIVE, ZERO, POSITIVE = np.array([(33, 102, 172), (247, 247, 247), (178, 24, 43)], np.float64)
"""The ends and the middle of a diverging scale, distinguishable for color-blind eyes."""


def weight_tiles(model: Model, most: int = MOST_TILES) -> NDArray[np.uint8]:
    """First-layer weights or learned patches as color images, the largest norm first.

    Args:
        model: Whose first layer sees pixels or learned patches.
        most: How many tiles at most.

    Returns:
        (n, height, width, 3).

    Raises:
        ModelFileError: The first layer sees something else.
    """
    rows = patterns(model)
    strongest = np.argsort(-np.linalg.norm(rows.reshape(len(rows), -1), axis=1), kind="stable")[:most]
    return np.stack([colored(rows[i]) for i in strongest])


def patterns(model: Model) -> NDArray[Any]:
    """Learned patches, or else what the first layer's units weigh, as images, (n, height, width, channels).

    Raises:
        ModelFileError: The first layer sees neither patches nor pixels.
    """
    form, W = model.image_format, model.parameters.W[1]
    for settings, block in zip(model.column.features, model.column.blocks, strict=True):
        if settings.kind == "patches":
            matrix: NDArray[Any] = block.arrays()["matrix"][:-1].T  # the last row is an offset
            size = settings.to_dict()["size"]
            return matrix.astype(np.float64).reshape(-1, size, size, form.channels)
    if not model.preprocessing.is_pixels:
        raise ModelFileError(f"the first layer sees {W.shape[1]} features, not pixels: its weights are no pictures")
    return W.astype(np.float64).reshape(-1, form.height, form.width, form.channels)


def colored(weights: NDArray[Any], largest: float = 0.0) -> NDArray[np.uint8]:
    """One row, (height, width, channels), as an image, (height, width, 3); by default its own `largest` is full."""
    signed = weights / (largest or np.abs(weights).max() or 1)  # -1..1
    if signed.shape[2] == 3:
        return np.rint(127.5 * (1 + signed)).astype(np.uint8)
    ends = np.where(signed < 0, NEGATIVE, POSITIVE)
    mixed: NDArray[np.float64] = ZERO + np.abs(signed) * (ends - ZERO)
    return np.rint(mixed).astype(np.uint8)
