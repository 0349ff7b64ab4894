"""Soft targets: what mixup, cutmix and cutout make of a batch, smoothing, and weights of soft labels."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.training.mixing import CUTOUT_MAX, Mixing, example_weights, one_hot, smooth

M, N = 8, 400


def batch() -> tuple[np.ndarray, np.ndarray]:
    """Feature columns as the loop sees them, examples in the rows of the memory: column i is i + 1 everywhere."""
    X = np.repeat(np.arange(1.0, M + 1)[:, None], N, axis=1).T
    return X, np.arange(M) % 3


def mixed(kind: str, seed: int = 0, **options: float) -> tuple[np.ndarray, np.ndarray]:
    """A batch that was mixed for sure."""
    X, Y = batch()
    return X, Mixing(kind, 1.0, **options).apply(np.random.default_rng(seed), X, Y, 3)


@pytest.mark.parametrize("seed", range(5))
def test_mixup_adds_the_next_example_by_the_share_of_its_label(seed: int) -> None:
    """x = (1 - s) x + s x', and the labels likewise."""
    before, Y = batch()
    X, targets = mixed("mixup", seed)
    share = (X[0, 0] - 1) / (2 - 1)
    assert 0 < share < 1
    np.testing.assert_allclose((1 - share) * before + share * np.roll(before, -1, axis=1), X)
    expected = (1 - share) * one_hot(Y, 3, float) + share * one_hot(np.roll(Y, -1), 3, float)
    np.testing.assert_allclose(expected, targets)


@pytest.mark.parametrize("seed", range(5))
def test_cutmix_takes_whole_rows_from_the_next_example(seed: int) -> None:
    """Every feature is one of the two, the same rows for all examples, and the label has their share."""
    before, Y = batch()
    X, targets = mixed("cutmix", seed)
    partner = np.roll(before, -1, axis=1)
    taken = (X == partner).all(axis=1)
    np.testing.assert_array_equal(np.where(taken[:, None], partner, before), X)
    share = taken.mean()
    expected = (1 - share) * one_hot(Y, 3, float) + share * one_hot(np.roll(Y, -1), 3, float)
    np.testing.assert_allclose(expected, targets)


def test_cutmix_shares_are_all_equally_likely() -> None:
    """Beta(1, 1) is uniform; the rows are drawn one by one, not in a block."""
    shares, edges = [], []
    for seed in range(200):
        X, _ = mixed("cutmix", seed)
        taken = X[:, 0] == 2
        shares.append(taken.mean())
        edges.append(np.count_nonzero(taken[1:] != taken[:-1]))
    assert 0.5 == pytest.approx(np.mean(shares), abs=0.06)
    assert 1 / 12 == pytest.approx(np.var(shares), abs=0.02)
    assert 50 < np.mean(edges)


def test_a_small_alpha_mixes_little_or_almost_everything() -> None:
    """Beta(0.1, 0.1) has its mass at both ends."""
    shares = [mixed("mixup", seed, alpha=0.1)[0][0, 0] - 1 for seed in range(100)]
    assert 60 < np.count_nonzero((np.array(shares) < 0.1) | (np.array(shares) > 0.9))


def test_cutout_silences_rows_and_keeps_the_labels() -> None:
    """Up to a half of them, the same for all examples; the other rows stay."""
    shares = []
    for seed in range(100):
        X, Y = mixed("cutout", seed)
        np.testing.assert_array_equal(batch()[1], Y)
        silent = (X == 0).all(axis=1)
        np.testing.assert_array_equal(batch()[0][~silent], X[~silent])
        shares.append(silent.mean())
    assert max(shares) < CUTOUT_MAX + 0.1
    assert CUTOUT_MAX / 2 == pytest.approx(np.mean(shares), abs=0.05)


def test_some_batches_are_left_as_they_are() -> None:
    """With probability 0.25 about a quarter of them are mixed; class indices stay class indices in the others."""
    rng, n_mixed = np.random.default_rng(0), 0
    for _ in range(400):
        X, Y = batch()
        targets = Mixing("cutmix", 0.25).apply(rng, X, Y, 3)
        if targets.ndim == 2:
            n_mixed += 1
        else:
            np.testing.assert_array_equal(batch()[0], X)
            assert targets is Y
    assert 100 == pytest.approx(n_mixed, abs=30)


@pytest.mark.parametrize("kind", ["mixup", "cutmix", "cutout"])
def test_what_is_drawn_does_not_depend_on_the_share_of_the_batch(kind: str) -> None:
    """Processes with more or fewer examples stay in step."""
    states = []
    for m in (0, 1, 8):
        rng = np.random.default_rng(3)
        X, Y = batch()
        for _ in range(5):
            Mixing(kind, 0.8).apply(rng, X[:, :m], Y[:m], 3)
        states.append(rng.bit_generator.state)
    assert states[0] == states[1] == states[2]


def test_one_output_has_the_probability_of_class_1() -> None:
    """(1, m), mixed and smoothed like the others."""
    X, Y = batch()
    targets = Mixing("mixup", 1.0).apply(np.random.default_rng(0), X, Y % 2, 1)
    assert (1, M) == targets.shape
    np.testing.assert_allclose([[0.05, 0.95]], smooth(np.array([0, 1]), 0.1, 1, float))


def test_smoothing_gives_a_share_to_all_classes() -> None:
    """0.1 of each label is divided among four classes; what is soft already is smoothed likewise."""
    np.testing.assert_allclose([[0.025], [0.025], [0.925], [0.025]], smooth(np.array([2]), 0.1, 4, float))
    soft = np.array([[0.5], [0.5], [0], [0]])
    np.testing.assert_allclose([[0.475], [0.475], [0.025], [0.025]], smooth(soft, 0.1, 4, float))


def test_the_weight_of_a_mixed_example_is_the_average_of_its_classes() -> None:
    """As if its labels were two examples."""
    weights = np.array([1.0, 3.0, 10.0])
    np.testing.assert_allclose([10, 1], example_weights(weights, np.array([2, 0])))
    np.testing.assert_allclose([2, 10], example_weights(weights, np.array([[0.5, 0], [0.5, 0], [0, 1]])))
    np.testing.assert_allclose([1.5], example_weights(weights[:2], np.array([[0.25]])))
