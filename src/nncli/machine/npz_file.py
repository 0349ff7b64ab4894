"""Archives of named arrays (.npz): written whole or not at all, read as a stranger's file.

Reading takes nothing on trust: every size that the file declares is checked against its real size before any memory is
allocated, checksums are verified, and only plain numbers are accepted; no code in a file is ever run.

Text travels as JSON in an array of bytes.
"""

from __future__ import annotations

import ast
import io
import json
import math
import os
import stat
import struct
import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy_format

from nncli.errors import ModelFileError
from nncli.machine.atomic_file import open_bytes_atomically
from nncli.machine.threads import NO_WARNINGS
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

PLAIN_KINDS = "fiu"
"""Kinds of numbers an archive may hold: floating, signed, unsigned."""

MAX_TABLE = 1 << 20
"""Longest table of contents in bytes, some ten thousand arrays: zipfile makes an object of every entry, true or not."""

END = struct.Struct("<4s16x4s6xHL6x")
"""The end of a zip file: the locator of a second end record, if any, and the end record (APPNOTE 6.3, 4.3.15-16)."""


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]], when_written: Callable[[], None] = lambda: None) -> None:
    """Write `arrays` to `path`, atomically and durably; equal arrays give equal bytes.

    Args:
        path: The file.
        arrays: By name.
        when_written: Called when everything is on the disk, before the rename.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is still there, whole.
    """
    with open_bytes_atomically(path, when_written) as file:
        _write_archive(file, arrays)


def _write_archive(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """As `numpy.savez` does it, which NumPy before 2.2 cannot be told to do without pickle."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980: no clock in the file
            with archive.open(entry, "w", force_zip64=True) as member:
                npy_format.write_array(member, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of the archive at `path`.

    Raises:
        ModelFileError: Missing, not a regular file, damaged, or holding anything but plain arrays of numbers.
    """
    shown = printable(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a named pipe would wait for ever
            raise ModelFileError(f"{shown}: is not a regular file")
        file = path.open("rb")
    except OSError as error:
        raise ModelFileError(f"{shown}: cannot be read: {error.strerror or error}") from error
    try:
        with file, NO_WARNINGS:
            n_arrays = _read_end(file, status.st_size)
            with zipfile.ZipFile(file) as archive:
                _check_members(archive.infolist(), n_arrays, status.st_size)
                return {info.filename.removesuffix(".npy"): _read_array(archive, info) for info in archive.infolist()}
    except Exception as error:  # zipfile and NumPy leak a dozen kinds for damaged files: all of them mean the same here
        raise ModelFileError(f"{shown}: is damaged or not written by nncli ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    text = str(error).splitlines()
    return printable(text[0])[:120] if text and text[0] else type(error).__name__


def _read_end(file: IO[bytes], file_size: int) -> int:
    """Read the end record, as zipfile is about to do; check the table's size, which zipfile does not, and count."""
    file.seek(-min(END.size, file_size), os.SEEK_END)
    locator, signature, n_entries, table_size = END.unpack(file.read().ljust(END.size))
    if signature != b"PK\5\6":
        raise ValueError("it does not end as an archive does")
    has_second_record = locator == b"PK\6\7" and file_size < zipfile.ZIP64_LIMIT  # which would count instead
    if table_size > MAX_TABLE or has_second_record:
        raise ValueError("too many arrays")
    return int(n_entries)


def _check_members(members: list[zipfile.ZipInfo], n_arrays: int, file_size: int) -> None:
    names = [info.filename for info in members]
    if not names or len(names) != n_arrays:
        raise ValueError(f"{len(names)} arrays, {n_arrays} expected")
    if len(set(names)) != len(names):
        raise ValueError("an array occurs twice")
    for info in members:
        if not info.filename.endswith(".npy") or "/" in info.filename:
            raise ValueError(f"{info.filename} is not an array")
        # Stored, not compressed: what an array declares cannot be more than what is there.
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ValueError(f"{info.filename} is compressed")
    if sum(info.file_size for info in members) > file_size:
        raise ValueError("its arrays are larger than the file")


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; its header is checked against the member's size before memory is allocated."""
    with archive.open(info) as member:
        if npy_format.read_magic(member) != (1, 0):
            raise ValueError(f"{info.filename} has another version of the format")
        length = member.read(2)
        header = member.read(int.from_bytes(length, "little"))
        shape, fortran_order, dtype = npy_format.read_array_header_1_0(io.BytesIO(length + header))
        ast.literal_eval(header.decode("latin1"))  # fails where NumPy only warns: a header of Python 2
        if dtype.kind not in PLAIN_KINDS or fortran_order or min(shape, default=0) < 0:
            raise ValueError(f"{info.filename} is not a plain array of numbers")
        size = math.prod(shape) * dtype.itemsize
        if member.tell() + size != info.file_size:
            raise ValueError(f"{info.filename} declares {size} bytes and has {info.file_size - member.tell()}")
        # To the end, where the checksum is verified.
        return np.frombuffer(member.read(size), dtype).reshape(shape)


def text_array(values: dict[str, Any]) -> NDArray[np.uint8]:
    """`values` as UTF-8 JSON in an array of bytes, (n,)."""
    return np.frombuffer(json.dumps(values, allow_nan=False).encode(), np.uint8)


def parse_text_array(array: NDArray[Any]) -> dict[str, Any]:
    """Inverse of `text_array`.

    Raises:
        ValueError, RecursionError: The array holds no such text.
    """
    if array.dtype != np.uint8 or array.ndim != 1:
        raise ValueError("metadata is not text")
    values = json.loads(array.tobytes().decode())
    if not isinstance(values, dict):
        raise ValueError("metadata is not a mapping")
    return values
