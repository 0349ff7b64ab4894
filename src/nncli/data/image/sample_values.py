"""From sample values of any depth to the 256 levels of 8 bits.

    level = round(255 (v - low) / (high - low))

`low` and `high` are 0 and the largest value of the format (full scale), or a range chosen for a whole data set. Full
scale is never guessed from the picture: two files with the same values give the same levels. A value outside full scale
is an error; a value outside a chosen range becomes black or white.

    unsigned, up to 16 bits    0 .. 2^bits - 1
    signed, or 32 bits         0 .. 65535; refused where nothing exceeds 255, for then the scale is another one
    floats                     0 .. 1
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_16 = 65535
"""Full scale of 16 bits, and of integers whose depth says nothing."""

_LEVELS = 255


class ValueRangeError(ValueError):
    """Values that fit no known scale; the text says which were found."""


class Scale:
    """Maps sample values to levels, block by block, and watches what they are.

    Args:
        largest: Full scale.
        chosen: A (low, high) to use in place of full scale, or None.
        is_ambiguous: Whether values up to 255 alone would speak for another scale.
    """

    def __init__(
        self, largest: float, chosen: tuple[float, float] | None = None, *, is_ambiguous: bool = False
    ) -> None:
        self._largest = largest
        self._chosen = chosen
        self._is_ambiguous = is_ambiguous
        self._found = (np.inf, -np.inf)

    def levels(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """The levels of `values`, of the same shape.

        Raises:
            ValueRangeError: No range was chosen and a value is outside full scale, or is not a number.
        """
        if values.dtype == np.uint8 and self._largest == _LEVELS and self._chosen is None:
            return np.asarray(values, np.uint8)
        low, high = self._chosen or (0, self._largest)
        if self._chosen is None:
            smallest, largest = values.min(), values.max()
            if not (smallest >= 0 and largest <= self._largest):  # written so that NaN fails too
                raise ValueRangeError(
                    f"pixel values from {smallest} to {largest} instead of 0 to {self._largest}; "
                    "save it with 8 or 16 bits"
                )
            self._found = min(self._found[0], float(smallest)), max(self._found[1], float(largest))
            levels = np.multiply(values, _LEVELS / high, dtype=np.float32)
        else:
            levels = np.subtract(values, low, dtype=np.float32)
            levels *= _LEVELS / (high - low)
            np.nan_to_num(levels, copy=False)
            np.clip(levels, 0, _LEVELS, out=levels)
        rounded: NDArray[np.uint8] = np.rint(levels, out=levels).astype(np.uint8)
        return rounded

    def check(self) -> None:
        """Look, after the last block, whether full scale was the right one.

        Raises:
            ValueRangeError: All values are those of 8 bits in samples that could hold more.
        """
        if self._is_ambiguous and self._chosen is None and 0 < self._found[1] <= _LEVELS:
            raise ValueRangeError(
                f"pixel values from {self._found[0]:g} to {self._found[1]:g} in samples of 16 or 32 bits, "
                "which would be black; save it with 8 bits"
            )
