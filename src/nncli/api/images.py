"""Images as a caller has them: one uint8 array of all, or a list of paths, bytes, Pillow images and arrays.

An array of another kind is refused with the line that makes it one: a guess whether 0 to 1 or 0 to 255 was meant would
be a wrong answer to half of the callers.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from nncli.data.image.decoding import array_image

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Picture: TypeAlias = "str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image.Image"
"""A file or folder, the bytes of a file, an array (height, width) or (height, width, channels), or a Pillow image."""

Pictures: TypeAlias = "NDArray[np.uint8] | Iterable[Picture]"
"""One uint8 array (m, height, width) or (m, height, width, channels), or pictures of any sizes."""

EXPECTED = (
    "a uint8 array (m, height, width) or (m, height, width, channels) with 1, 3 or 4 channels, or a list of images"
)


def checked_pictures(images: Pictures, name: str) -> NDArray[np.uint8] | Sequence[Picture]:
    """The images as one uint8 array, or as a list of pictures none of which has been opened.

    Args:
        images: As above.
        name: The caller's word for them, for messages.

    Raises:
        ValueError: It is an array of another kind, with the way to make it one; or there are no images.
        TypeError: It is nothing of this kind.
    """
    if isinstance(images, str | os.PathLike | bytes | Image.Image | dict) or images is None:
        raise TypeError(f"{name} is {described(images)}; expected {EXPECTED}")
    if hasattr(images, "__array__"):  # also of another library: a tensor, a table, a column
        images = np.asarray(images)
        if images.ndim != 1 or images.dtype.kind not in "OUS":
            return _checked_array(images, name)
    if not hasattr(images, "__iter__"):
        raise TypeError(f"{name} is {described(images)}; expected {EXPECTED}")
    pictures: list[Any] = list(images)
    if not pictures:
        raise ValueError(f"{name} has no images; expected {EXPECTED}")
    if isinstance(pictures[0], list | tuple):
        return _checked_array(np.asarray(pictures), name)
    for i, picture in enumerate(pictures):
        _check_picture(picture, f"{name}[{i}]")
    return pictures


def described(value: object) -> str:
    """Description of a value in a few words."""
    return f"an array of {value.dtype} {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def _checked_array(images: NDArray[Any], name: str) -> NDArray[np.uint8]:
    if not images.size:
        raise ValueError(f"{name} has no images or no pixels, {described(images)}; expected {EXPECTED}")
    if images.dtype != np.uint8:
        raise ValueError(f"{name} is {described(images)}, not {EXPECTED}{_cure_of_values(images, name)}")
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3, 4)):
        raise ValueError(f"{name} is {described(images)}, not {EXPECTED}{_cure_of_shape(images, name)}")
    return images


def _check_picture(picture: Any, name: str) -> None:
    if isinstance(picture, np.ndarray):
        try:
            array_image(picture)
        except ValueError as error:
            raise ValueError(f"{name}: {error}{_cure_of_values(picture, name)}") from None
    elif not isinstance(picture, str | os.PathLike | bytes | Image.Image):
        raise TypeError(f"{name} is {described(picture)}; give a path, bytes, a uint8 array or a Pillow image")
    elif isinstance(picture, str | os.PathLike) and Path(picture).is_dir():
        raise ValueError(f"{name} is a folder, {os.fsdecode(picture)}; give the paths of its images")


def _cure_of_values(images: NDArray[Any], name: str) -> str:
    """How an array of other values becomes one of bytes; empty if there is no one way."""
    if images.dtype == np.uint8 or images.dtype.kind not in "biuf" or not images.size:
        return ""
    if images.dtype.kind == "b":
        return f"; of black and white, pass ({name} * 255).astype(np.uint8)"
    low, high = float(images.min()), float(images.max())
    cure = "bring them to 0 to 255"
    if not (np.isfinite(low) and np.isfinite(high)):
        cure = "it holds NaN or infinity"
    elif images.dtype.kind == "f" and low >= 0 and high <= 1:
        cure = f"pass np.rint({name} * 255).astype(np.uint8)"
    elif low >= 0 and high <= 255:
        cure = f"pass np.rint({name}).astype(np.uint8)"
    elif images.dtype == np.uint16:
        cure = f"of 16 bits, pass ({name} // 257).astype(np.uint8)"
    return f"; its values are from {low:g} to {high:g}: {cure}"


def _cure_of_shape(images: NDArray[Any], name: str) -> str:
    """How an array of bytes becomes one of images; empty if there is no one way."""
    if images.ndim == 2:
        m, n = images.shape
        side = round(n**0.5)
        return f"; of flat rows, pass {name}.reshape({m}, {side}, {side})" if side * side == n else ""
    if images.ndim == 4 and images.shape[1] in (1, 3, 4):
        return f"; of channels that come first, pass {name}.transpose(0, 2, 3, 1)"
    return ""
