"""Rows of bytes that may lie in a file: pixels, or features kept as bytes, that need not fit into memory.

A small file is mapped into memory and used like any array. Of a large one, rows are read when they are needed: the
operating system keeps what fits in its cache of files, and none of it counts as this process's memory. Looking through
the map instead would make whole folios of up to 2 MB this process's own for each row looked at.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LARGE = 1 << 26
"""Bytes of pixels from which on a file is read and not looked at through its map."""

CHUNK_BYTES = 1 << 22
"""Pixels gathered at a time where every image is needed once."""

MOST_CHUNK_ROWS = 1024


class FileMap(mmap.mmap):
    """A shared memory map that remembers its file."""

    descriptor: int


def map_rows(descriptor: int, shape: tuple[int, int], *, writable: bool = False) -> NDArray[np.uint8]:
    """The beginning of an open file as rows of pixels; the file may be closed.

    Raises:
        OSError: It cannot be mapped.
    """
    access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
    file_map = FileMap(descriptor, shape[0] * shape[1], access=access)
    file_map.descriptor = os.dup(descriptor)
    weakref.finalize(file_map, _close, file_map.descriptor)
    return np.frombuffer(file_map, np.uint8).reshape(shape)


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # a broken disk: nothing can be lost any more, and nobody could catch the error
        os.close(descriptor)


def file_map_of(array: NDArray[Any]) -> FileMap | None:
    """File map that `array` is a view of, if any."""
    base: object = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.obj if isinstance(base, memoryview) else base.base
    return base if isinstance(base, FileMap) else None


def return_memory(rows: NDArray[Any]) -> None:
    """Have rows of a mapped file no longer count as this process's memory; they stay in the file, and can be used."""
    file_map = file_map_of(rows)
    if file_map and hasattr(mmap, "MADV_DONTNEED"):
        file_map.madvise(mmap.MADV_DONTNEED)


class MemoryReturner:
    """Keeps rows of a mapped file, written or read, from counting as this process's memory; does nothing elsewhere.

    Args:
        rows: The array, (m, n_0) uint8.
        most: Bytes that may count.
    """

    def __init__(self, rows: NDArray[np.uint8], most: int = LARGE) -> None:
        self._rows, self._most, self._n_bytes = rows, most, 0

    def used(self, n_rows: int) -> None:
        """Told how many rows were written or read just now."""
        self._n_bytes += n_rows * self._rows.shape[1]
        if self._n_bytes > self._most:
            return_memory(self._rows)
            self._n_bytes = 0


class PixelRows:
    """Chosen rows of an array of pixels.

    Args:
        pixels: One image per row, (M, n_0) uint8, C-contiguous; where it lies in a file, from the file's beginning.
        rows: Indices of the rows that belong to the set, (m,); all of them by default.
    """

    def __init__(self, pixels: NDArray[np.uint8], rows: NDArray[np.intp] | None = None) -> None:
        self._pixels = pixels
        self._rows = np.arange(len(pixels)) if rows is None else rows
        self._file = file_map_of(pixels) if pixels.nbytes >= LARGE else None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values: bytes, unless they were computed to be trained on."""
        return self._pixels.dtype

    @property
    def n_values(self) -> int:
        """Length of a row."""
        return int(self._pixels.shape[1])

    def __len__(self) -> int:
        """Images in the set."""
        return len(self._rows)

    def __getitem__(self, chosen: slice) -> NDArray[np.uint8]:
        """A copy of some images of the set, (m', n_0)."""
        return self.take(chosen, np.empty((len(self._rows[chosen]), self.n_values), np.uint8))

    def some(self, chosen: NDArray[np.intp]) -> PixelRows:
        """The set of some images of the set."""
        return PixelRows(self._pixels, self._rows[chosen])

    def take(self, chosen: NDArray[np.intp] | slice, out: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Copy the `chosen` images of the set into the first rows of `out`, and return these.

        Raises:
            DataError: The file cannot be read any more.
        """
        rows = self._rows[chosen]
        out = out[: len(rows)]
        if self._file:
            _read_rows(self._file.descriptor, rows.tolist(), out)
        else:
            # mode="clip" spares take() the copy it makes to be able to undo; the indices are valid by construction.
            np.take(self._pixels, rows, axis=0, out=out, mode="clip")
        return out

    def chunks(self) -> Iterator[NDArray[np.uint8]]:
        """All images in order, a few MB at a time; each chunk overwrites the one before."""
        n_features = self._pixels.shape[1]
        size = max(1, min(MOST_CHUNK_ROWS, CHUNK_BYTES // n_features, len(self)))
        out = np.empty((size, n_features), np.uint8)
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size), out)


def mirrored(pixels: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Images of this height, width and channels, one per row, with left and right exchanged."""
    return pixels.reshape(-1, *shape)[:, :, ::-1].reshape(pixels.shape)


def _read_rows(descriptor: int, rows: list[int], out: NDArray[np.uint8]) -> None:
    """Fill `out`, (m, n_0), C-contiguous."""
    n = out.shape[1]
    memory = out.reshape(-1).data
    try:
        for k, row in enumerate(rows):
            if os.preadv(descriptor, (memory[k * n : k * n + n],), row * n) != n:
                raise DataError("the decoded images in the cache were cut off while in use")
    except OSError as error:
        raise DataError(f"the decoded images in the cache cannot be read: {error.strerror}") from error
