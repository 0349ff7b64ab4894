"""What Pillow gets wrong of PNG, GIF, WebP, BMP and JPEG files, and the formats of plugins."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, features

from nncli.data.image import kinds
from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from nncli.data.image.jxl_header import jxl_size
from nncli.machine.extras import install_command
from tests.data.pictures import decode, encode, gradient, noise, with_orientation

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT, WIDTH = 12, 16
PICTURE = gradient(HEIGHT, WIDTH)
WHITE = [255, 255, 255]


def png(depth: int, color: int, samples: NDArray[Any], transparent: bytes | None = None) -> bytes:
    """A PNG of samples (height, width, channels), perhaps with a transparent level."""
    height, width, n = samples.shape
    bits = (samples.reshape(height, -1, 1) >> np.arange(depth - 1, -1, -1)) & 1
    rows = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    filtered = b"".join(b"\0" + row.tobytes() for row in rows)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))]
    parts += [(b"tRNS", transparent)] if transparent else []
    parts += [(b"IDAT", zlib.compress(filtered)), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(c)) + name + c + struct.pack(">I", zlib.crc32(name + c)) for name, c in parts)
    assert n == {0: 1, 2: 3, 4: 2, 6: 4}[color]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_the_transparent_level_of_a_gray_png_is_found_at_every_depth(depth: int) -> None:
    """Pillow leaves that of 2 and 4 bits unscaled."""
    largest = 2**depth - 1
    samples = np.array([[[0], [largest], [1]]], np.int64)
    expected = [[WHITE, WHITE, [round(255 / largest)] * 3]]
    assert expected == decode(png(depth, 0, samples, struct.pack(">H", 0)), 1, 3).tolist()


def test_the_transparent_color_of_a_16_bit_png_matches_all_bits() -> None:
    """Pillow keeps the high byte of each; a color that shares them is none."""
    samples = np.array([[[0x1234, 0x5678, 0x9ABC], [0x1234, 0x5678, 0x9ABD], [0x0001, 0x0002, 0x0003]]], np.int64)
    data = png(16, 2, samples, struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC))
    assert [[WHITE, [0x12, 0x56, 0x9A], [0, 0, 0]]] == decode(data, 1, 3).tolist()
    black = png(16, 2, samples, struct.pack(">HHH", 0, 0, 0))  # near black is not black
    assert [[[0x12, 0x56, 0x9A], [0x12, 0x56, 0x9A], [0, 0, 0]]] == decode(black, 1, 3).tolist()


@pytest.mark.parametrize(("color", "n"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_a_range_of_values_uses_all_16_bits_of_a_png(color: int, n: int) -> None:
    """Also those that Pillow leaves out: 150 to 350 of a microscope."""
    samples = np.full((1, 3, n), 65535, np.int64)
    colors = n - (color in (4, 6))
    samples[0, :, :colors] = np.array([100, 250, 900])[:, None]
    image_format = ImageFormat(1, 3, "rgb", "stretch", value_range=(150, 350))
    row = decode_image(png(16, color, samples), image_format)
    assert [0] * 3 + [128] * 3 + [255] * 3 == row.tolist()


def test_around_a_gifs_smaller_first_frame_is_nothing() -> None:
    """Browsers show the page; here, white, and not color 0 of the palette."""
    image = Image.new("P", (4, 4), 2)
    image.putpalette([0, 0, 255, 255, 255, 0, 255, 0, 0, 0, 255, 0])
    data = encode(image, "GIF", optimize=False)
    start, table = data.index(b",\0\0\0\0\4\0\4\0"), 13 + (3 << (data[10] & 7) + 1)
    small = b"GIF89a" + struct.pack("<HH", 8, 8) + bytes([data[10], 0, 0]) + data[13:table]
    small += b"," + struct.pack("<HH", 2, 2) + data[start + 5 :]
    expected = np.full((8, 8, 3), 255)
    expected[2:6, 2:6] = [255, 0, 0]
    assert expected.tolist() == decode(small, 8, 8).tolist()


def test_around_a_webps_smaller_first_frame_is_nothing() -> None:
    """Where Pillow shows black."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)

    def three(value: int) -> bytes:
        return struct.pack("<I", value)[:3]

    frame = encode(Image.new("RGB", (4, 4), "red"), "WEBP", lossless=True)[12:]
    place = three(1) + three(1) + three(3) + three(3) + three(100) + b"\0"
    body = chunk(b"VP8X", bytes([2, 0, 0, 0]) + three(7) + three(7)) + chunk(b"ANIM", struct.pack("<IH", 0, 0))
    body = b"WEBP" + body + chunk(b"ANMF", place + frame) * 2
    expected = np.full((8, 8, 3), 255)
    expected[2:6, 2:6] = [255, 0, 0]
    assert expected.tolist() == decode(b"RIFF" + struct.pack("<I", len(body)) + body, 8, 8).tolist()


