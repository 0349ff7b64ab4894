"""The samples of a TIFF as its header describes them: the tags of the first directory, of classic and of BigTIFF.

Pillow and libtiff read most TIFF files rightly, some wrongly, and refuse some without a word; to tell these apart takes
the tags themselves. Each number in them may come from anyone: what is read is bounded by `MOST_VALUES` and by the file.

References:
    TIFF 6.0 (Adobe, 1992), sections 2, 8, 14 to 21; its supplement 1 (1995); BigTIFF (Aware Systems, 2011).
    Digital Negative 1.7 (Adobe, 2023): DNGVersion.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_TAGS = 4096
MOST_VALUES = 1 << 18
"""Of one tag: a strip for each row of the tallest picture."""

SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 254, 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_SIZES, PLANAR = 273, 274, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, SUB_IFDS = 317, 322, 323, 324, 325, 330
EXTRA_SAMPLES, SAMPLE_FORMAT, YCBCR_SUBSAMPLING, ICC_PROFILE, DNG_VERSION = 338, 339, 530, 34675, 50706

_WANTED = {
    *(SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES),
    *(ROWS_PER_STRIP, STRIP_SIZES, PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, SUB_IFDS),
    *(EXTRA_SAMPLES, SAMPLE_FORMAT, YCBCR_SUBSAMPLING, DNG_VERSION),
}

_INTEGERS = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8", 7: "u1"}
"""TIFF's types of unsigned numbers."""

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
"""Sample formats; 4 is undefined, 5 and 6 are complex."""

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8

_MOST_EXTRA = 64
"""Samples told apart: more of them are too many anyway."""

_COLORS = {RGB: 3, CMYK: 4, YCBCR: 3, LAB: 3, 9: 3, 10: 3}


@dataclass(frozen=True)
class TiffHeader:
    """The first directory of a TIFF.

    Attributes:
        order: ``<`` or ``>``, the byte order.
        is_big: Whether it is a BigTIFF.
        tags: The numbers of the tags that matter, by tag.
        icc_profile: An embedded color profile, or empty.
        next_directory: Where the next directory begins, or 0.
    """

    order: str
    is_big: bool
    tags: Mapping[int, tuple[int, ...]]
    icc_profile: bytes
    next_directory: int

    def first(self, tag: int, default: int = 0) -> int:
        """The first value of a tag, or `default` where the tag is missing."""
        return (self.tags.get(tag) or (default,))[0]

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return self.first(WIDTH)

    @property
    def height(self) -> int:
        """Rows."""
        return self.first(HEIGHT)

    @property
    def photometric(self) -> int:
        """The meaning of the samples."""
        return self.first(PHOTOMETRIC)

    @property
    def compression(self) -> int:
        """How they are packed; 1 is not at all."""
        return self.first(COMPRESSION, 1)

    @property
    def n_samples(self) -> int:
        """Samples of a pixel."""
        return self.first(SAMPLES, 1)

    @property
    def bits(self) -> int:
        """Of each sample; 0 where they differ."""
        bits = set(self.tags.get(BITS, (1,)))
        return bits.pop() if len(bits) == 1 else 0

    @property
    def sample_format(self) -> int:
        """Of every sample; 0 where they differ."""
        formats = set(self.tags.get(SAMPLE_FORMAT, (UNSIGNED,)))
        return formats.pop() if len(formats) == 1 else 0

    @property
    def is_planar(self) -> bool:
        """Whether the samples of each channel lie by themselves."""
        return self.first(PLANAR, 1) == 2 and self.n_samples > 1

    @property
    def is_tiled(self) -> bool:
        """Whether it consists of tiles and not of strips."""
        return TILE_OFFSETS in self.tags

    @property
    def n_colors(self) -> int:
        """Samples that make the color of a pixel; the others are extra."""
        return _COLORS.get(self.photometric, 1)

    @property
    def extra(self) -> tuple[int, ...]:
        """The kind of each extra sample: 1 alpha that the colors are multiplied with, 2 alpha beside them, else none.

        A fourth sample of RGB that no tag explains is alpha beside them, as everywhere.
        """
        n = min(self.n_samples - self.n_colors, _MOST_EXTRA)
        if n == 1 and self.photometric == RGB and EXTRA_SAMPLES not in self.tags:
            return (2,)
        return (*self.tags.get(EXTRA_SAMPLES, ()), *[0] * n)[: max(n, 0)]

    @property
    def is_camera_raw(self) -> bool:
        """Whether the first picture is only the preview of a camera's raw data, as in DNG and NEF."""
        is_reduced = bool(self.first(SUBFILE_TYPE) & 1)
        return (is_reduced and bool({DNG_VERSION, SUB_IFDS} & self.tags.keys())) or self.photometric in (32803, 34892)


def read_header(data: bytes, start: int | None = None) -> TiffHeader:
    """Read the first directory, or the one that begins at `start`.

    Raises:
        ValueError: It makes no sense. struct.error means the same.
    """
    order = "<" if data[:2] == b"II" else ">"
    is_big = struct.unpack_from(order + "H", data, 2)[0] == 43
    layout, offset_at = ("HHQ8s", 8) if is_big else ("HHI4s", 4)
    entry = struct.Struct(order + layout)
    if start is None:
        start = int(struct.unpack_from(order + ("Q" if is_big else "I"), data, offset_at)[0])
    n_tags = struct.unpack_from(order + ("Q" if is_big else "H"), data, start)[0]
    position = start + (8 if is_big else 2)
    if n_tags > MOST_TAGS or position + n_tags * entry.size > len(data):
        raise ValueError("a directory that is longer than the file")
    tags: dict[int, tuple[int, ...]] = {}
    profile = b""
    for k in range(n_tags):
        tag, kind, count, value = entry.unpack_from(data, position + k * entry.size)
        if (tag in _WANTED and kind in _INTEGERS) or tag == ICC_PROFILE:
            content = _content(data, order, kind, count, value)
            if tag == ICC_PROFILE:
                profile = content
            elif count:
                numbers: Any = np.frombuffer(content, order + _INTEGERS[kind])
                tags.setdefault(tag, tuple(numbers.tolist()))
    after = position + n_tags * entry.size
    following = int.from_bytes(data[after : after + (8 if is_big else 4)], "little" if order == "<" else "big")
    return TiffHeader(order, is_big, tags, profile, following)


def _content(data: bytes, order: str, kind: int, count: int, value: bytes) -> bytes:
    """The values of a tag: in its place where it fits, elsewhere in the file where not."""
    size = count * np.dtype(_INTEGERS.get(kind, "u1")).itemsize
    if size <= len(value):
        return value[:size]
    if count > MOST_VALUES and kind in (3, 4, 13, 16, 18):
        raise ValueError("too many parts")
    start = struct.unpack(order + ("Q" if len(value) == 8 else "I"), value)[0]
    content = data[start : start + size]
    if len(content) < size:
        raise ValueError("a tag that points out of the file")
    return content
