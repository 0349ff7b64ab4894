"""BMP files whose channels lie anywhere in 16 or 32 bits: Pillow knows ten layouts by heart, masks say any.

    level = round(255 ((pixel & mask) >> shift) / (mask >> shift))

References:
    BITMAPV5HEADER and BI_BITFIELDS (Microsoft, Windows GDI documentation); BI_ALPHABITFIELDS (Windows CE).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from PIL import Image

_HEADER = struct.Struct("<IiiHHI")
_MASKED, _ALPHA_MASKED = 3, 6
_MASKS_AT = 54
"""Both behind a header of 40 bytes and inside a longer one."""


class MaskedBmp(NamedTuple):
    """The header of such a file."""

    width: int
    height: int
    is_top_down: bool
    bits: int
    masks: tuple[int, int, int, int]
    start: int


def masked_bmp(data: bytes) -> MaskedBmp | None:
    """The header of a BMP with masks that are not read rightly otherwise; None for any other."""
    try:
        (start,) = struct.unpack_from("<I", data, 10)
        size, width, height, _, bits, compression = _HEADER.unpack_from(data, 14)
        if (
            size not in (40, 52, 56, 64, 108, 124)
            or compression not in (_MASKED, _ALPHA_MASKED)
            or bits not in (16, 32)
        ):
            return None
        has_alpha = size >= 56 or compression == _ALPHA_MASKED
        red, green, blue, alpha = struct.unpack_from("<4I", data, _MASKS_AT)
    except struct.error:
        return None
    masks = red, green, blue, alpha if has_alpha and size != 64 else 0
    is_known = bits == 16 and masks in ((0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0))
    is_known |= bits == 32 and masks in _PILLOW_KNOWS
    if is_known or not any(masks[:3]) or not all(_is_run(mask) and mask < 1 << bits for mask in masks):
        return None
    return MaskedBmp(width, abs(height), height < 0, bits, masks, start)


_PILLOW_KNOWS = (
    *((0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0)),
    *((0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
    *((0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF000000, 0xFF00, 0xFF, 0xFF0000)),
)


def _is_run(mask: int) -> bool:
    """Whether the ones of a mask lie side by side; no ones at all do."""
    lowest = mask & -mask
    return mask & (mask + lowest) == 0


def decode_masked(data: bytes, header: MaskedBmp) -> Image.Image:
    """The picture of a BMP with masks.

    Raises:
        OSError: Its pixels end early.
    """
    size = header.bits // 8
    stride = -(-header.width * size // 4) * 4
    if header.width < 1 or header.height < 1:
        raise OSError("no pixels")
    if len(data) < header.start + stride * (header.height - 1) + header.width * size:
        raise OSError("image data end early")
    lines = np.frombuffer(data[header.start :].ljust(stride * header.height, b"\0"), np.uint8, stride * header.height)
    pixels = lines.reshape(header.height, stride)[:, : header.width * size].copy().view(f"<u{size}")
    channels = [_levels(pixels, mask) for mask in (*header.masks[:3], *filter(None, header.masks[3:]))]
    if not header.is_top_down:
        channels = [channel[::-1] for channel in channels]
    if len(channels) == 4 and not channels[3].any():  # nothing would be left: such writers mean none of it
        del channels[3]
    return Image.fromarray(np.ascontiguousarray(np.dstack(channels)))


def _levels(pixels: np.ndarray, mask: int) -> np.ndarray:
    if not mask:
        return np.zeros(pixels.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    levels = ((pixels & mask) >> shift).astype(np.float32)
    levels *= 255 / (mask >> shift)
    return np.rint(levels, out=levels).astype(np.uint8)
