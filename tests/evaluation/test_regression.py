"""Figures of numbers, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.evaluation.regression import RegressionEvaluation, figures
from nncli.model.known_images import NEW, TRAINING


def test_figures_by_hand() -> None:
    """MAE, RMSE, R2, correlation, and the same of the mean, of four numbers."""
    found = figures(np.array([0.0, 0, 2, 4]), np.array([1.0, 0, 2, 3]), 1.0)
    assert (4, 0.5, 0.5**0.5) == (found["n"], found["mae"], found["rmse"])
    assert found["r2"] == pytest.approx(1 - 2 / 11)
    assert found["correlation"] == pytest.approx(np.corrcoef([0, 0, 2, 4], [1, 0, 2, 3])[0, 1])
    assert {"answer": 1.0, "mae": 1.5, "rmse": 3**0.5} == pytest.approx(found["baseline"])
    assert found["of_the_mean"] == pytest.approx(0.5 / 3)


def test_equal_numbers_have_neither_r2_nor_correlation() -> None:
    """Nothing can be explained where nothing varies; no division by zero."""
    found = figures(np.full(3, 2.0), np.array([1.0, 2, 3]), 2.0)
    assert (None, None, None) == (found["r2"], found["correlation"], found["of_the_mean"])
    assert {"n": 0} == figures(np.empty(0), np.empty(0), 0.0)


def test_images_that_trained_the_model_are_left_out_and_the_furthest_come_first() -> None:
    """As for classes; far off is measured in each number's own deviation."""
    actual, predicted = np.array([[0.0, 0], [1, 100], [2, 200]]), np.array([[0.1, 90], [1, 100], [1, 201]])
    known = np.array([TRAINING, NEW, NEW], np.uint8)
    evaluation = RegressionEvaluation(
        ("a", "b"), ["x", "y", "z"], actual, predicted.astype(np.float32), [], "", known, mean=np.zeros(2)
    )
    assert ["z", "x", "y"] == [evaluation.paths[row] for row in evaluation.wrong()]
    unseen = evaluation.unseen()
    assert isinstance(unseen, RegressionEvaluation)
    assert (["y", "z"], 2) == (unseen.paths, unseen.report()["targets"]["a"]["n"])
    assert 1 == unseen.report()["known"]["training"]
