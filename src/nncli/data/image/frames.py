"""Files that hold more than one picture, of which the first counts: told by their bytes, no pixel is decoded.

    animation    GIF, APNG, WebP, AVIF sequence
    stack        TIFF pages; previews and masks beside a picture are none
    stream       PNM pictures one behind the other

References:
    GIF89a (CompuServe, 1990); PNG third edition (W3C, 2025), 11.3.6.1 (acTL); WebP Container Specification (Google,
    2023); TIFF 6.0 (Adobe, 1992), section 2; Netpbm formats, "ppm".
"""

from __future__ import annotations

import re
import struct
from itertools import islice
from typing import TYPE_CHECKING

from nncli.data.image.image_plugins import TIFF
from nncli.data.image.integrity import gif_pictures
from nncli.data.image.tiff_header import SUBFILE_TYPE, read_header

if TYPE_CHECKING:
    from collections.abc import Callable

ANIMATION, STACK, STREAM = "animation", "stack of pages", "stream of pictures"

_REDUCED_OR_MASK = 5
_PNM_HEADER = re.compile(rb"P[456](?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:(?:\s|#[^\n]*\n)+(\d+))?\s")


def more_than_one(data: bytes) -> str | None:
    """The kind of a file with more than one picture, in words; None where it holds one, or nothing that is known."""
    try:
        return next((name for name, accepts, holds in _WAYS if accepts(data) and holds(data)), None)
    except (IndexError, ValueError, struct.error):  # damaged: decoding finds the words
        return None


def _gif(data: bytes) -> bool:
    return len(list(islice(gif_pictures(data), 2))) > 1


def _png(data: bytes) -> bool:
    control = data.find(b"acTL", 0, max(data.find(b"IDAT"), 0))
    return control > 0 and int.from_bytes(data[control + 4 : control + 8]) > 1


def _webp(data: bytes) -> bool:
    first = data.find(b"ANMF")
    return data[12:16] == b"VP8X" and bool(data[20] & 2) and first > 0 and data.find(b"ANMF", first + 4) > 0


def _tiff(data: bytes) -> bool:
    header = read_header(data)
    if not header.next_directory:
        return False
    return not read_header(data, header.next_directory).first(SUBFILE_TYPE) & _REDUCED_OR_MASK


def _pnm(data: bytes) -> bool:
    header = _PNM_HEADER.match(data)
    if header is None:
        return False
    width, height, largest = int(header[1]), int(header[2]), int(header[3] or 1)
    row = -(-width // 8) if data[1:2] == b"4" else width * (1 + 2 * (data[1:2] == b"6")) * (1 + (largest > 255))
    start = header.end() + row * height
    if data[1:2] == b"4" and header[3]:  # a bitmap has no largest value: the number was a pixel
        return False
    return data[start : start + 1] == b"P" and data[start + 1 : start + 2] in (b"4", b"5", b"6")


_WAYS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], bool]], ...] = (
    (ANIMATION, lambda data: data.startswith(b"GIF8"), _gif),
    (ANIMATION, lambda data: data.startswith(b"\x89PNG"), _png),
    (ANIMATION, lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
    (ANIMATION, lambda data: data[4:12] == b"ftypavis", lambda _: True),
    (STACK, lambda data: data.startswith(TIFF), _tiff),
    (STREAM, lambda data: data[:1] == b"P", _pnm),
)
