"""Archives of named arrays (.npz): written whole or not at all, read as a stranger's file.

Writing goes to a temporary file in the same folder, which is flushed to the disk and then renamed over the old one: whatever
happens in between, a reader finds the old file or the new one, never half of one.

Reading takes nothing on trust: every size that the file declares is checked against its real size before any memory is
allocated, checksums are verified, and only plain numbers are accepted; no code in a file is ever run.
"""

from __future__ import annotations

import contextlib
import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy_format

from nncli.errors import ModelFileError, NncliError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PLAIN_KINDS = "fiu"
"""Kinds of numbers an archive may hold: floating, signed, unsigned."""

MAX_ARRAYS = 10_000


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write `arrays` to `path`, atomically and durably; equal arrays give equal bytes.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise NncliError(f"{printable(str(path))}: cannot be written: {reason}; an older file there is unchanged") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of the archive at `path`.

    Raises:
        ModelFileError: Missing, not a regular file, damaged, or holding anything but plain arrays of numbers.
    """
    shown = printable(str(path))
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ModelFileError(f"{shown}: cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(mode):  # a named pipe would wait for ever
        raise ModelFileError(f"{shown}: is not a regular file")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive.infolist())
            return {info.filename.removesuffix(".npy"): _read_array(archive, info) for info in archive.infolist()}
    except Exception as error:  # zipfile and NumPy leak a dozen kinds for damaged files: all of them mean the same here
        raise ModelFileError(f"{shown}: is damaged or not written by nncli ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    text = str(error).splitlines()
    return printable(text[0])[:120] if text and text[0] else type(error).__name__


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in members]
    if not names or len(names) > MAX_ARRAYS:
        raise ValueError(f"{len(names)} arrays")
    if len(set(names)) != len(names):
        raise ValueError("an array occurs twice")
    for info in members:
        if not info.filename.endswith(".npy"):
            raise ValueError(f"{info.filename} is not an array")
        # Stored, not compressed: what an array declares cannot be more than what is there.
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ValueError(f"{info.filename} is compressed")


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; its header is checked against the member's size before memory is allocated."""
    with archive.open(info) as member:
        version = npy_format.read_magic(member)
        read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, fortran_order, dtype = read_header(member)
        if dtype.kind not in PLAIN_KINDS or fortran_order or min(shape, default=0) < 0:
            raise ValueError(f"{info.filename} is not a plain array of numbers")
        size = dtype.itemsize
        for n in shape:
            size *= n
        if member.tell() + size != info.file_size:
            raise ValueError(f"{info.filename} declares {size} bytes and has {info.file_size - member.tell()}")
        data = bytearray(size)
        if member.readinto(data) != size or member.read(1):  # reading to the end verifies the checksum
            raise ValueError(f"{info.filename} is cut short")
    return np.frombuffer(data, dtype).reshape(shape)