def bmp(bits: int, masks: tuple[int, ...], pixels: NDArray[np.int64], header: int = 56) -> bytes:
    """A BMP of (height, width, channels) of full scale in each mask, the lowest row first."""
    values = np.zeros(pixels.shape[:2], np.int64)
    for k, mask in enumerate(masks[: pixels.shape[2]]):
        shift = (mask & -mask).bit_length() - 1
        values |= np.rint(pixels[..., k] / 255 * (mask >> shift)).astype(np.int64) << shift
    rows = [row.astype(f"<u{bits // 8}").tobytes() for row in values[::-1]]
    content = b"".join(row.ljust(-(-len(row) // 4) * 4, b"\0") for row in rows)
    fields = struct.pack("<IiiHHIIiiII", header, *pixels.shape[1::-1], 1, bits, 3, len(content), 0, 0, 0, 0)
    start = fields + struct.pack("<4I", *masks, *[0] * (4 - len(masks)))
    start = start.ljust(header, b"\0") if header > 40 else start[:52]
    return b"BM" + struct.pack("<IHHI", 14 + len(start) + len(content), 0, 0, 14 + len(start)) + start + content


@pytest.mark.parametrize("header", [40, 52, 56, 108, 124])
@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (32, (0xFF << 23, 0xFF << 14, 0xFF << 1)),
        (32, (0x3FF << 20, 0x3FF << 10, 0x3FF)),
        (32, (0x7 << 29, 0xFF << 10, 0x7F)),
        (16, (0xF00, 0xF0, 0xF)),
        (16, (0x3, 0x1C, 0xE0)),
        (16, (0x1F, 0x7E0, 0xF800)),
    ],
)
def test_the_channels_of_a_bmp_lie_where_its_masks_say(bits: int, masks: tuple[int, int, int], header: int) -> None:
    """Pillow knows ten layouts."""
    corners = np.where(noise(5, 3) > 127, 255, 0).astype(np.int64)  # full scale fits every mask
    assert corners.tolist() == decode(bmp(bits, masks, corners, header), 5, 3).tolist()


def test_the_alpha_of_a_bmp_counts_unless_it_is_all_zero() -> None:
    """Programs write zeros and mean no transparency; browsers see it so, too."""
    masks = (0xF000, 0xF00, 0xF0, 0xF)
    pixels = np.array([[[255, 0, 0, 255], [255, 0, 0, 0]]], np.int64)
    assert [[[255, 0, 0], WHITE]] == decode(bmp(16, masks, pixels), 1, 2).tolist()
    for bits, layout in ((16, masks), (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000))):
        pixels[..., 3] = 0
        assert [[[255, 0, 0]] * 2] == decode(bmp(bits, layout, pixels), 1, 2).tolist()


def test_a_channel_without_a_mask_is_black() -> None:
    """Red may be left out; alpha, which is left out likewise, is another matter."""
    pixels = np.array([[[0, 255, 255], [0, 0, 255]]], np.int64)
    data = bmp(16, (0xF800, 0x7E0, 0x1F), pixels).replace(struct.pack("<I", 0xF800), bytes(4), 1)
    assert pixels.tolist() == decode(data, 1, 2).tolist()


def test_a_cut_bmp_with_masks_is_refused() -> None:
    """And one that claims more pixels than there may be."""
    data = bmp(16, (0xF00, 0xF0, 0xF), np.zeros((5, 3, 3), np.int64))
    with pytest.raises(ImageError, match=r"image data end early"):
        decode(data[:-5], 5, 3)
    huge = data[:18] + struct.pack("<ii", 2**31 - 1, -(2**31)) + data[26:]
    with pytest.raises(ImageError, match=r"more than 110,000,000 pixels"):
        decode(huge, 5, 3)


