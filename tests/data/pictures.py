"""Small pictures and the files they are saved as."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from nncli.data.image.decoding import decode_image
from nncli.data.image.image_format import ImageFormat

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def gradient(height: int, width: int) -> NDArray[np.uint8]:
    """A smooth colorful picture in which no two corners are alike, (height, width, 3)."""
    row, column = np.indices((height, width))
    red = 20 + 200 * column / max(width - 1, 1)
    green = 230 - 180 * row / max(height - 1, 1)
    blue = 60 + 60 * (row + column) / max(height + width - 2, 1)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture of random pixels, (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encode(picture: NDArray[Any] | Image.Image, file_format: str, **options: Any) -> bytes:
    """What a file of the picture holds; `options` are Pillow's."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def decode(
    source: bytes | str | Path, height: int, width: int, color: str = "rgb", resize: str = "stretch"
) -> NDArray[np.int64]:
    """What the network would see, (height, width, 3) or (height, width), as int: differences do not wrap around."""
    row = decode_image(source, ImageFormat(height, width, color, resize))
    assert np.uint8 == row.dtype
    shape = (height, width, 3) if color == "rgb" else (height, width)
    return row.astype(np.int64).reshape(shape)


def with_orientation(orientation: int) -> Image.Exif:
    """EXIF data that says how the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif
