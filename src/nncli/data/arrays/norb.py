"""smallNORB and NORB: toys photographed by two cameras (LeCun, Huang and Bottou 2004; their page has the format).

*-dat.mat      photos, (m, 2, height, width): each toy from the left and from the right
*-cat.mat      the category of each pair, (m,)
*-info.mat     (m, 4): the toy, then the camera's elevation and azimuth, and the lighting

magic number, number of dimensions, sizes (three at least), values; little-endian, 32 bits but for the values

The files are called .mat and have nothing to do with Matlab. A pair is read as two images of the same class. All images
of a toy are a group: validation images are of toys that training has not seen, as those of the test files are.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.arrays.families import norb_kind
from nncli.data.arrays.pairs import Pair, Pairs, joined
from nncli.data.arrays.raw import read_file
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CATEGORIES = ("animal", "human", "airplane", "truck", "car", "background")
"""By number; smallNORB has no pictures of the background alone."""

_TYPES = {0x1E3D4C51: "<f4", 0x1E3D4C53: "<f8", 0x1E3D4C54: "<i4", 0x1E3D4C55: "u1", 0x1E3D4C56: "<i2"}


def norb_pairs(home: Path, names: Sequence[str], notes: list[str], listed: list[str]) -> Pairs:
    """The images of files in a folder; nothing if there are none.

    Args:
        home: The folder.
        names: Files in it.
        notes: Told how they are read.
        listed: Gets the names of the classes.

    Raises:
        DataError: They do not belong together, or cannot be read.
    """
    pieces: dict[str, list[Pair]] = {}
    for name in names:
        split, kind = norb_kind(name)
        if kind == "dat":
            pieces.setdefault(split, []).append(_pair(home, name, names))
    if pieces:
        notes.append("read files of NORB: each pair of photos as two images; those of a toy stay together")
        numbers = np.concatenate([pair.labels for found in pieces.values() for pair in found])
        listed += CATEGORIES[: max(5, int(numbers.max(initial=0)) + 1)]
    return joined(pieces)


def _pair(home: Path, name: str, names: Sequence[str]) -> Pair:
    """The images of a file of photos, and what the files beside it say of them."""
    stem = name.lower().removesuffix(".gz").removesuffix("-dat.mat")
    beside = {each.lower().removesuffix(".gz"): each for each in names}
    about = {
        kind: parse_norb(read_file(home / each), each)
        for kind in ("cat", "info")
        if (each := beside.get(f"{stem}-{kind}.mat"))
    }
    if "cat" not in about:
        raise DataError(f"{printable(str(home / name))}: no file of categories (-cat.mat) beside it")
    images, categories = both_cameras(parse_norb(read_file(home / name), name), name), about["cat"].ravel()
    if 2 * len(categories) != len(images):
        raise DataError(
            f"{printable(name)}: {counted(len(images) // 2, 'pair')} of photos, but categories of {len(categories):,}"
        )
    groups = tuple(_toys(categories, about.get("info"), name))
    return Pair(images, np.repeat(categories, 2), ((str(home / name), len(images)),), printable(name), groups)


def parse_norb(data: bytes, name: str) -> NDArray[Any]:
    """The array of a file.

    Raises:
        DataError: It is none, or declares another size than it has.
    """
    shown = printable(name)
    magic, n = struct.unpack("<Ii", data[:8]) if len(data) >= 8 else (0, 0)
    if magic not in _TYPES or not 1 <= n <= 4:
        raise DataError(f"{shown}: not a file of NORB: it does not begin with the number of a type, and of dimensions")
    start = 8 + 4 * max(n, 3)
    if len(data) < start:
        raise DataError(f"{shown}: ends within its header")
    shape, dtype = struct.unpack(f"<{n}I", data[8 : 8 + 4 * n]), np.dtype(_TYPES[magic])
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        declared = " x ".join(map(str, shape))
        raise DataError(f"{shown}: declares {declared} values and holds {len(data) - start:,} bytes of them")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)


def both_cameras(photos: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Photos of pairs, (m, 2, h, w), as images, (2 m, h, w): the left one of each pair, then the right one.

    Raises:
        DataError: They are none.
    """
    if photos.ndim != 4 or photos.shape[1] != 2 or photos.dtype != np.uint8:
        shape = " x ".join(map(str, photos.shape))
        raise DataError(f"{printable(name)}: {shape} values of type {photos.dtype} are no pairs of photos")
    return photos.reshape(-1, *photos.shape[2:])


def _toys(categories: NDArray[Any], about: NDArray[Any] | None, name: str) -> list[str]:
    """The toy on each of the images of `both_cameras`; without a file that says so, each pair is one of its own.

    Raises:
        DataError: There are not as many rows about pairs as there are pairs.
    """
    if about is not None and (about.ndim != 2 or len(about) != len(categories)):
        raise DataError(f"{printable(name)}: not a row for each of {len(categories):,} pairs")
    instances = range(len(categories)) if about is None else about[:, 0].tolist()
    pairs = zip(categories.tolist(), instances, strict=True)
    return [f"{category}/{instance}" for category, instance in pairs for _ in range(2)]
