"""The images of one file of arrays, whatever labels it has: what `predict` answers for.

    digits.npy, t10k-images-idx3-ubyte.gz, test_batch.bin     digits.npy[0], digits.npy[1], ...
    mnist.npz with x_train and x_test                         mnist.npz[x_train][0], ..., mnist.npz[x_test][0], ...

Names are those that `evaluate` gives them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.arrays.families import SEVERAL, is_array_file, is_batch, is_text_rows, norb_kind, parsed
from nncli.data.arrays.norb import both_cameras, parse_norb
from nncli.data.arrays.raw import read_file
from nncli.data.arrays.reading import arrays_of, one_array, origin_within
from nncli.data.arrays.records import cifar_batch, cifar_records
from nncli.data.arrays.text_rows import parse_text_rows
from nncli.data.arrays.values import as_images
from nncli.data.image_arrays import as_file
from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def array_images(path: str, *, transpose: bool = False) -> Iterator[tuple[str, bytes]]:
    """Name of each image of a file, and the file that it would be.

    Args:
        path: Of arrays, see `is_array_file`.
        transpose: Exchange rows and columns.

    Raises:
        DataError: It cannot be read, or holds no images.
        UsageError: An extra is needed that is not installed.
    """
    for origin, images in _image_arrays(Path(path)):
        for i, image in enumerate(images):
            yield f"{origin}[{i}]", as_file(np.swapaxes(image, 0, 1) if transpose else image)


def array_image(name: str, *, transpose: bool = False) -> bytes | None:
    """The file that the image with such a name would be; None where the name, ``digits.npy[3]``, is of another kind.

    Args:
        name: As `array_images` gives it.
        transpose: Exchange rows and columns.

    Raises:
        DataError: The file cannot be read, or holds no such image.
    """
    matched = re.fullmatch(r"(.+?)(?:\[[^][]+\])?\[(\d{1,12})\]", name, re.DOTALL)
    is_file = os.path.isfile  # no name is too long for it, as one is for Path.is_file
    if not matched or not is_array_file(matched[1]) or not is_file(matched[1]) or is_file(name):
        return None
    images, wanted, i = dict(_image_arrays(Path(matched[1]))), name.rpartition("[")[0], int(matched[2])
    if i >= len(images.get(wanted, ())):
        has = ", ".join(f"{printable(origin)}[0] to [{len(each) - 1}]" for origin, each in images.items())
        raise DataError(f"{printable(name)}: no such image; there are {has}")
    image = images[wanted][i]
    return as_file(np.swapaxes(image, 0, 1) if transpose else image)


def _image_arrays(file: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The arrays of images, (m, h, w) or (m, h, w, c), and what each is called."""
    if is_batch(file.name.lower()):
        read = cifar_records if file.suffix.lower() == ".bin" else cifar_batch
        yield str(file), read(read_file(file), file.name)[0]
        return
    if norb_kind(file.name)[1] == "dat":
        yield str(file), both_cameras(parse_norb(read_file(file), file.name), file.name)
        return
    arrays = _arrays(file)
    names = _of_images(list(arrays))
    if not names:
        has = f"it has {', '.join(map(printable, arrays))}" if arrays else "it is empty"
        raise DataError(f"{printable(str(file))}: no array called images, x or data; {has}")
    for name in names:
        where = f"{printable(file.name)}: {printable(name)}"
        yield origin_within(file, name, names), as_images(arrays[name], _n_labels(arrays, name), where, [])


def _arrays(file: Path) -> dict[str, NDArray[Any]]:
    if file.suffix.lower() in SEVERAL:
        return arrays_of(file)
    if parsed(file.name)[1] == "labels":
        raise DataError(f"{printable(str(file))}: labels, not images")
    return {
        "images": parse_text_rows(read_file(file), file.name)[0] if is_text_rows(file.name) else one_array(file, [])
    }


def _n_labels(arrays: dict[str, NDArray[Any]], name: str) -> int | None:
    """How many labels there are for an array of images, which tells the axis that counts them; None if none."""
    split, _, rest = parsed(name)
    return next((each.size for other, each in arrays.items() if parsed(other) == (split, "labels", rest)), None)


def _of_images(names: list[str]) -> list[str]:
    """Those of the arrays in a file that hold images: by their names, or the only one, or the first of two unnamed."""
    if len(names) == 1 or names == ["arr_0", "arr_1"]:
        return names[:1]
    return [name for name in names if parsed(name)[1] == "images"]
