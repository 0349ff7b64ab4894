"""Wilson intervals, against those of statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.evaluation.intervals import Interval, quantile, wilson

# statsmodels 0.15.0: proportion_confint(right, n, alpha=1 - confidence, method="wilson")
STATSMODELS = [
    (0, 1, 0.95, 0.0, 0.7934506856227626),
    (1, 1, 0.95, 0.20654931437723745, 1.0),
    (0, 10, 0.95, 0.0, 0.2775327998628892),
    (1, 10, 0.95, 0.017876213095072896, 0.4041500267952385),
    (9, 10, 0.95, 0.5958499732047615, 0.9821237869049271),
    (10, 10, 0.95, 0.7224672001371107, 0.9999999999999999),
    (44, 68, 0.95, 0.5284105522251017, 0.7499802311513482),
    (65, 68, 0.95, 0.8781280481750362, 0.9848833802919585),
    (423, 450, 0.95, 0.9141113590470286, 0.9584400403535572),
    (12, 13, 0.95, 0.6668604907890041, 0.9862895787574435),
    (8968, 10000, 0.95, 0.8906842265729811, 0.90261103232005),
    (54321, 60000, 0.95, 0.9029816886673091, 0.9076664101445299),
    (199999, 200000, 0.95, 0.9999716758901989, 0.9999991173766802),
    (44, 68, 0.9, 0.5477813640847714, 0.7350818885396105),
    (44, 68, 0.99, 0.49090208822971426, 0.7770690742000378),
    (3, 20, 0.8, 0.0746730197532267, 0.27844786562430834),
]


@pytest.mark.parametrize(("n_right", "n", "confidence", "low", "high"), STATSMODELS)
def test_intervals_are_those_of_statsmodels(n_right: int, n: int, confidence: float, low: float, high: float) -> None:
    """To a billionth."""
    assert (low, high) == pytest.approx(wilson(n_right, n, confidence), abs=1e-9, rel=0)


def test_the_usual_quantile() -> None:
    """1.96, as everybody knows it."""
    assert pytest.approx(1.959963984540054, abs=1e-12) == quantile(0.95)


def test_limits_are_exact_where_all_or_none_are_right() -> None:
    """No rounding leaves 0 or 1."""
    assert 0.0 == wilson(0, 7).low
    assert 1.0 == wilson(7, 7).high
    assert Interval(0.0, 1.0) == wilson(0, 0)


@pytest.mark.parametrize(("n_right", "n"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(n_right: int, n: int) -> None:
    """More right than there are is a mistake of the caller."""
    with pytest.raises(ValueError, match="is no share"):
        wilson(n_right, n)


@pytest.mark.parametrize("accuracy", [0.5, 0.8, 0.95])
def test_intervals_hold_the_truth_as_often_as_they_say(accuracy: float) -> None:
    """Of many samples of 68 images, about 95 % have an interval around the accuracy that they were drawn with."""
    counts = np.random.default_rng(0).binomial(68, accuracy, 4000)
    holds = [low <= accuracy <= high for low, high in (wilson(int(count), 68) for count in counts)]
    assert pytest.approx(0.95, abs=0.025) == np.mean(holds)


def test_an_interval_reads_like_a_sentence() -> None:
    """With the decimals of an accuracy."""
    assert "0.5284 to 0.7500" == str(wilson(44, 68))
