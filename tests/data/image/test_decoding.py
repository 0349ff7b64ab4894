"""Every kind of image file becomes the same row of pixels."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageCms, JpegImagePlugin

from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from tests.data.pictures import decode, encode, gradient, noise, with_orientation

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEIGHT, WIDTH = 12, 16
PICTURE = gradient(HEIGHT, WIDTH)
GRAY = np.asarray(Image.fromarray(PICTURE).convert("L"))


def found(data: bytes, color: str = "rgb") -> NDArray[np.int64]:
    """The decoded file, in the size that the picture has."""
    return decode(data, HEIGHT, WIDTH, color)


def largest_difference(expected: NDArray[Any], found: NDArray[np.int64]) -> int:
    """In gray levels."""
    assert expected.shape == found.shape
    return int(np.abs(expected.astype(np.int64) - found).max())


def in_lab(picture: NDArray[np.uint8]) -> Image.Image:
    """The picture in CIE Lab, as some scanners save it."""
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(Image.fromarray(picture), srgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("PPM", {}),
    ],
)
def test_every_lossless_format_gives_the_pixels_that_were_saved(file_format: str, options: dict[str, Any]) -> None:
    """The format of the file leaves no trace."""
    picture = PICTURE // 64 * 64 if file_format == "GIF" else PICTURE  # a palette holds 256 colors
    assert picture.tolist() == found(encode(picture, file_format, **options)).tolist()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"subsampling": 0}])
def test_jpeg_gives_nearly_the_pixels_that_were_saved(options: dict[str, Any]) -> None:
    """Baseline and progressive."""
    assert largest_difference(PICTURE, found(encode(PICTURE, "JPEG", quality=95, **options))) <= 12


def test_a_phones_jpeg_with_several_pictures_gives_the_first() -> None:
    """MPO: a JPEG with more behind it."""
    image = Image.fromarray(PICTURE)
    data = encode(image, "MPO", save_all=True, append_images=[Image.fromarray(255 - PICTURE)], quality=95)
    assert largest_difference(PICTURE, found(data)) <= 12


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "WEBP", "TIFF"])
def test_an_animation_gives_its_first_frame(file_format: str) -> None:
    """And a TIFF of several pages its first page."""
    frames = [Image.fromarray(np.full((HEIGHT, WIDTH, 3), level, np.uint8)) for level in (51, 153, 255)]
    data = encode(frames[0], file_format, save_all=True, append_images=frames[1:])
    assert largest_difference(np.full((HEIGHT, WIDTH, 3), 51), found(data)) <= 1


@pytest.mark.parametrize(
    ("image", "file_format", "tolerance"),
    [
        (Image.fromarray(GRAY), "PNG", 0),
        (Image.fromarray(GRAY).convert("LA"), "PNG", 0),
        (Image.fromarray(GRAY).convert("P"), "PNG", 0),
        (Image.fromarray(GRAY), "JPEG", 3),
        (Image.fromarray(GRAY).convert("RGBA"), "TIFF", 0),
        (Image.fromarray(GRAY).convert("CMYK"), "TIFF", 0),
        (Image.fromarray(GRAY).convert("YCbCr"), "TIFF", 0),
        (Image.fromarray(257 * GRAY.astype(np.uint16)), "PNG", 0),
        (Image.fromarray(257 * GRAY.astype(np.uint16)), "TIFF", 0),
        (Image.frombytes("I;16B", (WIDTH, HEIGHT), (257 * GRAY.astype(np.uint16)).astype(">u2").tobytes()), "TIFF", 0),
        (Image.fromarray(257 * GRAY.astype(np.int32)), "TIFF", 0),
        (Image.fromarray(257 * GRAY.astype(np.int32)), "PPM", 0),
        (Image.fromarray(GRAY.astype(np.float32) / 255), "TIFF", 0),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else str(value),
)
@pytest.mark.parametrize("color", ["rgb", "grayscale"])
def test_a_gray_picture_is_the_same_in_every_mode(
    image: Image.Image, file_format: str, tolerance: int, color: str
) -> None:
    """8, 16 and 32 bits, floats, palettes and color modes."""
    expected = GRAY if color == "grayscale" else np.stack([GRAY] * 3, axis=-1)
    assert largest_difference(expected, found(encode(image, file_format), color)) <= tolerance


@pytest.mark.parametrize(
    ("image", "file_format", "tolerance"),
    [
        (Image.fromarray(PICTURE).convert("RGBA"), "PNG", 0),
        (Image.fromarray(PICTURE).convert("RGBA"), "WEBP", 0),
        (Image.fromarray(PICTURE).convert("CMYK"), "TIFF", 0),
        (Image.fromarray(PICTURE).convert("CMYK"), "JPEG", 12),
        (Image.fromarray(PICTURE).convert("YCbCr"), "TIFF", 3),
        (Image.fromarray(PICTURE).convert("P", palette=Image.Palette.ADAPTIVE), "PNG", 2),
        (in_lab(PICTURE), "TIFF", 16),  # 8 bits of Lab are coarse for saturated colors
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else str(value),
)
def test_a_color_picture_is_the_same_in_every_mode(image: Image.Image, file_format: str, tolerance: int) -> None:
    """As close as the mode can hold it."""
    options = {"lossless": True} if file_format == "WEBP" else {"quality": 95} if file_format == "JPEG" else {}
    assert largest_difference(PICTURE, found(encode(image, file_format, **options))) <= tolerance


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP", "PPM"])
def test_one_bit_is_black_or_white(file_format: str) -> None:
    """Not 0 or 1 of 255."""
    bits = GRAY > np.median(GRAY)
    expected = np.stack([255 * bits] * 3, axis=-1)
    assert expected.tolist() == found(encode(Image.fromarray(bits), file_format)).tolist()


def test_sixteen_bits_are_rounded_to_eight() -> None:
    """The whole range is scaled, nothing is clipped."""
    levels = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], np.uint16)
    expected = [[0, 0, 1, 1, 128, 254, 255, 255]]
    assert expected == decode(encode(levels, "PNG"), 1, 8, "grayscale").tolist()
    assert expected == decode(encode(levels.astype(np.int32), "TIFF"), 1, 8, "grayscale").tolist()


def test_sixteen_bit_rgb_is_scaled() -> None:
    """Of a PPM; the PNG and TIFF decoders do the same."""
    values = np.array([[[0, 32768, 65535], [257, 51400, 65000]]], ">u2")
    data = b"P6 2 1 65535\n" + values.tobytes()
    assert largest_difference(np.rint(values / 257), decode(data, 1, 2)) <= 1


def test_floats_are_read_as_0_to_1() -> None:
    """Rounded to the nearest level."""
    values = np.array([[0, 0.25, 0.5, 1]], np.float32)
    assert [[0, 64, 128, 255]] == decode(encode(values, "TIFF"), 1, 4, "grayscale").tolist()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.1, 1.1, 255])
def test_floats_out_of_range_are_refused(value: float) -> None:
    """A guessed scale would make dark pictures bright; the message says what to do."""
    values = np.array([[0, 0.5, value]], np.float32)
    with pytest.raises(ImageError, match=r"^pixel values from .* instead of 0 to 1; save it with 8 or 16 bits$"):
        decode(encode(values, "TIFF"), 1, 3)


@pytest.mark.parametrize("value", [-1, 65536, 2**31 - 1])
def test_32_bit_integers_out_of_range_are_refused(value: int) -> None:
    """For the same reason."""
    with pytest.raises(ImageError, match=r"^pixel values from .* instead of 0 to 65535; save it with 8 or 16 bits$"):
        decode(encode(np.array([[0, value]], np.int32), "TIFF"), 1, 2)


def test_transparency_is_composited_over_white() -> None:
    """What lies hidden under full transparency does not show; half of it is halfway to white."""
    pixels = np.array([[[200, 0, 0, 0], [0, 100, 0, 255], [0, 0, 55, 128]]], np.uint8)
    expected = [[[255, 255, 255], [0, 100, 0], [127, 127, 155]]]
    for file_format, options in (("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})):
        assert largest_difference(np.array(expected), decode(encode(pixels, file_format, **options), 1, 3)) <= 1


@pytest.mark.parametrize(
    ("mode", "pixels", "transparency", "expected"),
    [
        ("L", [[10, 20, 30]], 20, [10, 255, 30]),
        ("P", [[0, 1, 2]], 1, [0, 255, 2]),
        ("P", [[0, 1, 2]], b"\xff\x00\xff", [0, 255, 2]),
        ("1", [[0, 255, 0]], 0, [255, 255, 255]),
        ("I;16", [[2570, 5140, 7710]], 5140, [10, 255, 30]),
    ],
)
def test_a_single_transparent_color_is_white(
    mode: str, pixels: list[list[int]], transparency: int | bytes, expected: list[int]
) -> None:
    """PNG's tRNS chunk, for gray, palettes, 1 and 16 bits."""
    array = np.array(pixels, np.uint16 if mode == "I;16" else np.uint8)
    image = Image.fromarray(array).convert(mode) if mode in ("1", "L") else Image.fromarray(array)
    if mode == "P":
        image.putpalette([level for level in range(256) for _ in range(3)])
    assert mode == image.mode
    assert [expected] == decode(encode(image, "PNG", transparency=transparency), 1, 3, "grayscale").tolist()


