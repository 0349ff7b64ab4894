"""Moving pixels: any mix of affine map, mirror and elastic deformation as one bilinear resampling.

Every pixel of the new image asks where in the old image it comes from. These source coordinates, one field S for y and
one for x, are a product of three small matrices:

    S = B_y C B_x^T        (height, width) = (height, k) (k, k) (k, width)

The columns of B_y are functions of the row, those of B_x functions of the column: the constant 1, the distance from the
center, and for elastic deformation a row of bumps. So C[0, 0] is a shift, C[1, 0] and C[0, 1] are the affine map, and
the rest, drawn at random, makes a smooth random field: white noise on a coarse grid, under a Gaussian. Simard et al.
2003 ("Best practices for convolutional neural networks applied to visual document analysis", section 2) smooth noise on
the grid of pixels with such a Gaussian; what smoothing leaves is the same kind of field, and here it costs less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_BUMPS = 7
"""Bumps along a side. Their width, a sixth of the side, is 4.7 of 28 pixels; Simard's was 4 of 29."""

UNIT = 256
"""Coordinates are integers in 1/256 of a pixel: the fraction is a byte, as a pixel is."""

LANES = np.uint32(0x00FF00FF)
"""Every second byte: two pixels with room to multiply each by up to 256."""


def basis(n: int, *, elastic: bool) -> NDArray[np.float32]:
    """The columns of B for a side of n pixels, (n, k): 1, distance from the center in pixels, and the bumps, if any."""
    x = np.arange(n) - (n - 1) / 2
    columns = [np.ones(n), x]
    if elastic:
        centers = np.linspace(-n / 2, n / 2, N_BUMPS)
        bumps = [np.exp(-(((x - center) / (n / (N_BUMPS - 1))) ** 2) / 2) for center in centers]
        # Of unit length for every pixel, so that noise of variance 1 gives a field of variance 1 everywhere.
        columns += list(bumps / np.linalg.norm(bumps, axis=0))
    return np.stack(columns, axis=1).astype(np.float32)


def source_coordinates(
    coefficients: NDArray[np.float32], rows_basis: NDArray[np.float32], columns_basis: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Where the pixels come from, y and x, in pixels from the center.

    Args:
        coefficients: C for y and x of each image, (m, 2, k, k).
        rows_basis: B_y, (height, k).
        columns_basis: B_x, (width, k).

    Returns:
        (m, 2, height, width).
    """
    return rows_basis @ (coefficients @ columns_basis.T)


def warp(images: NDArray[np.uint8], coordinates: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Resample images bilinearly; beyond the border, its pixels go on.

    The four neighbors of a pixel are packed into one integer first, so that one look-up instead of four finds them, and
    the interpolation goes on two pixels at once, in the two halves of that integer.

    Args:
        images: (m, height, width, channels).
        coordinates: (m, 2, height, width), from the center; overwritten.

    Returns:
        New images, in the shape of `images`.
    """
    m, height, width, channels = images.shape
    y, fraction_y = _fixed_point(coordinates[:, 0], height)
    x, fraction_x = _fixed_point(coordinates[:, 1], width)
    y *= width
    y += x
    y += np.arange(0, m * height * width, height * width, dtype=np.int32)[:, None, None]
    positions = y.astype(np.intp)
    rest_y, rest_x = UNIT - fraction_y, UNIT - fraction_x
    out = np.empty_like(images)
    for channel in range(channels):
        left = _neighborhoods(images[..., channel]).take(positions, mode="clip")  # "clip" saves checks; all are valid
        right = left >> 8
        left &= LANES
        right &= LANES
        left *= rest_x
        right *= fraction_x
        left += right  # two sums of up to 255 * 256: the upper pixels' below, the lower pixels' above
        lower = left >> 16
        left &= np.uint32(0xFFFF)
        left *= rest_y
        lower *= fraction_y
        left += lower
        left += np.uint32(UNIT * UNIT // 2)
        left >>= 16
        out[..., channel] = left
    return out


def _fixed_point(coordinate: NDArray[np.float32], n: int) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Index of the pixel before `coordinate` on a side of n pixels, and 1/256 of pixels beyond it."""
    coordinate *= UNIT
    coordinate += np.float32((n - 1) / 2 * UNIT + 0.5)  # the conversion cuts off: half a unit more makes it round
    fixed = np.clip(coordinate, 0, (n - 1) * UNIT, out=coordinate).astype(np.int32)
    fraction = (fixed & (UNIT - 1)).view(np.uint32)
    fixed >>= 8
    return fixed, fraction


def _neighborhoods(channel: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """For each pixel of (m, height, width) four bytes in one integer: the pixel, right of it, below it, below right.

    Where there is none it is some other pixel, or 0: a coordinate within the image gives it no weight.
    """
    width, pixels = channel.shape[2], channel.ravel()
    quads = np.zeros((len(pixels), 4), np.uint8)
    quads[:, 0] = pixels
    quads[:-1, 1] = pixels[1:]
    quads[:-width, 2] = pixels[width:]
    quads[: -width - 1, 3] = pixels[width + 1 :]
    return quads.view("<u4").ravel()
