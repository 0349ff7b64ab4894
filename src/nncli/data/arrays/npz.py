"""Arrays that NumPy has written (.npy, .npz), as a stranger's files: compressed or not, never pickled.

Every size that a header declares is checked before memory is allocated; an array of objects is a pickle, which could
run code, and is refused.
"""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy_format

from nncli.data.arrays.raw import MAX_BYTES, checked_size, limit_of
from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAIN_KINDS = "biufUS"
"""Kinds of values that are no objects: truth, whole numbers, floating, text."""

MOST_ARRAYS = 1000
_PIECE = 1 << 24


def read_npy(path: str | Path) -> NDArray[Any]:
    """The array of a .npy file.

    Raises:
        DataError: It cannot be read, is damaged, or holds objects.
    """
    shown = printable(str(path))
    size = checked_size(path)
    try:
        with Path(path).open("rb") as file:
            return _array(file, size, shown)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as error:
        raise _damaged(shown, error) from error


def read_npz(path: str | Path) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file, by name.

    Raises:
        DataError: It cannot be read, is damaged, holds objects, or more than a file of its size should.
    """
    shown = printable(str(path))
    checked_size(path)
    try:
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise DataError(f"{shown}: {len(members):,} arrays; {MOST_ARRAYS:,} are the most")
            arrays = {}
            for info in members:
                name = info.filename.removesuffix(".npy")
                if info.file_size > limit_of(info.compress_size):
                    raise DataError(
                        f"{shown}: {printable(name)} unpacks to {info.file_size:,} bytes; too much to be data"
                    )
                with archive.open(info) as member:
                    arrays[name] = _array(member, info.file_size, f"{shown}: {printable(name)}")
            return arrays
    except DataError:
        raise
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, RuntimeError, NotImplementedError) as error:
        raise _damaged(shown, error) from error
    except (zipfile.BadZipFile, zlib.error, KeyError, OverflowError) as error:
        raise _damaged(shown, error) from error


def _damaged(shown: str, error: Exception) -> DataError:
    return DataError(f"{shown}: damaged or not written by NumPy ({printable(str(error).partition(chr(10))[0])[:80]})")


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come first, and type, as the beginning of a .npy file says.

    Raises:
        ValueError: It is damaged.
    """
    version = npy_format.read_magic(file)
    readers = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"version {version} of the format")
    try:
        return readers[version](file)
    except (TokenError, RecursionError, MemoryError):  # it is read as Python's source: a dictionary
        raise ValueError("its header is none") from None


def _array(file: Any, size: int, shown: str) -> NDArray[Any]:
    """The array of an open .npy file of `size` bytes.

    Raises:
        DataError: It holds objects, or declares another size than it has.
        ValueError: It is damaged.
    """
    shape, is_fortran, dtype = _header(file)
    if dtype.kind not in PLAIN_KINDS:
        what = "Python objects, which are pickled and could run code" if dtype.hasobject else f"values of type {dtype}"
        raise DataError(f"{shown}: holds {what}; save it as an array of numbers")
    if min(shape, default=0) < 0:
        raise ValueError(f"shape {shape}")
    n_bytes = math.prod(shape) * dtype.itemsize
    held = size - file.tell()
    if n_bytes != held or n_bytes > MAX_BYTES:
        raise DataError(f"{shown}: declares {n_bytes:,} bytes of values and holds {held:,}")
    memory = np.empty(n_bytes, np.uint8)
    view, filled = memory.data, 0
    while filled < n_bytes:
        read = file.readinto(view[filled : filled + _PIECE])
        if not read:
            raise ValueError("it ends early")
        filled += read
    file.read(1)  # to the end, where a zip file's checksum is compared
    values = memory.view(dtype)
    return values.reshape(shape[::-1]).transpose() if is_fortran else values.reshape(shape)
