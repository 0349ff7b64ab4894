"""Color profiles, the background of transparent pictures, and ranges of values."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from tests.data.pictures import encode, gradient
from tests.data.tiffs import MIN_IS_BLACK, MIN_IS_WHITE, RGB, tiff

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURE = gradient(12, 16)
MADE_NOW = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SRGB = MADE_NOW[:24] + bytes(12) + MADE_NOW[36:]
"""Without the second at which it was made: two processes have the same."""


def matrix_profile(*, is_swapped: bool = False, is_gray: bool = False) -> bytes:
    """sRGB whose red and green primaries have changed places: its colors are seen at a glance; or a gray profile."""
    profile = bytearray(SRGB)
    position = {bytes(profile[132 + 12 * k :][:4]): 132 + 12 * k for k in range(int.from_bytes(profile[128:132]))}
    if is_swapped:
        red, green = position[b"rXYZ"], position[b"gXYZ"]
        profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    if is_gray:
        profile[16:20] = b"GRAY"
        curve = position[b"rTRC"]
        profile[curve : curve + 4] = b"kTRC"
    return bytes(profile)


SWAPPED = matrix_profile(is_swapped=True)


def decoded(data: bytes, color: str = "rgb", size: tuple[int, int] = (12, 16), **fields: Any) -> NDArray[np.int64]:
    """The picture in its own size, as int."""
    row = decode_image(data, ImageFormat(*size, color, "stretch", **fields)).astype(np.int64)
    return row.reshape(*size, 3) if color == "rgb" else row.reshape(size)


# ------------------------------------------------------------------------------------------------------------ profiles


@pytest.mark.parametrize(
    ("file_format", "options"),
    [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 100, "subsampling": 0})],
)
def test_a_profile_is_converted_to_srgb_where_the_format_says_so(file_format: str, options: dict[str, Any]) -> None:
    """In every file format alike; a model from before takes the colors as they are."""
    data = encode(PICTURE, file_format, icc_profile=SWAPPED, **options)
    assert np.abs(decoded(data) - PICTURE).max() <= 3
    assert np.abs(decoded(data, profile="srgb") - PICTURE[..., [1, 0, 2]]).max() <= 4


@pytest.mark.parametrize(
    "profile",
    [b"", SRGB, SRGB[:200], b"\0" * 500, SWAPPED[:-900]],
    ids=["none", "sRGB", "its header", "zeros", "cut"],
)
def test_srgb_and_broken_profiles_change_nothing(profile: bytes) -> None:
    """Nor do profiles of other color spaces than the file's."""
    data = encode(PICTURE, "PNG", icc_profile=profile)
    assert PICTURE.tolist() == decoded(data, profile="srgb").tolist()
    gray = encode(Image.fromarray(PICTURE).convert("L"), "PNG", icc_profile=SWAPPED)
    assert decoded(gray).tolist() == decoded(gray, profile="srgb").tolist()


