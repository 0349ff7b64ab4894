"""Folds for cross-validation: each with its share of every class, and no group in two of them."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.data.split import grouped_split, stratified_folds


def counts(labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Images of each class in each fold, (k, n_classes)."""
    return np.stack([np.bincount(labels[folds == k], minlength=labels.max() + 1) for k in range(folds.max() + 1)])


def test_every_fold_has_its_share_of_every_class() -> None:
    """Neither classes nor folds differ by more than one image."""
    labels = np.repeat([0, 1, 2], [23, 41, 7])
    found = counts(labels, stratified_folds(labels.tolist(), 5, seed=0))
    assert np.all(np.ptp(found, axis=0) <= 1)
    assert np.ptp(found.sum(axis=1)) <= 1


def test_folds_follow_from_the_seed() -> None:
    """The same again, and others for another seed."""
    labels = [0, 1] * 20
    first = stratified_folds(labels, 4, seed=1).tolist()
    assert first == stratified_folds(labels, 4, seed=1).tolist()
    assert first != stratified_folds(labels, 4, seed=2).tolist()


def test_a_group_is_not_divided() -> None:
    """Thirty persons of up to nine images each, of both classes, and the folds are still nearly even."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), rng.integers(1, 10, 30))
    labels = rng.integers(0, 2, len(groups))
    folds = stratified_folds(labels.tolist(), 5, 0, groups.tolist())
    assert all(1 == len(set(folds[groups == g].tolist())) for g in range(30))
    share = counts(labels, folds) / np.bincount(labels)
    np.testing.assert_allclose(share, 0.2, atol=0.06)


@pytest.mark.parametrize("groups", [None, []])
def test_no_examples_have_no_folds(groups: list[int] | None) -> None:
    """Nothing in, nothing out."""
    assert [] == stratified_folds([], 3, 0, groups).tolist()


def test_a_split_does_not_divide_a_group_either() -> None:
    """About a fifth of each class, in whole groups; the same again for the same seed."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), rng.integers(1, 5, 60))
    labels = rng.integers(0, 3, len(groups))
    training, validation = grouped_split(labels.tolist(), 0.2, 0, groups.tolist())
    assert list(range(len(labels))) == sorted([*training.tolist(), *validation.tolist()])
    assert not set(groups[training].tolist()) & set(groups[validation].tolist())
    np.testing.assert_allclose(np.bincount(labels[validation]) / np.bincount(labels), 0.2, atol=0.05)
    np.testing.assert_array_equal(validation, grouped_split(labels.tolist(), 0.2, 0, groups.tolist())[1])
    assert 0 == len(grouped_split(labels.tolist(), 0, 0, groups.tolist())[1])
