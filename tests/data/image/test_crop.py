"""What data.crop cuts off, before resizing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from nncli.data.image.decoding import ImageError, array_rows, decode_image
from nncli.data.image.image_format import ImageFormat


def png(pixels: np.ndarray) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def cropped(crop: tuple[float, float, float, float], side: tuple[int, int], resize: str = "stretch") -> ImageFormat:
    """A gray format of this height and width."""
    return ImageFormat(*side, "grayscale", resize, crop=crop)


GRAY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("crop", [(2, 1, 1, 3), (1 / 3, 1 / 6, 1 / 8, 3 / 8)])
def test_pixels_or_shares_from_every_side(crop: tuple[float, float, float, float], resize: str) -> None:
    """Top, bottom, left and right go; what is left is the picture, pixel for pixel where it has the wanted size."""
    expected = GRAY[2:5, 1:5]
    assert expected.ravel().tolist() == decode_image(png(GRAY), cropped(crop, (3, 4), resize)).tolist()
    assert expected.ravel().tolist() == array_rows(GRAY[None], cropped(crop, (3, 4), resize))[0].tolist()


def test_an_array_of_the_wanted_size_is_cropped_too() -> None:
    """It takes the same way as a file of the same pixels."""
    image_format = cropped((0.5, 0, 0, 0), (6, 8))
    assert decode_image(png(GRAY), image_format).tolist() == array_rows(GRAY[None], image_format)[0].tolist()


def test_a_large_jpeg_is_reduced_and_cropped_at_the_same_place() -> None:
    """The decoder may halve a photo first; what is cut is measured in pixels of the file."""
    ramp = np.tile(np.linspace(0, 255, 640).astype(np.uint8)[:, None], (1, 640))
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, "JPEG", quality=95)
    image_format = cropped((320, 0, 0, 0), (8, 8))
    rows = decode_image(file.getvalue(), image_format).reshape(8, 8)[:, 0]
    assert np.linspace(255 * 340 / 640, 255 * 620 / 640, 8) == pytest.approx(rows, abs=3)


def test_a_picture_of_which_nothing_is_left() -> None:
    """It is a bad image, with its size and the reason."""
    with pytest.raises(ImageError, match="8x6, of which data\\.crop leaves nothing"):
        decode_image(png(GRAY), cropped((4, 2, 0, 0), (3, 4)))


@pytest.mark.parametrize("crop", [(0.5, 0.5, 0, 0), (-1, 0, 0, 0), (1, 2, 3), ("1", 0, 0, 0)])
def test_crops_that_a_model_file_may_not_have(crop: object) -> None:
    """A stranger's format is refused."""
    with pytest.raises(ValueError, match="image crop is"):
        ImageFormat.from_dict({"height": 3, "width": 4, "color": "rgb", "resize": "pad", "crop": crop})
