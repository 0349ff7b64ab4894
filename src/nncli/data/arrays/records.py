"""Binary records without a header: CIFAR-10, CIFAR-100 and STL-10 (their own pages describe the formats).

CIFAR-10     a byte for the class, 3072 for the pixels: red, green and blue planes of 32x32
CIFAR-100    a byte for the coarse class before the fine one
STL-10       27648 bytes of three planes of 96x96, column by column; labels from 1 in a file of their own
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.arrays.plain_pickle import read_plain_pickle
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

CIFAR_PIXELS, STL_PIXELS = 3 * 32 * 32, 3 * 96 * 96


def cifar_records(data: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images, (m, 32, 32, 3), and labels, (m,), of a binary file of CIFAR-10 or CIFAR-100.

    Raises:
        DataError: Its size is not that of whole records.
    """
    n_labels = next((n for n in (1, 2) if data and len(data) % (CIFAR_PIXELS + n) == 0), 0)
    if not n_labels:
        raise DataError(f"{printable(name)}: {counted(len(data), 'byte')}, no whole records of CIFAR-10 or CIFAR-100")
    records = np.frombuffer(data, np.uint8).reshape(-1, CIFAR_PIXELS + n_labels)
    return planes(records[:, n_labels:], 32), records[:, n_labels - 1].astype(np.int64)


def planes(rows: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Images, (m, side, side, 3), of rows that hold three planes."""
    return np.ascontiguousarray(np.moveaxis(rows.reshape(-1, 3, side, side), 1, -1))


def stl_images(data: bytes, name: str) -> NDArray[np.uint8]:
    """Images, (m, 96, 96, 3), of a file of STL-10.

    Raises:
        DataError: Its size is not that of whole images.
    """
    if not data or len(data) % STL_PIXELS:
        raise DataError(f"{printable(name)}: {counted(len(data), 'byte')}, no whole images of STL-10")
    columns = np.frombuffer(data, np.uint8).reshape(-1, 3, 96, 96)  # image, plane, column, row
    return np.ascontiguousarray(columns.transpose(0, 3, 2, 1))


def cifar_batch(data: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """As `cifar_records`, of a Python batch, whose pickle is read and not run.

    Raises:
        DataError: It holds anything but plain arrays, or not those of CIFAR.
    """
    batch = read_plain_pickle(data, name)
    found: dict[str, Any] = {}
    if isinstance(batch, dict):
        found = {key.decode("latin-1") if isinstance(key, bytes) else str(key): value for key, value in batch.items()}
    rows: Any = found.get("data")
    labels = found.get("fine_labels", found.get("labels"))
    is_array = isinstance(rows, np.ndarray) and rows.dtype == np.uint8
    if not is_array or rows.shape[1:] != (CIFAR_PIXELS,):
        raise DataError(f"{printable(name)}: no rows of 3072 bytes under the key data")
    if not (isinstance(labels, list) and len(labels) == len(rows) and all(type(label) is int for label in labels)):
        raise DataError(f"{printable(name)}: not a whole number as label for each image")
    return planes(rows, 32), np.asarray(labels, np.int64)
