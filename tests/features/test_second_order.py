"""Second-order pooling; the loops that say what it computes are those of test_second_reader.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nncli.features import deep_patches, patches
from nncli.features.column import FeatureColumn
from nncli.features.deep_patches import learn_whitening
from nncli.features.dictionary import WHITENING
from nncli.features.second_order import LINEAR, SecondOrderBlock
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.second_order import SecondOrder
from nncli.features.shared_patches import SharedPatches
from tests.features.images import extracted, fitted, smooth

SMALL = SecondOrder(size=3, count=4, pool=2, deep_size=2, directions=5)
SHAPE = (13, 11, 3)


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "SAMPLES", (400, 400))
    monkeypatch.setattr(deep_patches, "SAMPLES", (300, 300))


def test_coordinates_are_uncorrelated_and_of_about_the_same_variance() -> None:
    """v / (v + a tenth of the average) for directions of variance v: their covariance over all windows is diagonal."""
    rng = np.random.default_rng(0)
    windows = (rng.random((500, 12)) @ rng.standard_normal((12, 12))).astype(np.float32)
    whitening, mean = learn_whitening(windows, 4)
    variances = np.linalg.eigvalsh(np.cov(windows.T.astype(np.float64), bias=True))[::-1][:4]
    z = (windows.astype(np.float64) - mean) @ whitening
    expected = np.diag(variances / (variances + WHITENING * variances.mean()))
    np.testing.assert_allclose(np.cov(z.T, bias=True), expected, atol=1e-3)


@pytest.mark.parametrize("m", [2, 9])
def test_an_image_alone_has_the_same_bits_as_in_a_batch(m: int) -> None:
    """And a block of the same arrays gives them again."""
    block, images = fitted(SMALL, smooth(20, *SHAPE)), smooth(m, *SHAPE, seed=9)
    together, arrays = extracted(block, images), block.arrays()
    assert {name: array.shape for name, array in arrays.items()} == SecondOrderBlock.array_shapes(SMALL, SHAPE)
    again = SecondOrderBlock(SMALL, SHAPE, **arrays)
    for i in range(m):
        np.testing.assert_array_equal(together[i], extracted(again, images[i : i + 1])[0])


def test_a_blank_image_has_no_covariance() -> None:
    """All its windows are alike; and blank images teach nothing but break nothing."""
    blank = np.full((3, *SHAPE), 200, np.uint8)
    np.testing.assert_allclose(extracted(fitted(SMALL, smooth(20, *SHAPE)), blank), 0, atol=LINEAR / 1000)
    assert np.isfinite(extracted(fitted(SMALL, blank), smooth(2, *SHAPE))).all()


def test_an_image_of_one_window() -> None:
    """One place for everything: a covariance of 0."""
    settings = SecondOrder(size=4, count=3, pool=1, deep_size=1, directions=6)
    images = smooth(5, 4, 4, 3)
    np.testing.assert_array_equal(0, extracted(fitted(settings, images), images))


def test_patches_that_are_known_are_learned_and_compared_once() -> None:
    """Beside `deep_patches` whose patches are cut alike; the features are those of each block by itself."""
    images = smooth(30, *SHAPE)
    deep = DeepPatches(size=3, count=4, pool=2, deep_size=2, deep_count=6, grid=1)
    column = FeatureColumn.fit((deep, SMALL, replace(SMALL, count=5)), SHAPE, images.reshape(30, -1), seed=1)
    first, second, third = column.blocks
    np.testing.assert_array_equal(first.arrays()["matrix"], second.arrays()["matrix"])
    together = np.empty((30, column.n_features), np.float32)
    column.extract(images.reshape(30, -1), together)
    apart = np.hstack([extracted(block, images) for block in (first, second, third)])
    np.testing.assert_allclose(apart, together, rtol=1e-5, atol=1e-5)
    users: Any = [first, second, third]
    n_sums = [len(sums) for _, sums in SharedPatches(users, SHAPE).sums(images)]
    assert {3} == set(n_sums)
    ((_, sums),) = SharedPatches(users, SHAPE).sums(images[:1])
    assert sums[0] is sums[1]
    assert sums[0] is not sums[2]
