"""Damage that Pillow does not see: refused where the format gives a chance, and never refused in a sound file."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from nncli.data.image import integrity
from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from tests.data.pictures import decode, encode, gradient, noise

FORMAT = ImageFormat(24, 32, "rgb", "stretch")
PICTURE = noise(96, 128)
JPEG = encode(PICTURE, "JPEG", quality=90)
END = b"\xff\xd9"


def refused(data: bytes, reason: str = "") -> bool:
    """Whether decoding fails, for this reason."""
    try:
        decode_image(data, FORMAT)
    except ImageError as error:
        assert reason in str(error)
        return True
    return False


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG with the right checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(height: int, width: int, bits: int, color: int, pixels: bytes, *, interlaced: bool = False) -> bytes:
    """A PNG with these filtered rows, as many as they are."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced)
    palette = chunk(b"PLTE", bytes(range(48))) if color == 3 else b""
    parts = (chunk(b"IHDR", header), palette, chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# ---------------------------------------------------------------------------------------------------------------- JPEG


@pytest.mark.parametrize("options", [{}, {"subsampling": 2}, {"restart_marker_blocks": 5}, {"optimize": True}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_cut_jpeg_with_an_end_mark_is_refused(mode: str, options: dict[str, int]) -> None:
    """Where libjpeg would paint the rest gray and say nothing."""
    data = encode(Image.fromarray(PICTURE).convert(mode), "JPEG", **options)
    assert not refused(data)
    start = data.index(b"\xff\xda") + 20
    for end in np.linspace(start, len(data) - 200, 30).astype(int).tolist():
        cut = data[:end].rstrip(b"\xff")
        assert refused(cut + END)
        assert refused(cut)


def test_a_jpeg_with_data_left_over_is_refused() -> None:
    """A sign of bytes that were changed before: the decoder has lost the rhythm."""
    data = JPEG.removesuffix(END)
    assert refused(data + b"\x55" * 100 + END, "left over")
    assert not refused(data + b"\x00" * 15 + END)  # some encoders fill up


def test_zeros_in_the_middle_of_a_jpeg_are_refused() -> None:
    """As after an interrupted download; nearly always the data then do not last, or last too long."""
    data = encode(noise(300, 400), "JPEG", quality=90)
    n_refused = 0
    for start in np.linspace(1000, len(data) - 9000, 20).astype(int).tolist():
        n_refused += refused(data[:start] + bytes(4096) + data[start + 4096 :])
    assert n_refused >= 18


def test_a_progressive_jpeg_without_its_last_scans_is_refused() -> None:
    """It would be a blurred picture."""
    data = encode(PICTURE, "JPEG", progressive=True)
    scans = [i for i in range(len(data) - 1) if data[i : i + 2] == b"\xff\xda"]
    assert not refused(data)
    for scan in scans[1:]:
        assert refused(data[:scan] + END, "scans are missing")


def test_restart_markers_are_counted() -> None:
    """Between two of them libjpeg paints gray what is missing."""
    data = encode(PICTURE, "JPEG", restart_marker_blocks=4)
    first, second = data.index(b"\xff\xd0"), data.index(b"\xff\xd1")
    assert refused(data[:first] + data[second:], "restart markers")


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (8, 8), (3, 500), (17, 31)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("color", [0, 41, 128, 255])
def test_every_whole_jpeg_is_read(size: tuple[int, int], mode: str, color: int) -> None:
    """Tiny and plain ones too, large files and those with something behind the end."""
    for progressive in (False, True):
        data = encode(Image.new("L", size, color).convert(mode), "JPEG", progressive=progressive)
        assert not refused(data)
        assert not refused(data + b"something else")


def test_a_held_back_jpeg_gives_pillows_pixels() -> None:
    """Reading in pieces changes nothing."""
    picture = gradient(96, 128)
    data = encode(picture, "JPEG")
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image).astype(int)
    assert expected.tolist() == decode(data, 96, 128).tolist()


# ----------------------------------------------------------------------------------------------------------------- PNG


def test_every_changed_bit_of_a_png_is_noticed() -> None:
    """By its checksums, which Pillow skips for pixels."""
    data = encode(noise(6, 8), "PNG")
    for position in range(8, len(data)):
        changed = bytearray(data)
        changed[position] ^= 1
        assert refused(bytes(changed))


def test_a_png_without_its_end_mark_is_refused() -> None:
    """It was cut, even if all pixels are there."""
    data = encode(noise(6, 8), "PNG")
    assert refused(data[:-12], "no end mark")
    assert not refused(data + b"something else")


@pytest.mark.parametrize(("color", "channels"), [(0, 1), (2, 3), (3, 1), (4, 2), (6, 4)])
def test_a_png_with_too_few_rows_is_refused(color: int, channels: int) -> None:
    """Its checksums are right, and Pillow would leave the rest black; a black picture is none of that."""
    row = b"\0" + bytes(4 * channels)
    assert not refused(png(6, 4, 8, color, row * 6))
    for rows in (0, 1, 5):
        assert refused(png(6, 4, 8, color, row * rows))
    assert refused(png(6, 4, 8, color, row * 6 * 2)[:-40])


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_pixels_of_less_than_a_byte_are_counted(bits: int) -> None:
    """A row is filled up to a byte."""
    row = b"\0" + bytes(-(-9 * bits // 8))
    assert not refused(png(7, 9, bits, 3, row * 7))
    assert refused(png(7, 9, bits, 3, row * 6), "end early")


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (2, 3), (8, 8), (9, 13)])
def test_an_interlaced_png_is_counted_pass_by_pass(size: tuple[int, int]) -> None:
    """Passes without a column or a row have no data at all."""
    height, width = size
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, dx, dy in passes:
        columns = len(range(x, width, dx))
        rows += (b"\0" + bytes(columns)) * len(range(y, height, dy)) if columns else b""
    assert not refused(png(height, width, 8, 0, rows, interlaced=True))
    assert refused(png(height, width, 8, 0, rows[:-1], interlaced=True))


# ------------------------------------------------------------------------------------------------------- other formats


def test_a_file_of_very_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow would look at each of them; a file of a gigabyte could keep it busy for many minutes."""
    assert integrity.MOST_PARTS == 1_000_000
    monkeypatch.setattr(integrity, "MOST_PARTS", 100)
    palette = Image.fromarray(noise(9, 9)).convert("P")
    whole_png, gif = encode(noise(9, 9), "PNG"), encode(palette, "GIF")
    for n, is_refused in ((50, False), (101, True)):
        assert is_refused == refused(whole_png[:33] + chunk(b"xxXx", b"") * n + whole_png[33:])
        assert is_refused == refused(JPEG[:2] + b"\xff\xfe\0\2" * n + JPEG[2:])
        assert is_refused == refused(gif[:-1] + b"\x21\xfe" + b"\1x" * n + b"\0;")


def test_a_gif_is_read_to_its_end_mark() -> None:
    """Also behind the first frame, which is all that is decoded."""
    frames = [Image.fromarray(noise(9, 9, seed)).convert("P") for seed in range(2)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert not refused(data)
    for length in range(len(data)):
        assert refused(data[:length])


def test_a_gif_that_ends_its_pixels_early_is_refused() -> None:
    """Its code for the end comes after the first row; a plain picture with the same bottom is read."""

    def gif(codes: list[int]) -> bytes:
        bits = sum(code << 3 * i for i, code in enumerate(codes))
        packed = bits.to_bytes(-(-3 * len(codes) // 8), "little")
        header = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + bytes([0, 0, 0, 255, 255, 255])
        frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 2, 2, 0) + b"\x02" + bytes([len(packed)]) + packed
        return header + frame + b"\0;"

    clear, end = 4, 5
    assert not refused(gif([clear, 1, 1, clear, 0, 0, end]))
    assert refused(gif([clear, 1, 1, end]))


def test_a_deflated_tiff_is_read_to_its_checksum() -> None:
    """libtiff stops when it has the pixels."""
    data = encode(PICTURE, "TIFF", compression="tiff_adobe_deflate")
    with Image.open(io.BytesIO(data)) as image:
        offset, size = image.tag_v2[273][0], image.tag_v2[279][0]  # type: ignore[attr-defined]
    assert not refused(data)
    wrong = bytearray(data)
    wrong[offset + size - 1] ^= 1
    assert refused(bytes(wrong))


@pytest.mark.parametrize(
    ("data", "is_cut"),
    [
        (b"P2 2 1 255 7 255", False),
        (b"P2 2 1 255 7 25", True),
        (b"P2 2 1 255 7 25\n", False),
        (b"P2 2 1 255 7 0", False),
        (b"P2 2 1 9 7 3", False),
        (b"P3 1 1 255 7 8 2", True),
        (b"P2\n# a comment 1 2 3 4\n2 1 255 7 25", True),
        (b"P1 2 1 1 0", False),
        (b"P2 2 1 250 7 25", True),  # as 250, the largest value there may be
        (b"P2 2 1 249 7 25", False),
        (b"P2 2 1 255 7 0000025", True),
        (b"P2 2 1 255 7 255 #25", False),
        (b"P1 4 1 100 1", False),  # has no largest value, and needs no spaces
    ],
)
def test_a_plain_ppm_cut_in_a_number_is_refused(data: bytes, is_cut: bool) -> None:
    """Where the number could go on and no white space follows."""
    assert is_cut == refused(data)


def test_twelve_bits_are_scaled_to_eight() -> None:
    """A TIFF of 0 to 4095, two pixels in three bytes, which Pillow gives as 16 bits."""
    tags = [(256, 4), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 6)]
    pixels = bytes.fromhex("000800fff010")
    directory = b"".join(struct.pack("<HHII", tag, 4 if tag == 273 else 3, 1, value) for tag, value in tags)
    data = b"II*\0" + struct.pack("<I", 14) + pixels + struct.pack("<H", len(tags)) + directory + bytes(4)
    assert [[0, 128, 255, 1]] == decode(data, 1, 4, "grayscale").tolist()
    turned = data.replace(struct.pack("<HHII", 277, 3, 1, 1), struct.pack("<HHII", 274, 3, 1, 3))
    assert [[1, 255, 128, 0]] == decode(turned, 1, 4, "grayscale").tolist()
