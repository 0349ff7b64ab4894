"""Principal components, against NumPy's singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.features import pca as module
from nncli.features.settings.pca import Pca
from tests.features.images import extracted, fitted, noise, smooth


@pytest.mark.parametrize(("m", "shape"), [(60, (4, 5, 1)), (60, (4, 4, 3)), (20, (5, 5, 3))])
def test_the_same_as_the_singular_value_decomposition(m: int, shape: tuple[int, int, int]) -> None:
    """With more images than values, and with fewer: the same coordinates, up to the sign of each direction."""
    images = smooth(m, *shape)
    block = fitted(Pca(components=5), images)
    X = images.reshape(m, -1).astype(np.float64)
    U, S, Vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    expected, found = (U * S)[:, :5], extracted(block, images)
    np.testing.assert_allclose(block.mean, X.mean(axis=0), rtol=1e-5)
    signs = np.sign((expected * found).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, atol=2e-3 * S[0])
    np.testing.assert_allclose(block.directions.T @ block.directions, np.eye(5), atol=1e-4)
    assert (np.abs(Vt[:5] @ block.directions).diagonal() > 0.999).all()


def test_signs_are_always_the_same() -> None:
    """The largest entry of each direction is positive: an eigenvector's sign is the library's whim."""
    directions = fitted(Pca(components=6), smooth(30, 4, 4, 3)).directions
    assert (directions[np.abs(directions).argmax(axis=0), np.arange(6)] > 0).all()


@pytest.mark.parametrize("m", [1, 2, 4])
def test_directions_that_do_not_exist_are_empty(m: int) -> None:
    """m images differ in m - 1 directions at most; the other coordinates are 0."""
    images = noise(m, 3, 3, 1)
    block = fitted(Pca(components=6), images)
    assert m - 1 == np.count_nonzero(np.linalg.norm(block.directions, axis=0) > 0.5)
    assert 0 == np.abs(extracted(block, images)[:, m - 1 :]).max()


def test_equal_images_have_no_direction() -> None:
    """Nothing differs, nothing is divided by zero."""
    images = np.full((20, 3, 3, 1), 50, np.uint8)
    assert 0 == np.abs(extracted(fitted(Pca(components=3), images), images)).max()


def test_of_many_images_a_sample_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first direction of 300 images is that of all 2000, nearly."""
    images = smooth(2000, 5, 5, 1)
    images[::2] //= 2  # the first direction is brightness
    whole = fitted(Pca(components=1), images).directions
    monkeypatch.setattr(module, "MOST_IMAGES", 300)
    sampled = fitted(Pca(components=1), images).directions
    assert (whole != sampled).any()
    assert float((whole.T @ sampled)[0, 0]) > 0.99
