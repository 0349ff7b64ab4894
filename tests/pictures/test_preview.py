"""Samples of every class."""

from __future__ import annotations

import numpy as np

from nncli.data.image.image_format import ImageFormat
from nncli.pictures.preview import LABEL, MOST_CLASSES, PER_CLASS, preview
from nncli.pictures.tiles import BACKGROUND, GAP


def test_each_class_has_its_line() -> None:
    """A dark class above a bright one; what there is no image for stays empty."""
    pixels = np.array([[10] * 4, [240] * 4, [240] * 4], np.uint8)
    picture = preview(pixels, np.arange(3), np.array([0, 1, 1]), ("a", "b"), ImageFormat(2, 2, "grayscale", "stretch"))
    first, second = LABEL + 48, LABEL + 96 + GAP + 48
    assert (10, 10, 10) == picture.getpixel((first, GAP + 48))
    assert BACKGROUND == picture.getpixel((second, GAP + 48))
    assert (240, 240, 240) == picture.getpixel((second, 2 * GAP + 96 + 48))


def test_only_the_rows_asked_for_are_shown() -> None:
    """Validation images are in the same array."""
    pixels = np.array([[10], [240]], np.uint8)
    picture = preview(pixels, np.array([1]), np.array([0]), ("a",), ImageFormat(1, 1, "grayscale", "stretch"))
    assert (240, 240, 240) == picture.getpixel((LABEL + 48, GAP + 48))


def test_its_size_is_bounded() -> None:
    """With many classes, many images and large ones."""
    n = MOST_CLASSES + 50
    pixels, labels = np.zeros((n, 300 * 200 * 3), np.uint8), np.arange(n)
    picture = preview(pixels, labels, labels, [str(k) for k in range(n)], ImageFormat(300, 200, "rgb", "stretch"))
    assert picture.height <= MOST_CLASSES * (96 + GAP) + GAP
    assert picture.width <= LABEL + PER_CLASS * (96 + GAP) + GAP
