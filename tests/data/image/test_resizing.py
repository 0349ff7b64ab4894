"""Stretch, pad and crop: the geometry, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nncli.data.image.image_format import ImageFormat
from nncli.data.image.resizing import resized, scaled_size
from tests.data.pictures import decode, encode, gradient, noise

SIDES = st.integers(1, 5000)


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (64, 64)])
def test_an_image_of_the_wanted_size_is_not_touched(resize: str, size: tuple[int, int]) -> None:
    """Pixel for pixel what was saved, in row, column, channel order."""
    picture = noise(*size)
    assert picture.tolist() == decode(encode(picture, "PNG"), *size, resize=resize).tolist()


def test_stretch_ignores_the_aspect_ratio() -> None:
    """The whole picture fills the whole of the input."""
    halves = np.zeros((10, 40, 3), np.uint8)
    halves[:, 20:] = 200
    found = decode(encode(halves, "PNG"), 8, 8)
    assert not found[:, :3].any()
    assert {200} == set(found[:, 5:].ravel().tolist())


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [
        (20, 40, slice(2, 6), slice(0, 8)),  # twice as wide: bars of 2 above and below
        (40, 20, slice(0, 8), slice(2, 6)),
        (40, 24, slice(0, 8), slice(1, 6)),  # 5 of 8 columns: the odd one goes to the right
        (24, 40, slice(1, 6), slice(0, 8)),
        (2, 4, slice(2, 6), slice(0, 8)),  # a small picture is enlarged
        (1000, 10, slice(0, 8), slice(3, 4)),  # a line stays visible
        (30, 30, slice(0, 8), slice(0, 8)),
    ],
)
def test_pad_centers_the_whole_picture_between_black_bars(height: int, width: int, rows: slice, columns: slice) -> None:
    """Its aspect ratio is kept, to the nearest pixel."""
    found = decode(encode(np.full((height, width, 3), 200, np.uint8), "PNG"), 8, 8, resize="pad")
    expected = np.zeros((8, 8, 3), np.int64)
    expected[rows, columns] = 200
    assert expected.tolist() == found.tolist()


@pytest.mark.parametrize(("height", "width"), [(8, 24), (24, 8), (8, 10), (8, 8)])
def test_crop_cuts_the_center_out(height: int, width: int) -> None:
    """Where the shorter side has the wanted size already, exactly these pixels."""
    picture = noise(height, width)
    top, left = (height - 8) // 2, (width - 8) // 2
    found = decode(encode(picture, "PNG"), 8, 8, resize="crop")
    assert picture[top : top + 8, left : left + 8].tolist() == found.tolist()


def test_crop_cuts_the_same_from_both_sides() -> None:
    """Also where that is half a pixel: a mirrored picture gives the mirrored result."""
    picture = noise(10, 33)
    found, mirrored = (decode(encode(p, "PNG"), 5, 5, resize="crop") for p in (picture, picture[:, ::-1].copy()))
    assert np.abs(found - mirrored[:, ::-1]).max() <= 1


def test_crop_scales_before_it_cuts() -> None:
    """The shorter side remains whole."""
    bands = np.zeros((40, 120, 3), np.uint8)
    bands[:, 40:80] = 200
    bands[:10, 40:80, 0] = 90
    found = decode(encode(bands, "PNG"), 8, 8, resize="crop")
    assert [[90, 200, 200]] * 6 == found[0, 1:7].tolist()  # the filter mixes the cut off black into columns 0 and 7
    assert {200} == set(found[3:, 1:7].ravel().tolist())


def test_making_smaller_averages() -> None:
    """No pixel of the picture is skipped: a checkerboard turns gray, it does not alias to black or white."""
    checkerboard = (255 * (np.indices((160, 160)).sum(axis=0) % 2)).astype(np.uint8)
    found = decode(encode(checkerboard, "PNG"), 16, 16, "grayscale")
    assert np.abs(found - 127.5).max() < 3


@pytest.mark.parametrize(("resize", "width"), [("stretch", 16), ("pad", 16), ("crop", 16)])
def test_height_comes_before_width(resize: str, width: int) -> None:
    """An input that is not square has its rows first."""
    assert (8, width, 3) == decode(encode(gradient(100, 200), "PNG"), 8, width, resize=resize).shape


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (1, 1), (2, 3)])
def test_extreme_shapes_are_images_too(resize: str, size: tuple[int, int]) -> None:
    """A line of one pixel, a single pixel."""
    found = decode(encode(np.full((*size, 3), 77, np.uint8), "PNG"), 12, 10, resize=resize)
    assert {0, 77} >= set(found.ravel().tolist())
    assert 77 == found.max()


@given(SIDES, SIDES, st.integers(1, 300), st.integers(1, 300))
def test_pad_fits_inside_and_crop_covers(width: int, height: int, wanted_width: int, wanted_height: int) -> None:
    """One side matches exactly, the other keeps the aspect ratio within half a pixel."""
    for resize in ("pad", "crop"):
        image_format = ImageFormat(wanted_height, wanted_width, "rgb", resize)
        scaled_width, scaled_height = scaled_size((width, height), image_format)
        if resize == "pad":
            assert (scaled_width <= wanted_width, scaled_height <= wanted_height) == (True, True)
        else:
            assert (scaled_width >= wanted_width, scaled_height >= wanted_height) == (True, True)
        fits_width = scaled_width == wanted_width and abs(scaled_height - height * wanted_width / width) <= 0.5
        fits_height = scaled_height == wanted_height and abs(scaled_width - width * wanted_height / height) <= 0.5
        assert fits_width or fits_height or 1 in (scaled_width, scaled_height)


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
def test_a_picture_that_the_decoder_reduced_lands_in_the_same_place(resize: str) -> None:
    """The geometry is that of the original, whose half size was rounded up."""
    white = Image.new("L", (27, 16), 255)
    reduced = Image.new("L", (14, 8), 255)  # by itself it would become 6x3 where the original becomes 6x4
    image_format = ImageFormat(4, 6, "grayscale", resize)
    expected = np.asarray(resized(white, white.size, image_format))
    assert expected.tolist() == np.asarray(resized(reduced, white.size, image_format)).tolist()
