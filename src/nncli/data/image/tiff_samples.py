"""TIFF files that Pillow reads wrongly or not at all, decoded from their own tags.

Two questions are answered by the header alone:

    is_right_in_pillow      does Pillow read this kind rightly, if it reads it?
    refusal                 or why is it not read, and how can it be saved so that it is?

What is left is decoded here, block of rows by block of rows, each strip or tile by itself:

    bytes -> unpacked -> predictor undone -> samples in native order -> levels of 8 bits -> their place in the picture

Unpacked by zlib (Deflate) or by libtiff (LZW and others): a strip of any samples is a strip of bytes to it, so a TIFF
of 8-bit gray made of the strip alone has Pillow unpack it.

References:
    TIFF 6.0 (Adobe, 1992), sections 8, 11, 14, 15, 21; TIFF Technical Note 3 (Adobe, 2005), floating point predictor.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from nncli.data.image import tiff_header as tags
from nncli.data.image.sample_values import FULL_16, Scale
from nncli.data.image.tiff_header import FLOAT, SIGNED, UNSIGNED, TiffHeader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_CHUNKS = 1 << 16
"""Strips or tiles decoded here: a tile of 256x256 pixels for each that the largest picture needs, many times over."""

BLOCK = 1 << 22
"""Samples converted at once."""

_NONE, _DEFLATE = 1, (8, 32946)
_BY_LIBTIFF = {5: "LZW", 32773: "PackBits", 34925: "LZMA", 50000: "Zstandard"}
_OTHERS = {
    2: "CCITT",
    3: "CCITT fax 3",
    4: "CCITT fax 4",
    6: "old JPEG",
    7: "JPEG",
    9: "JBIG",
    34661: "JBIG",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    34892: "lossy JPEG",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
    34933: "PNG",
    34934: "JPEG XR",
    22610: "JPEG XR",
    34713: "Nikon NEF",
    32809: "ThunderScan",
    32766: "NeXT",
    32767: "Sony ARW",
    65535: "Pentax PEF",
    34926: "Zstandard",
    34927: "WebP",
}
_MEANINGS = {
    4: "a transparency mask",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32844: "LogL",
    32845: "LogLuv",
    51177: "a depth map",
    52527: "a photometric mask",
    tags.PALETTE: "a palette",
    tags.LAB: "L*a*b*",
}
_FORMATS = {UNSIGNED: "unsigned", SIGNED: "signed", FLOAT: "float", 5: "complex integer", 6: "complex"}
_DECODED = (tags.WHITE_IS_ZERO, tags.BLACK_IS_ZERO, tags.RGB, tags.CMYK, tags.YCBCR)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def is_right_in_pillow(header: TiffHeader) -> bool:
    """Whether Pillow gives this kind of file its right pixels, or none at all.

    Each line is a kind that Pillow 13.0 opens and gets wrong.
    """
    is_deep, is_raw = header.bits > 8, header.compression == _NONE
    return not (
        (header.is_big and header.order == ">")
        or (is_deep and header.photometric == tags.WHITE_IS_ZERO)  # its own negative
        or (header.sample_format == SIGNED and header.bits == 8)  # -1 becomes white
        or (is_deep and not is_raw and header.order == ">" and header.sample_format != UNSIGNED)  # bytes in wrong order
        or (header.is_planar and is_deep and is_raw)  # noise
        or (header.is_planar and header.n_colors == 1)  # the second plane is not read
        or (header.is_planar and header.n_samples > header.n_colors and header.is_tiled and is_raw)
        or (is_raw and _is_subsampled(header))
    )


def _is_subsampled(header: TiffHeader) -> bool:
    """Whether YCbCr samples come in blocks; without the tag, as its default says, if the strips are that short."""
    if header.photometric != tags.YCBCR or header.n_samples != 3 or header.is_planar:
        return False
    if tags.YCBCR_SUBSAMPLING in header.tags:
        return header.tags[tags.YCBCR_SUBSAMPLING] != (1, 1)
    return sum(header.tags.get(tags.STRIP_SIZES, ())) < header.width * header.height * 3


def refusal(header: TiffHeader) -> str | None:
    """Why a file is not decoded here, in words; None where it is."""
    reason = _reason(header)
    return f"a TIFF {reason}" if reason else None


def _reason(header: TiffHeader) -> str | None:
    found, save = _samples(header), "save it with 8 or 16 bits unsigned"
    packing = _OTHERS.get(header.compression, f"unknown ({header.compression})")
    meaning = _MEANINGS.get(header.photometric, f"of an unknown meaning (photometric {header.photometric})")
    predictor = header.first(tags.PREDICTOR, 1)
    is_8_bit = header.bits == 8 and header.sample_format == UNSIGNED
    reasons = (
        (
            header.compression not in (_NONE, *_DEFLATE, *_BY_LIBTIFF),
            f"with {packing} compression and {found}; save it uncompressed or with Deflate",
        ),
        (header.photometric not in _DECODED, f"of {found} that are {meaning}; save it as RGB or gray"),
        (not _has_known_depth(header), f"of {found}; {save}"),
        (header.photometric == tags.YCBCR and not is_8_bit, f"of {found} in YCbCr; save it as RGB"),
        (header.n_samples < header.n_colors, f"of {found}, too few for its colors; save it again"),
        (len(header.extra) > 1 + 3 * (header.n_colors > 1), f"of {found}; save one, three or four channels"),
        (
            predictor not in (1, 2, 3) or (predictor > 1 and header.bits not in (8, 16, 32, 64)),
            f"of {found} with predictor {predictor}; save it without",
        ),
    )
    return next((words for is_so, words in reasons if is_so), None)


def _has_known_depth(header: TiffHeader) -> bool:
    if header.sample_format == UNSIGNED:
        return 1 <= header.bits <= 16 or header.bits == 32
    if header.sample_format == SIGNED:  # whether 32,767 or 65,535 is white, nothing says; gray is read as ever
        return header.bits in (8, 16, 32) and header.n_samples == 1 and header.photometric == tags.BLACK_IS_ZERO
    return header.sample_format == FLOAT and header.bits in (16, 32, 64)


def _samples(header: TiffHeader) -> str:
    bits = "/".join(str(bits) for bits in sorted(set(header.tags.get(tags.BITS, (1,))))[:4])
    kind = _FORMATS.get(header.sample_format, "undefined")
    count = f"{header.n_samples} {kind} samples" if header.n_samples != 1 else f"{kind} samples"
    return f"{count} of {bits} bits"


class _Chunk(NamedTuple):
    """A strip or a tile: where its bytes are, and where its pixels go."""

    plane: int
    top: int
    left: int
    offset: int
    size: int


class _Layout(NamedTuple):
    """How the pixels are cut into chunks."""

    height: int
    width: int
    samples: int
    chunks: list[_Chunk]


def decode_samples(data: bytes, header: TiffHeader, chosen: tuple[float, float] | None = None) -> Image.Image:
    """The picture of a file that `refusal` has nothing against.

    Args:
        data: The file.
        header: Its first directory; width and height were checked.
        chosen: The values that become black and white, for samples of more than 8 bits; None is full scale.

    Returns:
        L, LA, La, RGB, RGBA, RGBa or CMYK, not yet turned upright.

    Raises:
        OSError: It is damaged or incomplete. ValueError, struct.error and zlib.error mean the same.
        ValueRangeError: Its values fit no scale.
    """
    layout = _layout(header)
    kept = header.n_colors + _n_alpha(header)
    levels = np.zeros((header.height, header.width, kept), np.uint8)
    largest = 1 if header.sample_format == FLOAT else FULL_16
    if header.sample_format == UNSIGNED and header.bits <= 16:
        largest = 2**header.bits - 1
    is_ambiguous = header.sample_format == SIGNED or (header.sample_format == UNSIGNED and header.bits > 16)
    color = Scale(largest, chosen if header.bits > 8 else None, is_ambiguous=is_ambiguous)
    alpha = Scale(largest)
    for chunk in layout.chunks:
        for row, samples in _blocks(data, header, layout, chunk):
            _place(levels, chunk, row, samples, (color, alpha), header)
    color.check()
    if header.photometric == tags.WHITE_IS_ZERO:
        np.subtract(255, levels[..., 0], out=levels[..., 0])
    return _as_image(levels, header)


def sample_blocks(data: bytes, header: TiffHeader) -> Iterator[NDArray[Any]]:
    """The values of all color samples of a file that `refusal` has nothing against, block by block, as they are."""
    layout = _layout(header)
    for chunk in layout.chunks:
        if chunk.plane < header.n_colors:
            n_rows = header.height - chunk.top
            for row, samples in _blocks(data, header, layout, chunk):
                colors = 1 if header.is_planar else header.n_colors
                yield samples[: max(n_rows - row, 0), : header.width - chunk.left, :colors]


def _n_alpha(header: TiffHeader) -> int:
    return int(header.extra[:1] in ((1,), (2,), (999,)))


def _layout(header: TiffHeader) -> _Layout:
    width, height = header.width, header.height
    across, planes = width, header.n_samples if header.is_planar else 1
    if header.is_tiled:
        across, down = header.first(tags.TILE_WIDTH), header.first(tags.TILE_HEIGHT)
        offsets, sizes = header.tags[tags.TILE_OFFSETS], header.tags.get(tags.TILE_SIZES, ())
    else:
        down = min(header.first(tags.ROWS_PER_STRIP, height) or height, height)
        offsets, sizes = header.tags.get(tags.STRIP_OFFSETS, ()), header.tags.get(tags.STRIP_SIZES, ())
    if width < 1 or height < 1 or across < 1 or down < 1:
        raise ValueError("no pixels")
    n_across, n_down = -(-width // across), -(-height // down)
    n_chunks = n_across * n_down * planes
    if n_chunks > MOST_CHUNKS:
        raise ValueError("too many parts")
    if n_across * across * n_down * down > 4 * width * height + (1 << 22):
        raise ValueError("tiles far larger than the picture")
    if header.compression == _NONE:
        sizes = (0,) * len(offsets)
    if len(offsets) < n_chunks or len(sizes) < n_chunks:
        raise ValueError("strips are missing")
    chunks = [
        _Chunk(k // (n_across * n_down), k // n_across % n_down * down, k % n_across * across, offsets[k], sizes[k])
        for k in range(n_chunks)
    ]
    return _Layout(down, across, 1 if header.is_planar else header.n_samples, chunks)


def _blocks(data: bytes, header: TiffHeader, layout: _Layout, chunk: _Chunk) -> Iterator[tuple[int, NDArray[Any]]]:
    """Blocks of rows of a chunk: the row that each begins with, and its samples, (rows, columns, samples)."""
    rows = layout.height if header.is_tiled else min(layout.height, header.height - chunk.top)
    if _is_subsampled(header):
        yield 0, _subsampled(data, header, layout.width, rows, chunk)
        return
    row_bytes = -(-layout.width * layout.samples * header.bits // 8)
    packed = _unpacked(data, header, chunk, rows, row_bytes)
    step = max(1, BLOCK // max(layout.width * layout.samples, 1))
    for row in range(0, rows, step):
        n = min(step, rows - row)
        lines = np.frombuffer(packed, np.uint8, n * row_bytes, row * row_bytes).reshape(n, row_bytes)
        yield row, _samples_of(lines, header, layout).reshape(n, layout.width, layout.samples)


def _unpacked(data: bytes, header: TiffHeader, chunk: _Chunk, rows: int, row_bytes: int) -> bytes:
    """The bytes of a chunk, as many as its rows need."""
    wanted = rows * row_bytes
    packed = data[chunk.offset : chunk.offset + chunk.size]
    is_reversed = header.first(tags.FILL_ORDER, 1) == 2
    if header.compression in _BY_LIBTIFF:
        content = _by_libtiff(packed, header.compression, rows, row_bytes, is_reversed=is_reversed)
    elif header.compression in _DEFLATE:
        inflate = zlib.decompressobj()
        content = inflate.decompress(packed, wanted + (1 << 16))
        if not inflate.eof:
            raise OSError("image data end early")
    else:
        content = data[chunk.offset : chunk.offset + wanted]  # some writers leave the size out, or get it wrong
        content = content.translate(_REVERSED) if is_reversed else content
    if len(content) < wanted:
        raise OSError("image data end early")
    return content


def _by_libtiff(packed: bytes, compression: int, rows: int, row_bytes: int, *, is_reversed: bool) -> bytes:
    """Unpack a strip as if it were one of 8-bit gray, `row_bytes` wide."""
    from PIL.TiffImagePlugin import TiffImageFile

    fields = [
        *((tags.WIDTH, 4, row_bytes), (tags.HEIGHT, 4, rows), (tags.BITS, 3, 8), (tags.COMPRESSION, 3, compression)),
        *(
            (tags.PHOTOMETRIC, 3, 1),
            (tags.FILL_ORDER, 3, 1 + is_reversed),
            (tags.STRIP_OFFSETS, 4, 8 + 2 + 10 * 12 + 4),
        ),
        *((tags.SAMPLES, 3, 1), (tags.ROWS_PER_STRIP, 4, rows), (tags.STRIP_SIZES, 4, len(packed))),
    ]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    strip = struct.pack("<2sHIH", b"II", 42, 8, len(fields)) + directory + bytes(4) + packed
    with TiffImageFile(io.BytesIO(strip), "") as image:
        return image.tobytes()


def _samples_of(lines: NDArray[np.uint8], header: TiffHeader, layout: _Layout) -> NDArray[Any]:
    """Rows of bytes as samples in native order, the predictor undone; (rows, columns * samples)."""
    n, bits = layout.width * layout.samples, header.bits
    predictor = header.first(tags.PREDICTOR, 1)
    if predictor == 3 and header.sample_format == FLOAT:
        lines = _undo_float_predictor(lines, layout.samples, bits // 8)
        return lines.view(f">f{bits // 8}")
    if bits not in (8, 16, 32, 64):
        unpacked = np.unpackbits(lines, axis=1, count=n * bits).reshape(len(lines), n, bits)
        return unpacked @ (1 << np.arange(bits - 1, -1, -1)).astype(np.uint16)
    size = bits // 8
    integers = lines.view(f"{header.order}u{size}").astype(f"=u{size}")
    if predictor == 2:
        by_sample = integers.reshape(len(lines), layout.width, layout.samples)
        integers = np.cumsum(by_sample, axis=1, dtype=integers.dtype).reshape(len(lines), n)
    letter = {UNSIGNED: "u", SIGNED: "i", FLOAT: "f"}[header.sample_format]
    return integers.view(f"={letter}{size}")


def _undo_float_predictor(lines: NDArray[np.uint8], samples: int, size: int) -> NDArray[np.uint8]:
    """Differences of bytes, each row with the most significant bytes of all its samples first."""
    by_sample = lines.reshape(len(lines), -1, samples)
    summed = np.cumsum(by_sample, axis=1, dtype=np.uint8).reshape(len(lines), size, -1)
    return np.ascontiguousarray(summed.transpose(0, 2, 1)).reshape(len(lines), -1)


def _subsampled(data: bytes, header: TiffHeader, width: int, rows: int, chunk: _Chunk) -> NDArray[np.uint8]:
    """YCbCr in blocks of `across` x `down` luma samples and one of each chroma, as (rows, width, 3)."""
    across, down = (*header.tags.get(tags.YCBCR_SUBSAMPLING, (2, 2)), 0)[:2]
    if across not in (1, 2, 4) or down not in (1, 2, 4):
        raise ValueError("unknown subsampling")
    n_x, n_y, size = -(-width // across), -(-rows // down), across * down + 2
    packed = _unpacked(data, header, chunk, n_y, n_x * size)
    units = np.frombuffer(packed, np.uint8, n_y * n_x * size).reshape(n_y, n_x, size)
    luma = units[..., :-2].reshape(n_y, n_x, down, across).swapaxes(1, 2).reshape(n_y * down, n_x * across)
    chroma = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
    return np.dstack([luma, chroma])[:rows, :width]


def _place(
    levels: NDArray[np.uint8],
    chunk: _Chunk,
    row: int,
    samples: NDArray[Any],
    scales: tuple[Scale, Scale],
    header: TiffHeader,
) -> None:
    """Write the levels of a block of samples to where they belong."""
    top = chunk.top + row
    target = levels[top : top + len(samples), chunk.left : chunk.left + samples.shape[1]]
    samples = samples[: target.shape[0], : target.shape[1]]
    if not target.size or chunk.plane >= levels.shape[2]:
        return
    color, alpha = scales
    n_colors = header.n_colors
    if header.is_planar:
        scale = color if chunk.plane < n_colors else alpha
        target[..., chunk.plane] = scale.levels(samples[..., 0])
        return
    target[..., :n_colors] = color.levels(samples[..., :n_colors])
    if levels.shape[2] > n_colors:
        target[..., n_colors] = alpha.levels(samples[..., n_colors])


def _as_image(levels: NDArray[np.uint8], header: TiffHeader) -> Image.Image:
    height, width, n = levels.shape
    mode = {tags.RGB: "RGB", tags.CMYK: "CMYK", tags.YCBCR: "YCbCr"}.get(header.photometric, "L")
    if n == header.n_colors:
        return Image.frombuffer(mode, (width, height), levels, "raw", mode, 0, 1)
    if mode in ("L", "RGB"):
        mode += "a" if header.extra[0] == 1 else "A"
        return Image.frombuffer(mode, (width, height), levels, "raw", mode, 0, 1)
    image = Image.frombytes(mode, (width, height), levels[..., :-1].tobytes()).convert("RGB")
    image.putalpha(Image.fromarray(levels[..., -1]))
    return image
