"""Figures that are no shares: what drawing images anew, and exchanging answers, makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.evaluation.comparison import mcnemar
from nncli.evaluation.intervals import wilson
from nncli.evaluation.multilabel import MultilabelEvaluation, f1_terms, macro_f1
from nncli.evaluation.regression import RegressionEvaluation, mean_r2, r2_terms
from nncli.evaluation.resampling import compare_figures, drawn_anew


def share(sums: np.ndarray) -> np.ndarray:
    """Of images that are right, from sums of 1 or 0 and of 1."""
    return np.asarray(sums[:, 0] / sums[:, 1])


def terms_of(right: np.ndarray) -> np.ndarray:
    """Those of a share."""
    return np.stack([right, np.ones(len(right))], axis=1).astype(float)


def test_the_bootstrap_of_a_share_is_about_its_interval() -> None:
    """Where there is a formula, drawing images anew gives nearly the same."""
    found, expected = drawn_anew(terms_of(np.arange(400) < 300), share), wilson(300, 400)
    assert 0.75 == found.value
    assert tuple(expected) == pytest.approx(found.interval, abs=0.01)
    assert (0.75 * 0.25 / 400) ** 0.5 == pytest.approx(found.deviation, rel=0.1)


@pytest.mark.parametrize(("first_alone", "second_alone"), [(2, 9), (4, 6), (0, 6), (3, 3)])
def test_exchanged_answers_give_the_exact_test(first_alone: int, second_alone: int) -> None:
    """Of a share the randomization is McNemar's test, but for the chance of 9,999 tries."""
    first = np.repeat([1, 0, 1], [first_alone, second_alone, 40])
    second = np.repeat([0, 1, 1], [first_alone, second_alone, 40])
    found = compare_figures(terms_of(first), terms_of(second), share)
    assert mcnemar(first_alone, second_alone) == pytest.approx(found.p_value, abs=0.015)
    assert (second_alone - first_alone) / len(first) == pytest.approx(found.difference)
    assert found.limits.low <= found.difference <= found.limits.high
    assert 1 == compare_figures(terms_of(first), terms_of(first), share).p_value


def test_sums_give_the_figures_of_the_reports() -> None:
    """Macro F1 without labels that nobody has or tells, and mean R2; both of a part of the images, too."""
    rng = np.random.default_rng(0)
    has, p = rng.random((50, 3)) < (0.5, 0.2, 0), (rng.random((50, 3)) * [1, 1, 0]).astype(np.float32)
    labels = MultilabelEvaluation(("a", "b", "c"), ["x"] * 50, has, p, [], "", thresholds=np.full(3, 0.5))
    assert labels.report()["macro_f1"] == pytest.approx(macro_f1(f1_terms(has, p >= 0.5).sum(axis=0)[None])[0])
    y = rng.standard_normal((50, 3)) * [1, 1, 0] + 1e6
    told = y + 0.5 * rng.standard_normal((50, 3))
    numbers = RegressionEvaluation(("a", "b", "c"), ["x"] * 50, y, told, [], "", mean=np.zeros(3))  # type: ignore[arg-type]
    assert numbers.report()["r2"] == pytest.approx(mean_r2(r2_terms(y, told).sum(axis=0)[None])[0])
    part = mean_r2(r2_terms(y, told)[:20].sum(axis=0)[None])[0]
    assert numbers.part(list(range(20))).report()["r2"] == pytest.approx(part)
    assert [-1.0, -1.0] == [drawn_anew(r2_terms(y, other), mean_r2).value for other in (y + 1e9, y[:1] + 0 * y - 1e9)]