# ---------------------------------------------------------------------------------------------------------------- JPEG

JPEG = encode(gradient(96, 128), "JPEG", quality=90)


def test_a_restart_marker_behind_the_last_interval_is_no_damage() -> None:
    """A camera writes it."""
    data = encode(gradient(96, 128), "JPEG", restart_marker_blocks=4)
    markers = [i for i in range(len(data) - 1) if data[i] == 255 and 0xD0 <= data[i + 1] <= 0xD7]
    following = 0xD0 + (data[markers[-1] + 1] - 0xD0 + 1) % 8
    more = data[:-2] + bytes([255, following, 255, 0xD9])
    assert decode(data, 96, 128).tolist() == decode(more, 96, 128).tolist()
    with pytest.raises(ImageError, match=r"restart markers"):
        decode(data[:-2] + bytes([255, 0xD0 + (following - 0xD0 + 1) % 8, 255, 0xD9]), 96, 128)


@pytest.mark.parametrize("marker", [b"\xfe", b"\xe1"])
@pytest.mark.parametrize("content", [b"", b"c" * 8, b"c" * 64, b"\xff\xd9" * 32, b"cccc\xff\xd9"])
def test_a_segment_before_the_end_mark_is_no_damage(marker: bytes, content: bytes) -> None:
    """A comment, an application's data; left over image data still are."""
    segment = b"\xff" + marker + struct.pack(">H", 2 + len(content)) + content
    assert decode(JPEG, 9, 9).tolist() == decode(JPEG[:-2] + segment + b"\xff\xd9", 9, 9).tolist()
    for data in (JPEG[:-2] + b"\x55" * 100 + segment + b"\xff\xd9", JPEG[:-200] + segment + b"\xff\xd9"):
        with pytest.raises(ImageError):
            decode(data, 9, 9)


def scans(data: bytes) -> list[tuple[int, int]]:
    """Where the scans of a progressive JPEG begin and end."""
    starts = [i for i in range(len(data) - 1) if data[i : i + 2] == b"\xff\xda"]
    ends = []
    for start in starts:
        end = start + 4
        while not (data[end] == 255 and data[end + 1] != 0):
            end += 1
        ends.append(end)
    return list(zip(starts, ends, strict=True))


def test_coefficients_of_color_may_be_left_out_on_purpose() -> None:
    """No scan begins them: chroma is coarser. Of what was begun, and of luma, everything has to be there."""
    data = encode(gradient(96, 128), "JPEG", progressive=True, quality=90)
    kept, luma = data, data
    for start, end in reversed(scans(data)):
        n, component = data[start + 4], data[start + 5]
        first = data[start + 5 + 2 * n]
        if n == 1 and first > 0:
            if component != 1:
                kept = kept[:start] + kept[end:]
            else:
                luma = luma[:start] + luma[end:]
    assert np.abs(decode(data, 96, 128) - decode(kept, 96, 128)).max() <= 24
    with pytest.raises(ImageError, match=r"scans are missing"):
        decode(luma, 96, 128)


def test_a_lossless_jpeg_is_read_at_every_size() -> None:
    """Its decoder cannot reduce it."""
    imagecodecs = pytest.importorskip("imagecodecs")
    picture = gradient(240, 320)
    data = imagecodecs.jpeg8_encode(picture, lossless=True)
    assert picture.tolist() == decode(data, 240, 320).tolist()
    assert np.abs(decode(encode(picture, "PNG"), 24, 32) - decode(data, 24, 32)).max() <= 1


