"""The bytes of a stranger's file, plain or compressed, with a limit before anything is allocated.

A compressed file may declare anything. What it holds is read in pieces and counted; data that are more than a hundred
times as large as the file are taken for a bomb, for pictures compress a few times only.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import zlib
from pathlib import Path
from typing import IO, Any

from nncli.errors import DataError
from nncli.text import printable

MAX_BYTES = 1 << 33
"""Largest array, uncompressed."""

MAX_RATIO, FREE_BYTES = 100, 1 << 26
"""Largest expansion, and up to how many bytes nobody asks."""

_PIECE = 1 << 22
_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}


def checked_size(path: str | Path) -> int:
    """Size of a regular file.

    Raises:
        DataError: It is none, or cannot be read.
    """
    shown = printable(str(path))
    try:
        status = Path(path).stat()
    except OSError as error:
        raise DataError(f"{shown}: cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{shown}: not a regular file")
    return status.st_size


def limit_of(n_stored: int) -> int:
    """How many bytes may come out of `n_stored` compressed ones."""
    return min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * n_stored))


def read_file(path: str | Path) -> bytes:
    """The content of a file, uncompressed if it is gzip, bzip2 or xz.

    Raises:
        DataError: It cannot be read, is damaged, or holds more than `limit_of` allows.
    """
    shown = printable(str(path))
    size = checked_size(path)
    try:
        with Path(path).open("rb") as file:
            opener = _OPENERS.get(file.read(2))
            file.seek(0)
            if opener is None:
                return read_limited(file, MAX_BYTES, shown)
            with opener(file) as unpacked:
                return read_limited(unpacked, limit_of(size), shown)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"{shown}: damaged or incomplete ({printable(str(error))[:80]})") from error


def read_limited(file: IO[bytes], limit: int, shown: str) -> bytes:
    """All that is left in an open file.

    Raises:
        DataError: That is more than `limit` bytes.
    """
    pieces, total = [], 0
    while piece := file.read(_PIECE):
        total += len(piece)
        if total > limit:
            raise DataError(f"{shown}: holds more than {limit:,} bytes when unpacked; too much for a file of its size")
        pieces.append(piece)
    return b"".join(pieces)
