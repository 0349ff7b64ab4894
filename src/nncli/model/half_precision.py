"""Large matrices of a model in half precision: two bytes a number instead of four.

    float32    1 sign, 8 bits of exponent, 23 of fraction: seven decimal digits, up to 3e38
    float16    1 sign, 5 bits of exponent, 10 of fraction: three decimal digits, up to 65,504

A number is off by up to 1 part in 2,048, and one below 0.00006 by up to 0.00000003. A product adds up hundreds of such
errors, up and down alike, so that its own is about as small as that of one. Nothing is computed in half precision:
numbers are rounded once, before or right after training, and are float32 in memory that a file can hold in two bytes.

Source: IEEE 754-2008, binary16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGE = 1 << 16
"""Numbers of an array from which it is worth it."""


def rounded(array: NDArray[Any]) -> NDArray[Any]:
    """A large array of float32 with numbers that half precision holds; others, and too large numbers, as they are."""
    half = _half(array)
    return array if half is None or not np.isfinite(half).all() else half.astype(np.float32)


def shortened(array: NDArray[Any]) -> NDArray[Any]:
    """A large array of float32 in half precision, if that changes none of its numbers; others as they are."""
    half = _half(array)
    return array if half is None or not np.array_equal(half, array) else half


def _half(array: NDArray[Any]) -> NDArray[np.float16] | None:
    """A large array of float32 as float16, too large numbers as infinity; None for others."""
    if array.dtype != np.float32 or array.size < LARGE:
        return None
    with np.errstate(over="ignore"):
        return array.astype(np.float16)
