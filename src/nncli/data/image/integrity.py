"""Damage that Pillow does not see, in the formats that give a chance to see it.

    PNG        the checksum of every chunk, the end mark; as many pixels as there should be
    GIF        the blocks up to the end mark; as many pixels as there should be
    TIFF       the checksums of strips compressed with Deflate
    plain PPM  a file that ends in the middle of a number
    JPEG       see `jpeg_integrity`

BMP, WebP, other PPM and other TIFF have no checksums: a changed byte in their pixels is another picture, and no decoder
can know. What is missing at the end of them Pillow notices itself.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from PIL import Image

from nncli.data.image.jpeg_integrity import SCAN, check_used_up, segments, watch_jpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from PIL.ImageFile import ImageFile

_PNG_SIGNATURE = 8
MOST_PARTS = 1_000_000
"""Of a file. Pillow looks at each chunk or segment for microseconds, and a file of 1 GB could hold 250 million."""

_CHUNK = struct.Struct(">I4s")
_NUMBER_AT_END = re.compile(rb"\s(\d+)\Z")
_COMMENT = re.compile(rb"#[^\n\r]*")
_COMPRESSION, _STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES = 259, 273, 279, 324, 325
_GIF_PICTURE = 0x2C
_DEFLATE = (8, 32946)


def check_number_of_parts(data: bytes) -> None:
    """Look, before Pillow does, whether a file consists of a few parts.

    Raises:
        OSError: It has so many that reading them would take long.
    """
    parts: Iterable[object] = ()
    if len(data) <= MOST_PARTS:  # none has less than a byte
        return
    if data.startswith(b"\xff\xd8"):
        before_pixels = takewhile(lambda segment: segment.marker != SCAN, segments(data))
        parts = before_pixels
    elif data.startswith(b"\x89PNG"):
        parts = _png_chunks(data)
    elif data.startswith(b"GIF8"):
        parts = _gif_blocks(data)
    try:
        many = next(islice(parts, MOST_PARTS, None), None)
    except (IndexError, struct.error):  # the decoder will find other words
        return
    if many is not None:
        raise OSError("too many parts")


def check_before_loading(image: ImageFile, data: bytes) -> None:
    """Look through the file of an image that was opened.

    Raises:
        OSError: It is damaged or incomplete. Other exceptions mean the same.
    """
    check = _BEFORE.get(image.format or "")
    if check:
        check(image, data)


def check_after_loading(image: ImageFile, data: bytes) -> None:
    """Look whether the decoder, which was content, has filled the image.

    Raises:
        OSError: It is damaged or incomplete. Other exceptions mean the same.
    """
    if image.format in ("JPEG", "MPO"):
        check_used_up(image)
    elif image.format == "PNG" and _is_blank_below(image):
        _count_png_pixels(image, data)
    elif image.format == "GIF" and _is_blank_below(image):
        _compare_gif_fillings(image, data)


def _is_blank_below(image: Image.Image) -> bool:
    """Whether one of the last two rows may never have been written: all of its pixels are the same.

    Two rows, because the last pass of an interlaced image fills every other one.
    """
    width, height = image.size
    below = Image.Image.crop(image, (0, max(height - 2, 0), width, height))
    rows = [below.crop((0, y, width, y + 1)).tobytes() for y in range(below.height)]
    size = len(rows[0]) // width or 1
    return any(row == row[:size] * (len(row) // size) for row in rows)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Names, contents and positions of the chunks, as far as they go."""
    position = _PNG_SIGNATURE
    while position < len(data):
        length, name = _CHUNK.unpack_from(data, position)
        yield name, memoryview(data)[position + _CHUNK.size :][:length], position
        if name == b"IEND":
            return
        position += _CHUNK.size + length + 4


def _check_png(_image: ImageFile, data: bytes) -> None:
    name = b""
    for name, content, position in _png_chunks(data):
        end = position + _CHUNK.size + len(content)
        if zlib.crc32(content, zlib.crc32(name)) != int.from_bytes(data[end : end + 4]):
            raise OSError(f"wrong checksum of {name!r}")
    if name != b"IEND":
        raise OSError("no end mark")