@pytest.mark.parametrize("orientation", [1, 3])
def test_an_orientation_that_only_xmp_knows_counts(orientation: int) -> None:
    """As EXIF's does; where both are there, EXIF's."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>' % orientation
    segment = b"http://ns.adobe.com/xap/1.0/\0" + xmp
    data = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + JPEG[2:]
    upright = decode(JPEG, 96, 128)
    assert (upright if orientation == 1 else upright[::-1, ::-1]).tolist() == decode(data, 96, 128).tolist()


# ------------------------------------------------------------------------------------------------------------- plugins


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
@pytest.mark.parametrize("orientation", [1, 6])
def test_an_avif_is_read(orientation: int) -> None:
    """Turned upright as the file says."""
    data = encode(PICTURE, "AVIF", quality=100, subsampling="4:4:4", exif=with_orientation(orientation))
    expected = PICTURE if orientation == 1 else np.rot90(PICTURE, -1)
    assert np.abs(decode(data, *expected.shape[:2]) - expected).max() <= 4


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_heic_is_read_where_the_extra_is_there(orientation: int) -> None:
    """Its decoder has turned it upright already."""
    heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    exif = with_orientation(orientation).tobytes()
    heif.from_pillow(Image.fromarray(PICTURE)).save(stream, quality=-1, chroma=444, exif=exif)
    data = stream.getvalue()
    assert "HEIC" == getattr(kinds.kind_of_content(data), "name", None)
    assert (HEIGHT, WIDTH, 3) == decode(data, HEIGHT, WIDTH).shape
    whole = [decode(data, HEIGHT, WIDTH), decode(data, WIDTH, HEIGHT)]
    differences = np.abs(whole[0] - PICTURE).max(), np.abs(whole[1] - np.rot90(PICTURE, -1)).max()
    assert min(differences) <= 4


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (255, 257), (640, 480), (1200, 1000), (7000, 10)])
def test_the_size_of_a_jpeg_xl_is_told_by_its_first_bits(size: tuple[int, int]) -> None:
    """Before its plugin decodes it."""
    imagecodecs = pytest.importorskip("imagecodecs")
    data = imagecodecs.jpegxl_encode(np.zeros((size[1], size[0], 3), np.uint8))
    assert size == jxl_size(data)


def test_a_jpeg_xl_is_read_where_the_extra_is_there() -> None:
    """To the last bit; one that is too large is refused before it is decoded."""
    pytest.importorskip("pillow_jxl")
    data = encode(PICTURE, "JXL", lossless=True)
    assert PICTURE.tolist() == decode(data, HEIGHT, WIDTH).tolist()
    with pytest.raises(ImageError, match=r"more than 10 pixels"):
        decode_image(data, ImageFormat(4, 4, "rgb", "stretch", max_pixels=10))
    for length in range(2, len(data) - 1, 7):
        with pytest.raises(ImageError):
            decode(data[:length], HEIGHT, WIDTH)


def test_samples_of_16_bits_are_no_twice_as_many_of_8() -> None:
    """The plugin takes gray with alpha for that; with 8 bits, or without alpha, it is right."""
    pytest.importorskip("pillow_jxl")
    encoded = pytest.importorskip("imagecodecs").jpegxl_encode
    for samples in (np.full((4, 4, 2), 255, np.uint8), np.full((4, 4, 1), 65535, np.uint16)):
        assert {255} == set(decode(encoded(samples, lossless=True), 4, 4).ravel().tolist())
    with pytest.raises(ImageError, match="gray with alpha of 16 bits; save it as PNG, or without alpha"):
        decode(encoded(np.full((4, 4, 2), 65535, np.uint16), lossless=True), 4, 4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"\0\0\0\x24ftypheic" + bytes(40),
            f"a HEIC file, which is not read; {install_command('heic')}, or save it as JPEG or PNG",
        ),
        (
            b"\xff\x0a" + bytes(40),
            f"a JPEG XL file, which is not read; {install_command('jxl')}, or save it as JPEG or PNG",
        ),
        (b"\0\0\0\x20ftypavif" + bytes(40), "an AVIF file, which is not read; save it as JPEG or PNG"),
        (b"\xff\x4f\xff\x51" + bytes(40), "a JPEG 2000 file, which is not read; save it as JPEG or PNG"),
        (
            b"FUJIFILMCCD-RAW 0201",
            "a camera RAW file, which is not read; export it from the camera's program as JPEG or TIFF",
        ),
    ],
)
def test_what_needs_an_extra_or_is_never_read_is_named(
    data: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what it is, and what to do."""
    monkeypatch.setattr(kinds, "_exists", lambda _: False)
    with pytest.raises(ImageError) as caught:
        decode(data, 4, 4)
    assert words == str(caught.value)