def test_palettes_transparency_and_16_bits_keep_theirs() -> None:
    """The profile says what their colors are; alpha is none."""
    image = Image.fromarray(PICTURE // 64 * 64)
    palette = encode(image.convert("P", palette=Image.Palette.ADAPTIVE), "PNG", icc_profile=SWAPPED)
    assert np.abs(decoded(palette, profile="srgb") - np.asarray(image)[..., [1, 0, 2]]).max() <= 4
    image.putalpha(0)
    assert 255 == decoded(encode(image, "PNG", icc_profile=SWAPPED), profile="srgb").min()
    single = encode(Image.fromarray(PICTURE), "PNG", icc_profile=SWAPPED, transparency=tuple(PICTURE[0, 0].tolist()))
    assert [255] * 3 == decoded(single, profile="srgb")[0, 0].tolist()
    assert np.abs(decoded(single, profile="srgb")[1:] - PICTURE[1:, :, [1, 0, 2]]).max() <= 4
    deep = tiff(np.uint16(257) * PICTURE, RGB, planar=True)
    assert np.abs(decoded(deep, profile="srgb") - PICTURE).max() <= 1


def test_a_gray_profile_counts() -> None:
    """Its curve is sRGB's, so nothing changes; a curve of another gamma does."""
    gray = Image.fromarray(PICTURE).convert("L")
    plain = encode(gray, "PNG")
    same = encode(gray, "PNG", icc_profile=matrix_profile(is_gray=True))
    assert np.abs(decoded(plain, "grayscale") - decoded(same, "grayscale", profile="srgb")).max() <= 1


def test_no_color_management_is_loaded_without_a_profile() -> None:
    """A folder of plain files pays nothing."""
    code = (
        "import sys; from nncli.data.image.decoding import decode_image; from nncli.data.image.image_format import "
        "ImageFormat; decode_image(sys.stdin.buffer.read(), ImageFormat(4, 4, 'rgb', 'stretch', profile='srgb'));"
        "print('PIL.ImageCms' in sys.modules, 'PIL._imagingcms' in sys.modules)"
    )
    data = encode(PICTURE, "JPEG")
    result = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert b"False False" == result.stdout.strip()


# ---------------------------------------------------------------------------------------------------------- background


@pytest.mark.parametrize(
    ("background", "expected"), [("white", [255] * 3), ("black", [0] * 3), ("#3366cc", [0x33, 0x66, 0xCC])]
)
def test_the_background_shows_through(background: str, expected: list[int]) -> None:
    """Of every kind of transparency."""
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    palette = Image.new("P", (4, 4))
    single = encode(palette, "PNG", transparency=0)
    deep = encode(np.zeros((4, 4), np.uint16), "PNG", transparency=0)
    for data in (encode(clear, "PNG"), encode(clear, "TIFF"), encode(palette, "GIF", transparency=0), single, deep):
        assert [[expected] * 4] * 4 == decoded(data, size=(4, 4), background=background).tolist()


@pytest.mark.parametrize("background", ["red", "#fff", "#FFFFFF", "", None, 3, ["white"]])
def test_another_background_is_refused(background: Any) -> None:
    """By a model file and by our own code alike."""
    with pytest.raises(ValueError, match="background"):
        ImageFormat(4, 4, "rgb", "stretch", background=background)


# --------------------------------------------------------------------------------------------------------------- range

LEVELS = np.array([[[100], [150], [200], [250], [350], [900]]], np.uint16)
EXPECTED = [0, 0, 64, 128, 255, 255]


def test_a_range_makes_its_ends_black_and_white() -> None:
    """What lies outside is cut off; each depth and order alike."""
    microscope = {"size": (1, 6), "value_range": (150, 350)}
    for order in "<>":
        for deflate in (False, True):
            files = [
                tiff(LEVELS, MIN_IS_BLACK, order=order, deflate=deflate),
                tiff(LEVELS.astype(np.int32), MIN_IS_BLACK, order=order, deflate=deflate),
                tiff(LEVELS.astype(np.float32), MIN_IS_BLACK, order=order, deflate=deflate),
            ]
            for data in (*files, encode(LEVELS[..., 0], "PNG")):
                assert [EXPECTED] == decoded(data, "grayscale", **microscope).tolist()
            color = np.repeat(LEVELS, 3, axis=2)
            for planar in (False, True):
                data = tiff(color, RGB, order=order, deflate=deflate, planar=planar)
                expected = [[[level] * 3 for level in EXPECTED]]
                assert expected == decoded(data, **microscope).tolist()  # type: ignore[arg-type]
    inverted = tiff(LEVELS, MIN_IS_WHITE)
    assert [[255 - level for level in EXPECTED]] == decoded(inverted, "grayscale", **microscope).tolist()


def test_a_range_does_not_touch_8_bits() -> None:
    """Their range is known."""
    for file_format in ("PNG", "TIFF", "BMP"):
        assert PICTURE.tolist() == decoded(encode(PICTURE, file_format), value_range=(150, 350)).tolist()


def test_without_a_range_nothing_is_stretched() -> None:
    """The full scale of the file counts, as ever."""
    assert [[0, 1, 1, 1, 1, 4]] == decoded(encode(LEVELS[..., 0], "PNG"), "grayscale", size=(1, 6)).tolist()


@pytest.mark.parametrize(
    "chosen", [(1, 1), (2, 1), (0,), (0, 1, 2), (0, 2**33), ("0", "1"), (False, True), 5, "auto", (0, float("nan"))]
)
def test_another_range_is_refused(chosen: Any) -> None:
    """Two numbers, the smaller one first."""
    with pytest.raises(ValueError, match="value_range"):
        ImageFormat(4, 4, "rgb", "stretch", value_range=chosen)


def test_the_format_keeps_them_and_leaves_out_what_is_as_before() -> None:
    """A model from before has none of the names; one of today only those that it needs."""
    plain = ImageFormat(4, 4, "rgb", "stretch")
    assert {"height": 4, "width": 4, "color": "rgb", "resize": "stretch"} == plain.to_dict()
    chosen = ImageFormat(4, 4, "rgb", "stretch", 100, "#102030", "srgb", (150, 350.5))
    assert chosen == ImageFormat.from_dict(json.loads(json.dumps(chosen.to_dict())))
    with pytest.raises(ValueError, match="keys height, width, color, resize"):
        ImageFormat.from_dict({**plain.to_dict(), "other": 1})


def test_an_unusable_float_stays_refused_without_a_range() -> None:
    """A range lets it in: the values are said to be numbers of any scale, and what is not one is black."""
    values = np.array([[[np.nan], [0], [500]]], np.float32)
    data = tiff(values, MIN_IS_BLACK)
    with pytest.raises(ImageError, match="pixel values from nan"):
        decoded(data, size=(1, 3))
    assert [[0, 0, 128]] == decoded(data, "grayscale", size=(1, 3), value_range=(0, 1000)).tolist()