def test_a_transparent_rgb_color_is_white() -> None:
    """Only where all three channels match."""
    pixels = np.array([[[1, 2, 3], [1, 2, 4]]], np.uint8)
    expected = [[[255, 255, 255], [1, 2, 4]]]
    assert expected == decode(encode(pixels, "PNG", transparency=(1, 2, 3)), 1, 2).tolist()


def test_a_gray_tiff_with_premultiplied_alpha_is_composited_over_white() -> None:
    """Its samples are darker than the picture; Pillow names it La."""
    straight = encode(Image.fromarray(np.array([[[10, 255], [10, 128], [0, 0]]], np.uint8)), "TIFF")
    two_extra_samples = struct.pack("<HHIHH", 338, 3, 1, 2, 0)
    assert two_extra_samples in straight
    premultiplied = straight.replace(two_extra_samples, struct.pack("<HHIHH", 338, 3, 1, 1, 0))
    assert largest_difference(np.array([[10, 137, 255]]), decode(premultiplied, 1, 3, "grayscale")) <= 1


def test_a_transparent_gif_is_composited_over_white() -> None:
    """The color in its palette does not show."""
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 100, 0])
    image.putpixel((1, 0), 1)
    assert [[[255, 255, 255], [0, 100, 0]]] == decode(encode(image, "GIF", transparency=0), 1, 2).tolist()


