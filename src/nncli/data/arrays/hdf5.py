"""HDF5 files (.h5, .hdf5) through h5py, an extra: USPS, PCam, Galaxy10, and Matlab's files of version 7.3.

A group is a folder within the file: its data set ``data`` is called ``train/data``. HDF5 can also name other files: by
links into them, by values that are stored in them or are put together from them (virtual data sets). None of that is
followed, and no plug-in of the library is loaded: read are plain numbers and text that this file itself stores.

Source: The HDF Group, "HDF5 File Format Specification"; h5py's documentation.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any

from nncli.data.arrays.npz import MOST_ARRAYS, PLAIN_KINDS
from nncli.data.arrays.raw import checked_size, limit_of
from nncli.errors import DataError, UsageError
from nncli.machine.extras import install_command
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf"}
"""What the library and h5py unpack by themselves; for anything else the library would load a plug-in."""


def read_h5(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of plain numbers or text in an HDF5 file, by name with `/`.

    Raises:
        UsageError: h5py is not installed.
        DataError: The file cannot be read, has its values elsewhere, or declares more than a file of its size should.
    """
    shown = printable(str(path))
    limit = limit_of(checked_size(path))
    try:
        import h5py
    except ImportError:
        raise UsageError(f"{shown}: HDF5 files need h5py: {install_command('h5')}") from None
    try:
        with h5py.File(path, "r", locking="best-effort") as file:
            root = h5py.h5o.get_info(file.id).addr
            found = dict(islice(_data_sets(file, h5py, "", {root}), MOST_ARRAYS + 1))
            if len(found) > MOST_ARRAYS:
                raise DataError(f"{shown}: more than {MOST_ARRAYS:,} arrays")
            for name, stored in found.items():
                _check(stored, f"{shown}: {printable(name)}", limit)
                limit -= stored.size * stored.dtype.itemsize
            return {name: stored[()] for name, stored in found.items()}
    except DataError:
        raise
    except Exception as error:  # a damaged file fails in nearly any way
        reason = printable(str(error).partition("\n")[0])[:80]
        raise DataError(f"{shown}: not readable as HDF5 ({reason})") from None


def _data_sets(group: Any, h5py: Any, inside: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Name and data set of those that lie in a group itself, and in groups within it that have not been `seen`.

    Raises:
        DataError: A name stands for something in another file.
    """
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            shown = printable(f"{group.file.filename}: {inside}{name}")
            raise DataError(f"{shown}: a link into another file, which is not opened; copy what it names into this one")
        if not isinstance(link, h5py.HardLink):
            continue  # a soft link may lead over anything
        inner = group[name]
        place = h5py.h5o.get_info(inner.id).addr
        if place in seen:
            continue
        seen.add(place)
        if isinstance(inner, h5py.Group):
            yield from _data_sets(inner, h5py, f"{inside}{name}/", seen)
        elif isinstance(inner, h5py.Dataset) and inner.shape and inner.dtype.kind in PLAIN_KINDS:
            yield inside + name, inner


def _check(stored: Any, shown: str, limit: int) -> None:
    """Refuse a data set whose values are not all in the file, or unpack to more than `limit` bytes.

    Raises:
        DataError: It is one.
    """
    settings = stored.id.get_create_plist()
    if stored.is_virtual or settings.get_external_count():
        raise DataError(f"{shown}: its values lie in other files, which are not opened; copy them into one file")
    filters = [settings.get_filter(i)[0] for i in range(settings.get_nfilters())]
    unknown = [number for number in filters if number not in _FILTERS]
    if unknown:
        raise DataError(f"{shown}: packed with filter {unknown[0]}, which needs a plug-in; repack it with gzip")
    n_bytes = stored.size * stored.dtype.itemsize
    if n_bytes > limit or math.prod(stored.chunks or ()) * stored.dtype.itemsize > limit:
        raise DataError(f"{shown}: declares {n_bytes:,} bytes; too much for a file of its size")
    held = stored.id.get_storage_size()
    if held < n_bytes and (not filters or not held):
        raise DataError(f"{shown}: declares {n_bytes:,} bytes of values and holds {held:,}")
