"""Which of Pillow's plugins opens an image: the one that the file's first bytes call for, and no other.

`Image.open` imports the plugins of many formats to ask each of them, and hands an EPS file named x.png to another
program. Here a format that is not in the list does not exist, and a process that sees only JPEGs loads only the JPEG
plugin.
"""

from __future__ import annotations

import importlib
import io
import struct
from typing import TYPE_CHECKING

from PIL import Image

from nncli.data.image.image_format import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

PREFIX_BYTES = 16

TIFF = (b"II\x2a\x00", b"MM\x00\x2a", b"II\x2b\x00", b"MM\x00\x2b", b"II\x00\x2a", b"MM\x2a\x00")


class UnknownFormatError(Exception):
    """The bytes are no image of a known format, or its header is broken."""


class UnreadError(Exception):
    """An image of a known kind that is not read; the text says what it is and what to do."""


FORMATS: list[tuple[str, Callable[[bytes], bool], str, str]] = [
    # MPO, too, which phones write:
    ("JPEG", lambda prefix: prefix.startswith(b"\xff\xd8\xff"), "JpegImagePlugin", "jpeg_factory"),
    ("PNG", lambda prefix: prefix.startswith(b"\x89PNG\r\n\x1a\n"), "PngImagePlugin", "PngImageFile"),
    ("GIF", lambda prefix: prefix.startswith((b"GIF87a", b"GIF89a")), "GifImagePlugin", "GifImageFile"),
    ("BMP", lambda prefix: prefix.startswith(b"BM"), "BmpImagePlugin", "BmpImageFile"),
    ("WebP", lambda prefix: prefix[:4] == b"RIFF" and prefix[8:12] == b"WEBP", "WebPImagePlugin", "WebPImageFile"),
    ("TIFF", lambda prefix: prefix.startswith(TIFF), "TiffImagePlugin", "TiffImageFile"),
    (
        "PPM",
        lambda prefix: prefix[:1] == b"P" and prefix[1:2] in (b"1", b"2", b"3", b"4", b"5", b"6"),
        "PpmImagePlugin",
        "PpmImageFile",
    ),
]
"""Name, test of the first bytes, module of Pillow, what in it opens such a file."""

OPTIONAL = {
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "HEIC": ("pillow_heif", "HeifImageFile"),
    "JPEG XL": ("pillow_jxl.JpegXLImagePlugin", "JXLImageFile"),
}
"""Kind (see `kinds`) -> module that may be there, what in it opens such a file."""


def open_image(data: bytes, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Read the header of an image; its pixels are decoded when it is loaded.

    Args:
        data: The file.
        max_pixels: The largest of those pictures that are decoded when they are opened.

    Raises:
        UnknownFormatError: No known format, or a header that makes no sense.
        UnreadError: A known format that is not read.
        Image.DecompressionBombError: It is larger than `max_pixels`, and opening would decode it.
    """
    prefix = data[:PREFIX_BYTES]
    for _, accepts, module, factory in FORMATS:
        if accepts(prefix):
            return _opened(f"PIL.{module}", factory, data)
    from nncli.data.image.kinds import kind_of_content  # seldom needed

    kind = kind_of_content(data)
    if kind is None:
        raise UnknownFormatError
    if not kind.is_read:
        raise UnreadError(f"{kind.phrase}, which is not read; {kind.advice}")
    if kind.name == "JPEG XL":
        _check_jxl(data, max_pixels)
        return _samples_of_8_bits(_opened(*OPTIONAL[kind.name], data))
    return _opened(*OPTIONAL[kind.name], data)


def names_of_formats() -> str:
    """The formats that are read here, in a sentence: ``JPEG, PNG or AVIF``."""
    from nncli.data.image.kinds import KINDS

    *names, last = [*(name for name, *_ in FORMATS), *(kind.name for kind in KINDS if kind.is_read)]
    return f"{', '.join(names)} or {last}"


def _opened(module: str, factory: str, data: bytes) -> ImageFile:
    open_file = getattr(importlib.import_module(module), factory)
    try:
        image: ImageFile = open_file(io.BytesIO(data), "")
    except (SyntaxError, IndexError, TypeError, struct.error) as error:  # what Image.open takes for "not mine"
        raise UnknownFormatError from error
    return image


def _check_jxl(data: bytes, max_pixels: int) -> None:
    from nncli.data.image.jxl_header import jxl_size

    try:
        width, height = jxl_size(data)
    except ValueError as error:
        raise UnknownFormatError from error
    if width * height > max_pixels:
        raise Image.DecompressionBombError


def _samples_of_8_bits(image: ImageFile) -> ImageFile:
    """Refuse gray with alpha of 16 bits, which pillow-jxl-plugin 1.3.8 takes for twice as many samples of 8 bits."""
    width, height = image.size
    if image.mode == "LA" and len(getattr(image, "_data", b"")) > 2 * width * height:
        raise UnreadError("a JPEG XL file of gray with alpha of 16 bits; save it as PNG, or without alpha")
    return image