def test_grayscale_is_luma() -> None:
    """ITU-R 601: green is bright, blue is dark."""
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert [[76, 150, 29, 255]] == decode(encode(primaries, "PNG"), 1, 4, "grayscale").tolist()


TURNED = {
    1: lambda picture: picture,
    2: lambda picture: picture[:, ::-1],
    3: lambda picture: picture[::-1, ::-1],
    4: lambda picture: picture[::-1],
    5: lambda picture: picture.transpose(1, 0, 2),
    6: lambda picture: np.rot90(picture, -1),
    7: lambda picture: np.rot90(picture, 2).transpose(1, 0, 2),
    8: lambda picture: np.rot90(picture, 1),
}
"""EXIF orientation -> the upright picture, from the stored one."""


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize(
    ("file_format", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})],
)
def test_exif_orientation_is_honored_to_the_bit(file_format: str, options: dict[str, Any], orientation: int) -> None:
    """A lossless file with an orientation equals the turned picture."""
    data = encode(PICTURE, file_format, exif=with_orientation(orientation), **options)
    expected = TURNED[orientation](PICTURE)
    assert expected.tolist() == decode(data, *expected.shape[:2]).tolist()


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("size", [(70, 30), (30, 70)])
def test_a_large_jpeg_is_turned_upright_too(orientation: int, resize: str, size: tuple[int, int]) -> None:
    """It is reduced while it is decoded, with height and width the way they are stored."""
    picture = gradient(8 * 41, 8 * 63)
    data = encode(picture, "JPEG", quality=95, exif=with_orientation(orientation))
    upright = encode(TURNED[orientation](picture).copy(), "PNG")
    expected = decode(upright, *size, resize=resize)
    assert largest_difference(expected, decode(data, *size, resize=resize)) <= 8


