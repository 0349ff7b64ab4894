"""Strangeness: images of another kind are strange, new ones of the same kind are as ordinary as validation images."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.model.strangeness import (
    FEWEST,
    LENGTH,
    MOST_REFERENCES,
    N_NEAREST,
    Shortening,
    Strangeness,
    chosen_references,
    fit_strangeness,
)


def kind(m: int, seed: int, n: int = 300, which: int = 0) -> np.ndarray:
    """Feature columns of m images that are mixtures of a few patterns, (m, n); another kind has other patterns."""
    patterns = np.random.default_rng(100 + which).standard_normal((12, n))
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((m, 12)) @ patterns + 2 * rng.standard_normal((m, n))).astype(np.float32)


def fitted(training: np.ndarray, validation: np.ndarray) -> Strangeness:
    """As a training fits it."""
    found = fit_strangeness(training)
    assert found is not None
    measured = found.measured(found.scores(validation))
    assert measured is not None
    return measured


def auroc(ordinary: np.ndarray, strange: np.ndarray) -> float:
    """The share of pairs in which the strange one is stranger."""
    return float((strange[:, None] > ordinary).mean())


def test_another_kind_is_strange() -> None:
    """Nearly every image of other patterns is stranger than nearly every one of the same."""
    found = fitted(kind(300, 0), kind(100, 1))
    same, other = (found.told(found.scores(kind(200, 2, which=which))) for which in (0, 1))
    assert auroc(same, other) > 0.95
    assert np.mean(other > 0.95) > 0.8


def test_new_images_of_the_same_kind_are_ordinary() -> None:
    """Their p-values are uniform: of all of them a tenth is told to be among the strangest tenth, and so on."""
    found = fitted(kind(300, 0), kind(400, 1))
    told = np.sort(found.told(found.scores(kind(1000, 2))))
    assert 0.08 > np.abs(told - np.arange(1000) / 1000).max()


def test_what_is_told_is_one_minus_the_p_value() -> None:
    """Stranger than all of 99: p = 1 / 100; less strange than all: p = 1."""
    found = fitted(kind(50, 0), kind(99, 1))
    scores = found.validation[[0, -1]] + np.array([-1, 1], np.float32)
    assert [0.0, 0.99] == pytest.approx(found.told(scores).tolist())


def test_rounding_does_not_change_what_is_told() -> None:
    """A validation image's score that differs in its last digits, as in another batch, is told the same."""
    strangeness = fitted(kind(80, 1), kind(40, 2))
    scores = strangeness.validation
    expected = strangeness.told(scores)

    np.testing.assert_array_equal(expected, strangeness.told(scores + np.float32(2e-6)))
    np.testing.assert_array_equal(expected, strangeness.told(scores - np.float32(2e-6)))


def test_scores_are_those_of_the_definition() -> None:
    """Cosines and their largest ones, written out."""
    training, images = kind(40, 0, n=30), kind(5, 2, n=30)
    found = fitted(training, kind(FEWEST, 1, n=30))
    t = found.references / np.linalg.norm(found.references.astype(float), axis=1, keepdims=True)
    x = images - training.mean(axis=0)
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    for k, image in enumerate(x):
        near = np.array([np.sort(t[j] @ t.T)[::-1][1 : N_NEAREST + 1].mean() for j in range(len(t))])
        expected = np.sort(near - 2 * t @ image)[:N_NEAREST].mean()
        assert expected == pytest.approx(float(found.scores(images)[k]), abs=1e-4)


def test_shortened_columns_keep_their_angles() -> None:
    """Of 20,000 numbers 2,048 are kept, and cosines change by a few hundredths."""
    columns = kind(20, 0, n=20_000)
    short = Shortening(20_000)(columns)
    assert (20, LENGTH) == short.shape
    unit, unit_short = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (columns, short))
    assert 0.08 > np.abs(unit @ unit.T - unit_short @ unit_short.T).max()


def test_short_columns_stay_as_they_are() -> None:
    """There is nothing to save."""
    columns = kind(3, 0, n=50)
    np.testing.assert_array_equal(columns, Shortening(50)(columns))


def test_shortening_is_the_same_everywhere() -> None:
    """It depends on the length alone: model files do not hold it, and a change here would break them."""
    columns = kind(2, 0, n=3000)
    np.testing.assert_array_equal(Shortening(3000)(columns), Shortening(3000)(columns))
    found = Shortening(3000)(np.ones((1, 3000), np.float32))[0, :4]
    assert [30.30877, -57.61847, 45.72098, -25.02828] == pytest.approx(found.tolist(), abs=1e-3)


def test_few_images_tell_nothing() -> None:
    """Neither few training images, which are no neighborhood, nor few validation images, which are no scale."""
    assert fit_strangeness(kind(N_NEAREST, 0)) is None
    found = fit_strangeness(kind(50, 0))
    assert found is not None
    assert found.measured(found.scores(kind(FEWEST - 1, 1))) is None


def test_of_many_training_images_some_are_kept() -> None:
    """The same ones for the same seed."""
    chosen = chosen_references(10_000, 3)
    assert len(chosen) == len(set(chosen.tolist())) == MOST_REFERENCES
    np.testing.assert_array_equal(chosen, chosen_references(10_000, 3))
    assert list(range(30)) == chosen_references(30, 3).tolist()
