"""Two models on the same images, against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from statistics import NormalDist

import numpy as np
import pytest

from nncli.evaluation.comparison import Comparison, compare, compare_numbers, holm, mcnemar

# statsmodels 0.15.0: mcnemar([[0, first], [second, 0]], exact=True).pvalue
STATSMODELS = [
    (0, 0, 1.0),
    (0, 5, 0.0625),
    (1, 5, 0.21875),
    (6, 6, 1.0),
    (3, 12, 0.03515625),
    (20, 41, 0.009853448195259268),
    (150, 111, 0.018494367637955887),
    (1000, 1100, 0.03072070786424249),
]


@pytest.mark.parametrize(("first", "second", "expected"), STATSMODELS)
def test_the_test_of_mcnemar_is_that_of_statsmodels(first: int, second: int, expected: float) -> None:
    """To a billionth."""
    assert expected == pytest.approx(mcnemar(first, second), rel=1e-9, abs=0)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 9), (13, 40), (300, 500), (900, 1200)])
def test_the_test_of_mcnemar_is_exact(first: int, second: int) -> None:
    """The sum of the binomial coefficients as a fraction, rounded once."""
    n = first + second
    total = sum(comb(n, k) for k in range(min(first, second) + 1))
    assert float(min(Fraction(1), Fraction(2 * total, 2**n))) == pytest.approx(mcnemar(first, second), rel=1e-15)
    assert mcnemar(first, second) == mcnemar(second, first)


def test_a_certain_difference_has_a_probability_of_nothing() -> None:
    """Far beyond the smallest float."""
    assert 0.0 == mcnemar(0, 5000)


def test_images_are_counted_by_who_is_right() -> None:
    """One right by both, one by each alone, and two by none, of which one gets the same wrong answer."""
    actual = np.array([0, 1, 2, 0, 0])
    first = np.array([0, 1, 0, 1, 2])
    second = np.array([0, 0, 2, 1, 1])
    found = compare(actual, first, second)
    assert Comparison(both=1, first=1, second=1, neither=2, same_answer=2) == found
    assert 5 == found.n
    assert 0.0 == found.difference
    assert 1.0 == found.p_value


def test_the_interval_of_a_difference_by_hand() -> None:
    """12 against 3 of 98: d = 9 / 100, half = 1.96 sqrt((0.17 - 0.0081) / 100)."""
    found = Comparison(both=70, first=3, second=12, neither=13, same_answer=80)
    half = 1.959963984540054 * (0.1619 / 100) ** 0.5
    assert (0.09 - half, 0.09 + half) == pytest.approx(found.interval())
    assert 9 / 98 == found.difference


def test_the_interval_of_a_difference_stays_possible() -> None:
    """Two images cannot differ by more than all."""
    assert 1.0 == Comparison(0, 0, 2, 0, 0).interval(0.9999).high


@pytest.mark.parametrize(("both", "first", "second"), [(0.8, 0.05, 0.05), (0.6, 0.05, 0.15), (0.9, 0.0, 0.04)])
def test_intervals_hold_the_true_difference_as_often_as_they_say(both: float, first: float, second: float) -> None:
    """Of many samples of 80 images, 95 % or a little more have an interval around the true difference."""
    shares = [both, first, second, 1 - both - first - second]
    samples = np.random.default_rng(0).multinomial(80, shares, 3000)
    intervals = [Comparison(a, b, c, d, same_answer=0).interval() for a, b, c, d in samples.tolist()]
    holds = np.mean([low <= second - first <= high for low, high in intervals])
    assert 0.935 < holds < 0.995


def test_several_tests_are_corrected() -> None:
    """Holm: the smallest of three counts three times, the next twice; none falls below one before it."""
    assert [0.03, 0.06, 0.06] == pytest.approx(holm([0.01, 0.04, 0.03]))
    assert [1.0] == holm([1.0])
    assert [] == holm([])


def test_numbers_are_compared_by_their_squared_errors() -> None:
    """The difference of the means, its interval by the standard error, and the two-sided test that belongs to it."""
    found = compare_numbers(np.zeros(4), np.array([1.0, 1, 1, 1]), np.array([2.0, 1, 0, 1]))
    d = np.array([3.0, 0, -1, 0])
    assert (1, 1.5, 0.5) == (found.first, found.second, found.difference)
    half = 1.959963984540054 * d.std() / 2
    assert (0.5 - half, 0.5 + half) == pytest.approx(found.interval())
    assert 2 * (1 - NormalDist().cdf(0.5 * 2 / d.std())) == pytest.approx(found.p_value)
    assert 1 == compare_numbers(np.zeros(2), np.ones(2), np.ones(2)).p_value


def test_equally_good_numbers_differ_as_rarely_as_they_should() -> None:
    """Of many pairs of such models on 60 images, 5 % seem different."""
    errors = np.random.default_rng(0).standard_normal((2000, 2, 60))
    false = [compare_numbers(np.zeros(60), *pair).p_value < 0.05 for pair in errors]
    assert 0.05 == pytest.approx(np.mean(false), abs=0.02)