@pytest.mark.parametrize("orientation", [0, 9, 99, 65535])
def test_an_unknown_orientation_counts_as_upright(orientation: int) -> None:
    """The standard knows 1 to 8."""
    data = encode(PICTURE, "PNG", exif=with_orientation(orientation))
    assert PICTURE.tolist() == found(data).tolist()


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage!",
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x40\0\0\0\0\0\0\0",
        b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\5\0\0\0\1\0\0\0\0",
    ],
)
def test_broken_exif_data_does_not_cost_the_picture(exif: bytes) -> None:
    """Its pixels are whole; no warning leaks either."""
    assert largest_difference(PICTURE, found(encode(PICTURE, "JPEG", quality=95, exif=exif))) <= 12


def test_exif_data_that_cannot_be_parsed_at_all_does_not_cost_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Pillow raises about it."""

    def fail(_: Image.Image) -> None:
        raise SyntaxError("not a TIFF header")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    assert largest_difference(PICTURE, found(encode(PICTURE, "JPEG", quality=95))) <= 12


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("shape", [(640, 800), (333, 1001), (1001, 333)])
def test_a_large_jpeg_decodes_to_nearly_what_its_full_pixels_give(resize: str, shape: tuple[int, int]) -> None:
    """The short cut through libjpeg's own reduction does not show."""
    data = encode(gradient(*shape), "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as image:
        full = encode(image.convert("RGB"), "PNG")
    expected = decode(full, 48, 40, resize=resize)
    difference = np.abs(expected - decode(data, 48, 40, resize=resize))
    assert difference.max() <= 8
    assert difference.mean() <= 1


@pytest.mark.parametrize(
    ("resize", "orientation", "decoded"),
    [
        ("stretch", 1, (160, 100)),  # 1/4: the next step would leave less than 2 * 48 rows
        ("pad", 1, (80, 50)),  # 40 x 25 inside
        ("crop", 1, (160, 100)),  # 77 x 48 cover
        ("stretch", 6, (160, 100)),  # upright 400 x 640
        ("pad", 6, (160, 100)),  # 30 x 48 inside
        ("crop", 6, (160, 100)),  # 40 x 64 cover
    ],
)
def test_a_large_jpeg_is_decoded_to_the_smallest_size_that_is_twice_the_needed(
    resize: str, orientation: int, decoded: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is what makes photos fast to read."""
    sizes = []
    load = JpegImagePlugin.JpegImageFile.load

    def noting(image: JpegImagePlugin.JpegImageFile) -> Any:
        sizes.append(image.size)
        return load(image)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", noting)
    data = encode(gradient(400, 640), "JPEG", exif=with_orientation(orientation))
    decode(data, 48, 40, resize=resize)
    assert decoded == sizes[0]


def test_a_path_and_its_bytes_decode_alike(tmp_path: Path) -> None:
    """Standard input and a file are one path through the code; Path and str are, too."""
    data = encode(noise(30, 20), "JPEG")
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    expected = decode(data, 8, 8).tolist()
    assert expected == decode(path, 8, 8).tolist() == decode(str(path), 8, 8).tolist()


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    """A PNG named .jpg is common."""
    path = tmp_path / "x.jpg"
    path.write_bytes(encode(PICTURE, "PNG"))
    assert PICTURE.tolist() == decode(path, HEIGHT, WIDTH).tolist()


def test_the_row_is_ours_to_write_to() -> None:
    """One-dimensional, contiguous, writable, of n_0 values."""
    image_format = ImageFormat(3, 5, "rgb", "stretch")
    row = decode_image(encode(PICTURE, "PNG"), image_format)
    assert (image_format.n_features,) == row.shape
    row[0] = 7
    assert row.flags.c_contiguous
