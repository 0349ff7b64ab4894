"""Color histograms: counted pixel by pixel, with pixels shared among the boxes around them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.features.settings.color_histogram import ColorHistogram
from tests.features.images import Images, extracted, fitted, noise

if TYPE_CHECKING:
    from numpy.typing import NDArray


def histogram(settings: ColorHistogram, images: Images) -> NDArray[np.float32]:
    """The features of the images."""
    return extracted(fitted(settings, images), images)


def naive_histogram(settings: ColorHistogram, image: Any) -> NDArray[np.float64]:
    """One image, pixel by pixel and corner by corner."""
    bins, grid = settings.bins, settings.grid
    height, width, channels = image.shape
    counts, n_pixels = np.zeros((grid, grid, *[bins] * channels)), np.zeros((grid, grid))
    for i, j in itertools.product(range(height), range(width)):
        cell = i * grid // height, j * grid // width
        n_pixels[cell] += 1
        level = image[i, j] / 255 * (bins - 1)
        lower = np.minimum(np.floor(level).astype(int), bins - 2)
        for corner in itertools.product((0, 1), repeat=channels):
            shares = [level[c] - lower[c] if upper else 1 - (level[c] - lower[c]) for c, upper in enumerate(corner)]
            counts[(*cell, *(lower + corner))] += np.prod(shares)
    per_cell = counts.reshape(grid * grid, -1) / n_pixels.reshape(-1, 1)
    return np.array(np.sqrt(per_cell).ravel())


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (ColorHistogram(bins=4), (5, 6, 3)),
        (ColorHistogram(bins=3, grid=2), (5, 7, 3)),
        (ColorHistogram(bins=9, grid=3), (7, 4, 1)),
        (ColorHistogram(bins=2, grid=1), (2, 2, 1)),
    ],
)
def test_the_same_as_naive_loops(settings: ColorHistogram, shape: tuple[int, int, int]) -> None:
    """Number for number; also black, white and cells of different sizes."""
    images = noise(4, *shape)
    images[0], images[1, :2] = 0, 255
    expected = np.array([naive_histogram(settings, image) for image in images])
    assert expected.shape[1] == settings.n_features(shape)
    np.testing.assert_allclose(histogram(settings, images), expected, atol=2e-4)


def test_the_squares_of_each_cell_sum_to_one() -> None:
    """They are shares of its pixels."""
    found = histogram(ColorHistogram(bins=5, grid=3), noise(3, 10, 8, 3)).reshape(3, 9, 125)
    np.testing.assert_allclose((found**2).sum(axis=2), 1, rtol=1e-4)


def test_a_pixel_between_levels_is_shared() -> None:
    """Gray 51 lies at 0.4 of the way from level 0 to level 1 of three levels (0, 127.5, 255)."""
    (found,) = histogram(ColorHistogram(bins=3), np.full((1, 2, 2, 1), 51, np.uint8))
    np.testing.assert_allclose(found**2, [0.6, 0.4, 0], atol=1e-6)


def test_pure_colors_have_boxes_of_their_own() -> None:
    """Red, green and blue with two levels: boxes 4, 2 and 1; white is 7."""
    pixels = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], np.uint8)
    found = histogram(ColorHistogram(bins=2), pixels.reshape(4, 1, 1, 3).repeat(2, 1).repeat(2, 2))
    assert [4, 2, 1, 7] == found.argmax(axis=1).tolist()
    np.testing.assert_allclose(found.max(axis=1), 1, atol=1e-6)


def test_order_within_a_cell_does_not_matter() -> None:
    """It is a histogram: pixels shuffled give the same, in one cell; in a grid they do not."""
    image = noise(1, 8, 8, 3)
    shuffled = np.random.default_rng(0).permutation(image.reshape(64, 3)).reshape(1, 8, 8, 3)
    one, many = ColorHistogram(), ColorHistogram(grid=2)
    np.testing.assert_allclose(histogram(one, image), histogram(one, shuffled), atol=1e-4)
    assert np.abs(histogram(many, image) - histogram(many, shuffled)).max() > 0.05
