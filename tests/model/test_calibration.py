"""Temperature: probabilities that mean what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.evaluation.confidence import calibration_error
from nncli.model.calibration import COLDEST, FEWEST, FEWEST_MISTAKES, HOTTEST, fit_temperature, is_at_limit, tempered


def drawn(m: int, sharpness: float, n_classes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, (m, n_classes), with logits `sharpness` times too large, and labels drawn from the true ones."""
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((m, n_classes)) * 1.5
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(n_classes, p=row) for row in true])
    said = np.exp(logits * sharpness)
    return (said / said.sum(axis=1, keepdims=True)).astype(np.float32), labels


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """By the definition."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-30)).mean())


@pytest.mark.parametrize("sharpness", [0.5, 1, 2, 3])
def test_the_temperature_that_was_planted_is_found(sharpness: float) -> None:
    """Logits that are three times too large need T = 3; what is right stays nearly as it is."""
    assert sharpness == pytest.approx(fit_temperature(*drawn(4000, sharpness)), rel=0.1)


def test_an_overconfident_network_becomes_honest() -> None:
    """Cross-entropy and calibration error fall, also on images that were not used for it; the classes stay."""
    probabilities, labels = drawn(1000, 3)
    temperature = fit_temperature(probabilities, labels)
    for p, y in ((probabilities, labels), drawn(1000, 3, seed=1)):
        cooler = tempered(p.T, temperature).T
        assert cross_entropy(cooler, y) < 0.8 * cross_entropy(p, y)
        before, after = (calibration_error(q.max(axis=1), q.argmax(axis=1) == y) for q in (p, cooler))
        assert after < 0.4 * before
        np.testing.assert_array_equal(p.argmax(axis=1), cooler.argmax(axis=1))
        np.testing.assert_allclose(cooler.sum(axis=1), 1, rtol=1e-5)


def test_no_other_temperature_is_better() -> None:
    """The search finds the smallest cross-entropy there is."""
    probabilities, labels = drawn(300, 2, seed=3)
    temperature = fit_temperature(probabilities, labels)
    best = cross_entropy(tempered(probabilities.T.astype(np.float64), temperature).T, labels)
    for factor in (0.8, 0.95, 1.05, 1.25):
        assert best < cross_entropy(tempered(probabilities.T.astype(np.float64), temperature * factor).T, labels)


def test_tempered_is_a_power() -> None:
    """p^(1/T), divided by the sum: 0.64 and 0.36 at T = 2 are 0.8 / 1.4 and 0.6 / 1.4."""
    column = np.array([[0.64], [0.36]])
    np.testing.assert_allclose(tempered(column, 2).ravel(), [0.8 / 1.4, 0.6 / 1.4])
    np.testing.assert_allclose(tempered(column, 1), column)


def test_a_probability_of_zero_stays_small() -> None:
    """Rounded to 0, it becomes no NaN, whatever the temperature."""
    column = np.array([[1], [0]], np.float32)
    for temperature in (COLDEST, 1, HOTTEST):
        found = tempered(column, temperature)
        assert np.float32 == found.dtype
        assert [1, 0] == pytest.approx(found.ravel().tolist(), abs=2e-6)


def test_few_images_teach_nothing() -> None:
    """From a handful of images a temperature would be a guess."""
    probabilities, labels = drawn(FEWEST, 3)
    assert 1 == fit_temperature(probabilities[1:], labels[1:])
    assert 1 != fit_temperature(probabilities, labels)
    assert 1 == fit_temperature(probabilities[:0], labels[:0])


@pytest.mark.parametrize("n_wrong", range(FEWEST_MISTAKES + 1))
def test_few_mistakes_count_as_five(n_wrong: int) -> None:
    """195 of 200 right with 0.9 each: 0.975 would be true, which is p^(1/T) for T = log 9 / log 39.

    An easier validation set would raise every probability to the fifth power.
    """
    timid = np.tile(np.array([0.9, 0.1], np.float32), (200, 1))
    found = fit_temperature(timid, np.repeat([0, 1], [200 - n_wrong, n_wrong]))
    assert math.log(9) / math.log(39) == pytest.approx(found, abs=1e-3)
    assert not is_at_limit(found)


@pytest.mark.parametrize(("n", "sure"), [(200, 0.976), (40, 0.88), (20, 0.76)])
def test_without_mistakes_who_is_sure_is_not_made_surer(n: int, sure: float) -> None:
    """Surer than with five mistakes among so many images: nothing says more."""
    assert 1 == pytest.approx(fit_temperature(np.tile([sure, 1 - sure], (n, 1)), np.zeros(n, np.intp)), abs=1e-3)


def test_a_network_that_cannot_be_sure_enough_is_at_the_limit() -> None:
    """2,000 of 2,000 right with 0.55 each."""
    found = fit_temperature(np.tile([0.55, 0.45], (2000, 1)), np.zeros(2000, np.intp))
    assert COLDEST == pytest.approx(found, rel=1e-3)


def test_limits() -> None:
    """Nearly all right is no reason for certainty, all wrong none for chance."""
    sure = np.tile(np.array([0.55, 0.45], np.float32), (2000, 1))
    found = fit_temperature(sure, np.repeat([0, 1], [1995, 5]))
    assert COLDEST == pytest.approx(found, rel=1e-3)
    assert is_at_limit(found)
    sure = np.tile(np.array([0.9, 0.1], np.float32), (50, 1))
    assert is_at_limit(fit_temperature(sure, np.ones(50, np.intp)))
    assert HOTTEST == pytest.approx(fit_temperature(sure, np.ones(50, np.intp)), rel=1e-3)
    assert math.isfinite(fit_temperature(np.tile(np.array([1, 0], np.float32), (50, 1)), np.ones(50, np.intp)))
