"""Matlab's .mat files: SVHN and STL-10; version 7.3, which is HDF5, as hdf5.py reads it.

    128 bytes          text, version 0x0100, "IM" for little-endian and "MI" for big-endian numbers
    elements           type and number of bytes, 32 bits each; the bytes; filled up to a multiple of 8

An element of type 15 is zlib's, and holds another one. One of type 14 is an array, whose own elements are flags, sizes,
name and values, column by column. Four bytes or fewer stand in the second half of the tag, whose first half has both
type and number. Read are arrays of plain numbers, and of characters as the text in each row; others are passed over.

A stranger's file is read with nothing but slices here: a library in C has been seen to end with the process.

Source: MathWorks, "MAT-File Format", version 5.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.arrays.npz import MOST_ARRAYS
from nncli.data.arrays.raw import checked_size, limit_of, read_file
from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_HDF5 = b"MATLAB 7.3 MAT-file"
_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_TYPES = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
    16: "u1",
    17: "u2",
}
"""Type of an element -> NumPy's name without the order of bytes; the last two are text in UTF-8 and UTF-16."""

_CHARACTERS, _NUMBERS = 4, range(6, 16)
"""Classes of arrays that are read, by the first byte of their flags; others are cells, structures, sparse, objects."""

_COMPLEX = 0x0800
"""The flag of an array with imaginary parts."""


def read_mat(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of plain numbers or text in a .mat file, by name.

    Raises:
        UsageError: It is of version 7.3, and h5py is not installed.
        DataError: The file cannot be read, or unpacks to more than a file of its size should.
    """
    shown, size = printable(str(path)), checked_size(path)
    with path.open("rb") as file:
        if file.read(len(_HDF5)) == _HDF5:
            from nncli.data.arrays.hdf5 import read_h5

            return {name: array.T for name, array in read_h5(path).items()}  # Matlab stores the first axis last
    data = read_file(path)
    order = {b"IM": "<", b"MI": ">"}.get(data[_HEADER - 2 : _HEADER])
    if order is None:
        raise DataError(f"{shown}: not a .mat file of version 5 or later; save it with -v7")
    found: dict[str, NDArray[Any]] = {}
    try:
        for content in _matrices(memoryview(data)[_HEADER:], order, limit_of(size)):
            name, array = _array(content, order)
            if array is not None:
                found[name] = array
            if len(found) > MOST_ARRAYS:
                raise ValueError(f"more than {MOST_ARRAYS:,} arrays")
    except (ValueError, zlib.error, struct.error) as error:
        raise DataError(f"{shown}: damaged .mat file ({printable(str(error))[:80]})") from None
    return found


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes of each element.

    Raises:
        ValueError: One declares more bytes than there are.
    """
    at = 0
    while at + 8 <= len(data):
        kind, n = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # both in one word, and the bytes after it
            kind, n, start = kind & 0xFFFF, kind >> 16, at + 4
        end = start + n
        if end > len(data) or (start == at + 4 and n > 4):
            raise ValueError(f"an element declares {n:,} bytes, of which there are {len(data) - start:,}")
        yield kind, data[start:end]
        at = end if kind == _COMPRESSED else at + 8 if start == at + 4 else end + -end % 8


def _matrices(data: memoryview, order: str, limit: int) -> Iterator[memoryview]:
    """The bytes of each array, unpacked; at most `limit` of all together.

    Raises:
        ValueError: There are more.
    """
    for kind, content in _elements(data, order):
        if kind == _COMPRESSED:
            unpacked = zlib.decompressobj().decompress(content, limit + 1)
            limit -= len(unpacked)
            if limit < 0:
                raise ValueError("unpacks to too much for a file of its size")
            kind, content = next(_elements(memoryview(unpacked), order), (0, content))  # noqa: PLW2901
        if kind == _MATRIX:
            yield content


def _array(content: memoryview, order: str) -> tuple[str, NDArray[Any] | None]:
    """Name and values of an array; None for the values of one that is not plain.

    Raises:
        ValueError: It is damaged.
    """
    elements = _elements(content, order)
    (_, flags), (_, sizes), (_, name) = (next(elements, (0, memoryview(b""))) for _ in range(3))
    if len(flags) < 4 or len(sizes) % 4:
        raise ValueError("an array without flags or sizes")
    said = struct.unpack_from(f"{order}I", flags)[0]
    is_text, is_plain = said & 0xFF == _CHARACTERS, said & 0xFF in _NUMBERS and not said & _COMPLEX
    kind, values = next(elements, (0, memoryview(b"")))
    if not (is_text or is_plain) or kind not in _TYPES:
        return "", None
    shape = tuple(np.frombuffer(sizes, f"{order}i4").tolist())
    dtype = np.dtype(order + _TYPES[kind])
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(values):
        if is_text:
            return "", None  # characters of several bytes
        raise ValueError(f"{printable(bytes(name).decode('latin-1'))} declares another size than it has")
    array: NDArray[Any] = np.frombuffer(values, dtype).astype(dtype.newbyteorder("="), copy=False)
    array = array.reshape(shape, order="F")
    if is_text:
        array = np.array(["".join(map(chr, row)) for row in array.reshape(len(array), -1).tolist()])
    return bytes(name).decode("latin-1"), array