def _count_png_pixels(image: ImageFile, data: bytes) -> None:
    """Compare the length of the decompressed data with what the header tells."""
    width, height, depth, color = struct.unpack(">IIBB", next(_png_chunks(data))[1][:10])
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    passes = [(0, 0, 1, 1)]
    if image.info.get("interlace"):
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    missing = 0
    for x, y, dx, dy in passes:  # PNG specification, 8.2: a byte for the filter and the pixels of each row
        columns, rows = -(-(width - x) // dx), -(-(height - y) // dy)
        missing += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    inflate = zlib.decompressobj()
    for name, content, _ in _png_chunks(data):
        rest: bytes | memoryview = content if name == b"IDAT" else b""
        while rest and missing > 0:
            missing -= len(inflate.decompress(rest, 1 << 16))
            rest = inflate.unconsumed_tail
    if missing > 0:
        raise OSError("image data end early")


def _check_gif(_image: ImageFile, data: bytes) -> None:
    """Walk to the end mark; an IndexError means that there is none."""
    for _ in _gif_blocks(data):
        pass


def gif_pictures(data: bytes) -> Iterator[int]:
    """Positions of the pictures of a GIF; an IndexError or OSError where it ends without its end mark."""
    return (position for position, kind in _gif_blocks(data) if kind == _GIF_PICTURE)


def _gif_blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Positions and kinds of all blocks, and of the pieces that they consist of, of kind 0 (GIF89a, appendix A)."""

    def after_table(flags: int, position: int) -> int:
        return position + (3 << (flags & 7) + 1 if flags & 0x80 else 0)

    position = after_table(data[10], 13)
    has_picture = False
    while data[position] != 0x3B:
        yield position, data[position]
        if data[position] == _GIF_PICTURE:
            has_picture = True
            position = after_table(data[position + 9], position + 10) + 1
        elif data[position] == 0x21:
            position += 2
        elif has_picture and data.endswith(b";"):  # what follows the first picture does not count
            return
        else:
            raise OSError("unknown block")
        while data[position]:
            yield position, 0
            position += data[position] + 1
        position += 1


def _compare_gif_fillings(image: ImageFile, data: bytes) -> None:
    """Decode once more over another color: a pixel that differs was never written."""
    with type(image)(io.BytesIO(data), "") as other:
        prepare: Callable[[], None] = other.load_prepare
        box = other.tile[0].extents or (0, 0, *image.size)

        def prepare_otherwise() -> None:
            prepare()
            color = (image.crop(box).tobytes()[-1] + 1) % 256
            other.im.paste(Image.new(image.mode, (box[2] - box[0], box[3] - box[1]), color).im, box)

        other.load_prepare = prepare_otherwise  # type: ignore[method-assign]
        other.load()
        if other.crop(box).tobytes() != image.crop(box).tobytes():
            raise OSError("image data end early")


def _check_tiff(image: ImageFile, data: bytes) -> None:
    tags = image.tag_v2  # type: ignore[attr-defined]
    if tags.get(_COMPRESSION) not in _DEFLATE:
        return
    offsets = tags.get(_STRIP_OFFSETS) or tags[_TILE_OFFSETS]
    sizes = tags.get(_STRIP_SIZES) or tags[_TILE_SIZES]
    largest = (image.width + 4096) * (image.height + 4096) * 16  # tiles stand out; bytes of the widest pixels
    for offset, size in zip(offsets, sizes, strict=True):
        inflate, rest = zlib.decompressobj(), data[offset : offset + size]
        while rest and largest > 0:
            largest -= len(inflate.decompress(rest, 1 << 20))
            rest = inflate.unconsumed_tail
        if not inflate.eof:
            raise OSError("image data end early")


def _check_ppm(_image: ImageFile, data: bytes) -> None:
    """A last number that could go on, as 25 to 255, and no white space behind it."""
    number = _NUMBER_AT_END.search(data[-20:]) if data[1:2] in b"23" else None
    if number:
        largest = int(_COMMENT.sub(b"", data[: 1 << 20]).split(maxsplit=4)[3])
        if 0 < 10 * int(number[1]) <= largest:
            raise OSError("the last number may be cut; end the file with a new line")


_BEFORE: dict[str, Callable[[ImageFile, bytes], None]] = {
    "JPEG": watch_jpeg,
    "MPO": watch_jpeg,
    "PNG": _check_png,
    "GIF": _check_gif,
    "TIFF": _check_tiff,
    "PPM": _check_ppm,
}
