"""Small pictures of image files, through the same decoder as training: what cannot be read there is not shown here."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray


def thumbnail(path: str, side: int) -> NDArray[np.uint8] | None:
    """The image at `path` within a square, on a black ground; None if it cannot be read.

    Args:
        path: Of an image file.
        side: Height and width of the square in pixels.

    Returns:
        (side, side, 3).
    """
    try:
        pixels = decode_image(path, ImageFormat(side, side, "rgb", "pad"))
    except ImageError:
        return None
    return pixels.reshape(side, side, 3)


def encoded(tile: NDArray[np.uint8], kind: str = "WEBP") -> bytes:
    """A tile, (height, width, 3), as the bytes of an image file.

    Args:
        tile: Color values.
        kind: ``PNG`` for drawings, ``WEBP`` for photos: about a kilobyte for 64x64.
    """
    memory = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(tile)).save(memory, kind, quality=70, method=4)
    return memory.getvalue()
