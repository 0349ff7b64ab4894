"""Learning a dictionary: every step by itself."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.features import dictionary
from nncli.features.dictionary import WHITENING, normalized, sample_patches, spherical_k_means, whitening
from tests.features.images import noise, smooth


def test_samples_are_patches_of_the_images() -> None:
    """Every sampled row is found somewhere in an image, in values from 0 to 1."""
    images = noise(3, 5, 6, 3)
    there = {
        tuple(image[y : y + 2, x : x + 2].ravel().tolist()) for image in images for y in range(4) for x in range(5)
    }
    sample = sample_patches(images, 2, 300, np.random.default_rng(0))
    assert (300, 12) == sample.shape
    found = {tuple((row * 255).round().astype(int).tolist()) for row in sample}
    assert found <= there
    assert len(found) > 0.9 * len(there)  # from all places: the last row and column, too


def test_normalized_rows_have_mean_0_and_variance_below_1() -> None:
    """variance / (variance + contrast): nearly 1 for strong patches, nearly 0 for faint ones."""
    rows = np.random.default_rng(0).random((50, 27)).astype(np.float32)
    rows[0] = 0.5 + rows[0] / 1000
    variance = rows.var(axis=1, dtype=np.float64)
    found = normalized(rows.copy(), 0.01)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(found.var(axis=1), variance / (variance + 0.01), rtol=1e-4)


def test_whitened_rows_have_the_identity_as_covariance_up_to_the_regularizer() -> None:
    """A direction of variance v has v / (v + 0.1) afterwards, and directions stay what they are."""
    rng = np.random.default_rng(0)
    P = (rng.standard_normal((5000, 6)) @ rng.standard_normal((6, 6)) * 3).astype(np.float32)
    P -= P.mean(axis=0)
    values, V = np.linalg.eigh(np.cov(P.T, bias=True))
    zca = whitening(P)
    expected = V @ np.diag(values / (values + WHITENING)) @ V.T
    np.testing.assert_allclose(np.cov((P @ zca).T, bias=True), expected, atol=2e-3)
    np.testing.assert_allclose(np.cov((P @ zca).T, bias=True), np.eye(6), atol=0.3)
    np.testing.assert_allclose(zca, zca.T, atol=1e-5)


def test_whitening_leaves_no_correlation_between_neighbors() -> None:
    """Neighboring pixels of soft images are alike before, not afterwards."""
    P = normalized(sample_patches(smooth(40, 16, 16, 1), 4, 3000, np.random.default_rng(0)), 0.001)
    P -= P.mean(axis=0)
    before, after = (float(np.array(np.corrcoef(rows.T))[5, 6]) for rows in (P, P @ whitening(P)))
    assert before > 0.2
    assert abs(after) < 0.1 < before


def planted(n: int, directions: np.ndarray) -> np.ndarray:
    """Rows that lie along the directions, either way, of different lengths, with some noise."""
    rng = np.random.default_rng(0)
    lengths = rng.uniform(1, 3, n) * rng.choice([-1, 1], n)
    rows = directions[rng.integers(0, len(directions), n)] * lengths[:, None]
    return np.array(rows + 0.02 * rng.standard_normal(rows.shape), np.float32)


@pytest.mark.parametrize("n", [600, 20_000])
def test_planted_directions_are_found(n: int) -> None:
    """Each of four directions is one of the eight that are learned, up to its sign; also of more rows than a chunk."""
    directions = np.linalg.qr(np.random.default_rng(1).standard_normal((12, 4)))[0].T
    D = spherical_k_means(planted(n, directions), 8, np.random.default_rng(2))
    np.testing.assert_allclose(np.linalg.norm(D, axis=1), 1, rtol=1e-5)
    assert (np.abs(directions @ D.T).max(axis=1) > 0.99).all()


def test_one_direction_is_the_first_principal_one() -> None:
    """With one cluster the rounds are the power iteration of the covariance: d = sum of (d . z) z."""
    Z = (np.random.default_rng(0).standard_normal((400, 5)) * [5, 1, 1, 1, 1]).astype(np.float32)
    (d,) = spherical_k_means(Z, 1, np.random.default_rng(0))
    expected = np.linalg.eigh(Z.T @ Z)[1][:, -1]
    assert 1 == pytest.approx(abs(float(d @ expected)), abs=1e-4)


def test_more_directions_than_rows() -> None:
    """Some are the same then, and all have length 1."""
    Z = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    D = spherical_k_means(Z, 9, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(D, axis=1), 1, rtol=1e-5)


def test_first_rounds_on_some_of_the_rows_find_the_same() -> None:
    """Enough rows for each direction: a quarter of them leads the way, and all of them decide."""
    directions = np.linalg.qr(np.random.default_rng(1).standard_normal((12, 4)))[0].T
    rows = planted(2000, directions)
    assert len(rows) >= dictionary.SOME * dictionary.ENOUGH * 8
    D = spherical_k_means(rows, 8, np.random.default_rng(2))
    nearest = np.abs(rows @ D.T).argmax(axis=1)
    for k in set(nearest.tolist()):  # a fixed point of a round on all rows, nearly: the last rounds saw them all
        own = rows[nearest == k]
        center = (own * (own @ D[k])[:, None]).sum(axis=0)
        assert 1 == pytest.approx(float(D[k] @ center / np.linalg.norm(center)), abs=1e-3)
