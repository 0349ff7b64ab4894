"""The idx format of MNIST and its relatives (yann.lecun.com/exdb/mnist, "the IDX file format").

0 0 type n        magic number: type of the values, number of dimensions
d_1 ... d_n       sizes, 32 bits each, most significant byte first
values            in row-major order
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Type byte -> NumPy's name."""


def is_idx(data: bytes) -> bool:
    """Whether a file begins as an idx file does."""
    return len(data) >= 8 and data[:2] == b"\0\0" and data[2] in TYPES and 1 <= data[3] <= 4


def parse_idx(data: bytes, name: str, notes: list[str]) -> NDArray[Any]:
    """The array of an idx file.

    Args:
        data: What the file holds.
        name: Of the file, for messages.
        notes: Told if the size of the file had to decide.

    Raises:
        DataError: It is no idx file, or declares another size than it has.
    """
    shown = printable(name)
    if not is_idx(data):
        raise DataError(f"{shown}: not an idx file: it does not begin with 0, 0, a type and the number of dimensions")
    n_dimensions, dtype = data[3], np.dtype(TYPES[data[2]])
    start = 4 + 4 * n_dimensions
    if len(data) < start:
        raise DataError(f"{shown}: ends within its header")
    shape = list(struct.unpack(f">{n_dimensions}I", data[4:start]))
    held, each = len(data) - start, math.prod(shape[1:]) * dtype.itemsize
    if shape[0] * each != held:
        if each == 0 or shape[0] != held or held % each:  # datumaro writes the number of bytes in place of the count
            raise DataError(f"{shown}: declares {' x '.join(map(str, shape))} values and holds {held:,} bytes of them")
        shape[0] = held // each
        notes.append(f"{shown}: its header counts bytes; read as {counted(shape[0], 'image')}")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)
