"""Matlab's .mat files: SVHN and STL-10 through scipy, an extra; version 7.3, which is HDF5, as hdf5.py reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.arrays.raw import checked_size, limit_of
from nncli.errors import DataError, UsageError
from nncli.machine.extras import install_command
from nncli.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_HDF5 = b"MATLAB 7.3 MAT-file"
_BYTES = {
    "int8": 1,
    "uint8": 1,
    "char": 1,
    "logical": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "single": 4,
    "int64": 8,
    "uint64": 8,
    "double": 8,
}


def read_mat(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of plain numbers in a .mat file, by name.

    Raises:
        UsageError: scipy, or for version 7.3 h5py, is not installed.
        DataError: The file cannot be read, or declares more than a file of its size should.
    """
    shown = printable(str(path))
    size = checked_size(path)
    with path.open("rb") as file:
        if file.read(len(_HDF5)) == _HDF5:
            from nncli.data.arrays.hdf5 import read_h5

            return {name: array.T for name, array in read_h5(path).items()}  # Matlab stores the first axis last
    try:
        from scipy import io
    except ImportError:
        raise UsageError(f"{shown}: .mat files need scipy: {install_command('mat')}") from None
    try:
        declared = [(name, shape, kind) for name, shape, kind in io.whosmat(path) if kind in _BYTES]
        total = sum(math.prod(shape) * _BYTES[kind] for _, shape, kind in declared)
        if total > limit_of(size):
            raise DataError(f"{shown}: declares {total:,} bytes; too much for a file of its size")
        found = io.loadmat(path, variable_names=[name for name, _, _ in declared])
    except DataError:
        raise
    except Exception as error:  # a damaged file fails in nearly any way
        raise DataError(f"{shown}: not readable as .mat ({printable(str(error))[:80]})") from None
    return {name: np.asarray(found[name]) for name, _, _ in declared if name in found}
