"""From pixels to network input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.scaling import SCALINGS, Scaling, standardize, zero_one

if TYPE_CHECKING:
    from numpy.typing import NDArray


def apply(scaling: Scaling, pixels: NDArray[np.uint8], dtype: Any = np.float64) -> NDArray[Any]:
    """The scaled pixels."""
    out: NDArray[Any] = np.empty(pixels.shape, dtype)
    scaling.apply(pixels, out)
    return out


def test_zero_one_maps_black_to_0_and_white_to_1() -> None:
    """x / 255."""
    pixels = np.array([[0, 51, 255]], np.uint8)
    np.testing.assert_allclose([[0, 0.2, 1]], apply(zero_one(pixels), pixels), rtol=1e-7)


def test_standardize_gives_each_pixel_mean_0_and_deviation_1() -> None:
    """Over the images it was fitted on, however many chunks they take."""
    pixels = np.random.default_rng(0).integers(0, 256, (2500, 3)).astype(np.uint8)
    scaled = apply(standardize(pixels), pixels)
    np.testing.assert_allclose([0, 0, 0], scaled.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose([1, 1, 1], scaled.std(axis=0), rtol=1e-5)


def test_standardize_leaves_a_constant_pixel_small() -> None:
    """A pixel that never changes becomes 0, and one gray level of change in a new image does not explode."""
    pixels = np.full((4, 1), 7, np.uint8)
    scaling = standardize(pixels)
    assert 0 == pytest.approx(apply(scaling, pixels)[0, 0])
    assert 1 == pytest.approx(apply(scaling, np.array([[8]], np.uint8))[0, 0])


@pytest.mark.parametrize("name", SCALINGS)
def test_one_formula_describes_every_scaling(name: str) -> None:
    """pixels * scale + offset, as the model file says, is what `apply` computes."""
    pixels = np.random.default_rng(1).integers(0, 256, (20, 5)).astype(np.uint8)
    scaling = SCALINGS[name](pixels)
    expected = pixels * scaling.scale + scaling.offset
    np.testing.assert_allclose(expected, apply(scaling, pixels, np.float32), rtol=1e-5, atol=1e-6)


def test_standardize_looks_at_the_chosen_rows_alone() -> None:
    """Training images are some of the rows; the others, of validation, have no say."""
    pixels = np.random.default_rng(2).integers(0, 256, (300, 5)).astype(np.uint8)
    rows = np.random.default_rng(3).permutation(300)[:200]
    expected, found = standardize(pixels[rows]), standardize(pixels, rows)
    assert expected.scale.tolist() == found.scale.tolist()
    assert expected.offset.tolist() == found.offset.tolist()
