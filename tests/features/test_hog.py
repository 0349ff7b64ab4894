"""Histograms of oriented gradients, against loops over pixels and blocks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.features.settings.hog import Hog
from tests.features.images import Images, extracted, fitted, noise, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray


def naive_hog(settings: Hog, image: Any) -> NDArray[np.float64]:
    """One image, pixel by pixel and block by block."""
    cell, bins = settings.cell, settings.bins
    x = image.astype(np.float64) / 255
    down, across = x.shape[0] // cell, x.shape[1] // cell
    votes = np.zeros((down, across, bins))
    for i in range(down * cell):
        for j in range(across * cell):
            length, dy, dx = strongest(x, i, j)
            place = math.atan2(dy, dx) / math.pi * bins
            lower = math.floor(place)
            votes[i // cell, j // cell, lower % bins] += length * (1 - (place - lower))
            votes[i // cell, j // cell, (lower + 1) % bins] += length * (place - lower)
    blocks = []
    for a in range(down - 1):
        for b in range(across - 1):
            block = np.concatenate([votes[a, b], votes[a, b + 1], votes[a + 1, b], votes[a + 1, b + 1]])
            block = np.minimum(block / (np.sqrt((block**2).sum()) + 0.02 * cell**2), 0.2)
            blocks.append(block / (np.sqrt((block**2).sum()) + 0.02))
    return np.concatenate(blocks)


def strongest(x: Any, i: int, j: int) -> tuple[float, float, float]:
    """Length, dy and dx of the channel that changes most at a pixel."""
    height, width, channels = x.shape
    found = []
    for c in range(channels):
        dy = x[i + 1, j, c] - x[i - 1, j, c] if 0 < i < height - 1 else 0.0
        dx = x[i, j + 1, c] - x[i, j - 1, c] if 0 < j < width - 1 else 0.0
        found.append((math.hypot(dy, dx), dy, dx))
    return max(found, key=lambda each: each[0])


@pytest.mark.parametrize(
    ("settings", "shape"),
    [(Hog(cell=4, bins=9), (12, 17, 1)), (Hog(cell=3, bins=4), (7, 9, 3)), (Hog(cell=2, bins=2), (4, 4, 3))],
)
def test_the_same_as_naive_loops(settings: Hog, shape: tuple[int, int, int]) -> None:
    """Number for number, also where pixels at the border belong to no cell."""
    images = np.concatenate([smooth(3, *shape), noise(2, *shape)])
    expected = np.array([naive_hog(settings, image) for image in images])
    assert expected.shape[1] == settings.n_features(shape)
    np.testing.assert_allclose(hog(settings, images), expected, atol=2e-5)


def hog(settings: Hog, images: Images) -> NDArray[np.float32]:
    """The features of the images."""
    return extracted(fitted(settings, images), images)


def test_brightness_does_not_matter() -> None:
    """What is added to all pixels is in no difference."""
    images = smooth(3, 16, 16, 3) // np.uint8(2)
    np.testing.assert_allclose(hog(Hog(cell=4), images + np.uint8(100)), hog(Hog(cell=4), images), atol=1e-5)


def test_contrast_hardly_matters() -> None:
    """Strong edges with half the contrast are nearly the same, and turned into their negative they are the same."""
    images = smooth(3, 16, 16, 1) // np.uint8(2) * np.uint8(2)
    found = hog(Hog(cell=4), images)
    np.testing.assert_allclose(hog(Hog(cell=4), images // np.uint8(2)), found, atol=0.08)
    np.testing.assert_allclose(hog(Hog(cell=4), 255 - images), found, atol=1e-5)


def test_a_mirrored_image_has_mirrored_bins() -> None:
    """Cells from right to left, and the direction k of bins becomes -k."""
    settings, images = Hog(cell=4, bins=8), smooth(2, 16, 12, 3)
    n_down, n_across = 3, 2
    found = hog(settings, images).reshape(2, n_down, n_across, 2, 2, 8)
    mirrored = hog(settings, images[:, :, ::-1]).reshape(2, n_down, n_across, 2, 2, 8)
    expected = found[:, :, ::-1, :, ::-1][..., -np.arange(8) % 8]
    np.testing.assert_allclose(mirrored, expected, atol=1e-5)


def test_a_stripe_votes_for_one_direction() -> None:
    """Vertical edges have horizontal gradients: bin 0 of an even number of bins, and nothing else."""
    image = np.zeros((1, 8, 8, 1), np.uint8)
    image[:, :, 2:6] = 255
    blocks = hog(Hog(cell=4, bins=4), image).reshape(4, 4)
    assert (blocks[:, 0] > 0.3).all()
    assert 0 == np.abs(blocks[:, 1:]).max()


def test_a_flat_image_has_no_edges() -> None:
    """All zeros, without a division by zero."""
    assert 0 == np.abs(hog(Hog(cell=4), np.full((1, 8, 8, 3), 99, np.uint8))).max()
