"""What probabilities are worth, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.evaluation.confidence import Suspect, calibration_bins, calibration_error, coverage, label_sets, suspects
from nncli.model.conformal import Conformal


def test_a_threshold_counts_as_predict_counts_it() -> None:
    """A probability equal to the threshold is answered, in float32, too."""
    rows = coverage(np.array([0.9, 0.95, 0.4], np.float32), np.array([True, False, False]))
    by_threshold = {row["threshold"]: row for row in rows}
    assert {"threshold": 0.9, "coverage": 2 / 3, "images": 2, "accuracy": 0.5} == by_threshold[0.9]
    assert {"threshold": 0.95, "coverage": 1 / 3, "images": 1, "accuracy": 0.0} == by_threshold[0.95]
    assert {"threshold": 0.99, "coverage": 0.0, "images": 0, "accuracy": None} == by_threshold[0.99]


def test_bins_of_equal_width() -> None:
    """Empty ones are left out, and 1 belongs to the last one."""
    bins = calibration_bins(np.array([0.55, 0.57, 1.0]), np.array([True, False, True]))
    assert [
        {"confidence": pytest.approx(0.56), "accuracy": 0.5, "images": 2},
        {"confidence": 1.0, "accuracy": 1.0, "images": 1},
    ] == bins


def test_the_calibration_error_is_the_mean_distance() -> None:
    """Weighted by the images of each bin: 2/3 * 0.06 + 1/3 * 0."""
    assert 0.04 == pytest.approx(calibration_error(np.array([0.55, 0.57, 1.0]), np.array([True, False, True])))


def test_an_image_that_looks_more_like_another_class_is_a_suspect() -> None:
    """The thresholds are 0.6 for class 0 and 0.8 for class 1; the third image has 0.9 for class 1."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]])
    actual = np.array([0, 0, 0, 1])
    assert [Suspect(2, 1, 0.9 - 0.1)] == suspects(actual, probabilities)


def test_a_wrong_answer_below_the_threshold_is_the_models_fault() -> None:
    """0.6 for class 1 is less than what its images usually get, so the label stands."""
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.1, 0.9]])
    assert [] == suspects(np.array([0, 0, 1]), probabilities)


def test_a_class_without_images_is_never_suggested() -> None:
    """Nothing is known about what its images get."""
    assert [] == suspects(np.array([0, 0]), np.array([[0.1, 0.9], [0.9, 0.1]]))


def test_the_surest_come_first() -> None:
    """By how much more probable the suggested class is."""
    probabilities = np.array([[0.3, 0.7], [0.1, 0.9], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    assert [1, 0] == [suspect.row for suspect in suspects(np.array([0, 0, 0, 1, 1]), probabilities)]


def test_a_label_that_is_the_more_probable_class_stands() -> None:
    """The first image misses the high threshold of its own class, 0.75, and reaches that of class 1, 0.35."""
    probabilities = np.array([[0.6, 0.4], [0.9, 0.1], [0.65, 0.35]])
    assert [] == suspects(np.array([0, 0, 1]), probabilities)


def test_label_sets_tell_whether_the_promise_is_kept() -> None:
    """Of the validation images nine of ten right labels got 0.6, one 0.1: at 0.8 the limit is 0.6, at 0.95 it is 0."""
    given = np.array([0.1, *[0.6] * 9], np.float32)
    conformal = Conformal(given, np.zeros(10, np.intp), 2)
    rows = label_sets(conformal, np.array([0, 1]), np.array([[0.7, 0.3], [0.7, 0.3]]))
    assert {"confidence": 0.8, "coverage": 0.5, "labels": 1.0} == rows[0]
    assert {"confidence": 0.95, "coverage": 1.0, "labels": 2.0} == rows[2]


def test_the_least_probable_labels_are_suspected() -> None:
    """One image of class 0 reaches the threshold of class 1; suspected is the one whose own label got least."""
    probabilities = np.array([[0.9, 0.05, 0.05], [0.3, 0.6, 0.1], [0.1, 0.4, 0.5], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])
    (found,) = suspects(np.array([0, 0, 0, 1, 2]), probabilities)
    assert (2, 2) == (found.row, found.suggested)
    assert 0.4 == pytest.approx(found.margin)
