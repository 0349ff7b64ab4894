"""Moving pixels: the fast resampling against a slow one, and cases whose result is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.data.augmentation.geometry import basis, source_coordinates, warp

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPES = [(28, 28, 1), (5, 9, 3), (9, 4, 1), (1, 7, 1), (7, 1, 3), (2, 2, 1), (1, 1, 3), (1, 1, 1)]


def images_of(shape: tuple[int, int, int], m: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Noise: no two neighbors are alike, so every misplaced pixel is seen."""
    return np.random.default_rng(seed).integers(0, 256, (m, *shape), np.uint8)


def coordinates_of(images: NDArray[np.uint8], shift: tuple[float, float] = (0, 0)) -> NDArray[np.float32]:
    """Every pixel from its own place, moved by `shift` rows and columns."""
    m, height, width, _ = images.shape
    y = np.arange(height) - (height - 1) / 2 + shift[0]
    x = np.arange(width) - (width - 1) / 2 + shift[1]
    one = np.stack(np.meshgrid(y, x, indexing="ij")).astype(np.float32)
    return np.repeat(one[None], m, axis=0)


def naive_warp(images: NDArray[np.uint8], coordinates: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bilinear interpolation as the textbook has it, one value after the other."""
    m, height, width, channels = images.shape
    out = np.zeros(images.shape)
    for i, row, column, channel in np.ndindex(m, height, width, channels):
        y = min(max(float(coordinates[i, 0, row, column]) + (height - 1) / 2, 0), height - 1)
        x = min(max(float(coordinates[i, 1, row, column]) + (width - 1) / 2, 0), width - 1)
        for y_near in {math.floor(y), math.ceil(y)}:
            for x_near in {math.floor(x), math.ceil(x)}:
                weight = (1 - abs(y - y_near)) * (1 - abs(x - x_near))
                out[i, row, column, channel] += weight * images[i, y_near, x_near, channel]
    return out


@pytest.mark.parametrize("shape", SHAPES)
def test_the_fast_resampling_is_the_slow_one(shape: tuple[int, int, int]) -> None:
    """To what 1/256 of a pixel can make, for coordinates inside and outside of the image."""
    images = images_of(shape)
    spread = np.array(shape[:2], np.float32)[:, None, None]
    coordinates = np.random.default_rng(1).uniform(-1, 1, (3, 2, *shape[:2])).astype(np.float32) * spread
    expected = naive_warp(images, coordinates)
    # Each coordinate is off by half of 1/256 at most, between two values that are up to 255 apart; then comes rounding.
    assert 1.5 >= np.abs(expected - warp(images, coordinates)).max()


def test_neither_coordinates_nor_values_are_cut_off() -> None:
    """Both are rounded: between black and white, on average, lies what the formula says, and no darker."""
    images = np.repeat(np.array([0, 255], np.uint8).reshape(1, 1, 2, 1), 5000, axis=0)
    coordinates = coordinates_of(images)
    coordinates[:, 1] = np.random.default_rng(0).uniform(-0.5, 0.5, (5000, 1, 2))
    expected = 255 * (coordinates[:, 1].astype(float) + 0.5)
    assert 0.05 > abs((warp(images, coordinates.copy())[..., 0] - expected).mean())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pixel_from_its_own_place_changes_nothing(shape: tuple[int, int, int]) -> None:
    """To the bit, whatever the size and the number of channels."""
    images = images_of(shape)
    np.testing.assert_array_equal(images, warp(images, coordinates_of(images)))


def test_a_shift_by_whole_pixels_is_exact_and_repeats_the_border() -> None:
    """From two rows above and one column to the right; what lies beyond the border is the border."""
    images = images_of((6, 5, 3))
    y, x = np.clip(np.arange(6) - 2, 0, 5), np.clip(np.arange(5) + 1, 0, 4)
    np.testing.assert_array_equal(images[:, y][:, :, x], warp(images, coordinates_of(images, (-2, 1))))


def test_half_a_pixel_is_the_mean_of_two() -> None:
    """0 and 100 give 50; the last pixel has no other neighbor than the border."""
    images = np.array([0, 100, 200], np.uint8).reshape(1, 1, 3, 1)
    assert [50, 150, 200] == warp(images, coordinates_of(images, (0, 0.5))).ravel().tolist()


@pytest.mark.parametrize("value", [0, 1, 127, 254, 255])
def test_an_even_image_stays_even(value: int) -> None:
    """The weights of the four neighbors sum to 1: neither black nor white drifts."""
    images = np.full((2, 8, 9, 1), value, np.uint8)
    coordinates = np.random.default_rng(2).normal(0, 5, (2, 2, 8, 9)).astype(np.float32)
    assert {value} == set(warp(images, coordinates).ravel().tolist())


def test_images_do_not_run_into_each_other() -> None:
    """An image's last pixel has the next image's first as its neighbor in memory, and takes nothing from it."""
    images = np.stack([np.zeros((4, 4, 1), np.uint8), np.full((4, 4, 1), 255, np.uint8)])
    for shift in [(0.5, 0.5), (-0.5, -0.5), (9, 9), (-9, -9)]:
        np.testing.assert_array_equal(images, warp(images, coordinates_of(images, shift)))


def test_images_in_any_memory_order() -> None:
    """A slice of a larger array is read as it looks, not as it lies."""
    images = images_of((6, 8, 3))[:, ::2, 1:7]
    np.testing.assert_array_equal(images, warp(images, coordinates_of(images)))


def test_coordinates_of_an_affine_map() -> None:
    """C[0, 0] is the shift, C[1, 0] what a row adds, C[0, 1] what a column adds, from the center."""
    C = np.zeros((1, 2, 2, 2), np.float32)
    C[0, 0, 0, 0], C[0, 0, 1, 0], C[0, 0, 0, 1] = 10, 2, 0.5
    y = source_coordinates(C, basis(3, elastic=False), basis(2, elastic=False))[0, 0]
    assert [[7.75, 8.25], [9.75, 10.25], [11.75, 12.25]] == y.tolist()


@pytest.mark.parametrize("n", [1, 2, 28, 300])
def test_bumps_have_unit_length_at_every_pixel(n: int) -> None:
    """So a random field moves the pixels of the border as far as those of the center."""
    np.testing.assert_allclose(1, np.linalg.norm(basis(n, elastic=True)[:, 2:], axis=1), rtol=1e-6)


def test_a_random_field_is_smooth_and_of_variance_1() -> None:
    """Neighbors move together, pixels far apart each for themselves."""
    B = basis(28, elastic=True)
    C = np.zeros((500, 2, *[B.shape[1]] * 2), np.float32)
    C[:, :, 2:, 2:] = np.random.default_rng(0).standard_normal((500, 2, 7, 7))
    field = source_coordinates(C, B, B).reshape(1000, 28, 28)
    np.testing.assert_allclose(1, field.std(axis=0), atol=0.1)

    def correlation(distance: int) -> float:
        return float((field[:, 14, 0] * field[:, 14, distance]).mean())

    assert correlation(1) > 0.97
    assert abs(correlation(27)) < 0.1
