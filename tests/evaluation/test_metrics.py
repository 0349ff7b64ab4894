"""Measures of quality, against numbers computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.evaluation.metrics import accuracy, confusion_matrix, loss, per_class

# Ten images: of 5 cats 3 are found and 2 taken for dogs, of 4 dogs all are found, the only emu is taken for a cat.
ACTUAL = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2]
PREDICTED = [0, 0, 0, 1, 1, 1, 1, 1, 1, 0]
MATRIX = [[3, 2, 0], [0, 4, 0], [1, 0, 0]]


def test_rows_of_the_confusion_matrix_are_the_actual_classes() -> None:
    """Row 0 says what became of the five cats."""
    assert MATRIX == confusion_matrix(ACTUAL, PREDICTED, 3).tolist()


def test_a_class_that_never_occurs_has_a_row_and_a_column() -> None:
    """The matrix is as large as the number of classes, not as the largest index."""
    assert [[1, 0, 0], [0, 0, 0], [0, 0, 0]] == confusion_matrix([0], [0], 3).tolist()


def test_a_confusion_matrix_of_no_images_is_zero() -> None:
    """No images are no special case."""
    assert [[0, 0], [0, 0]] == confusion_matrix([], [], 2).tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_class_indices_of_any_width_do_not_overflow(dtype: type[np.integer]) -> None:
    """255 * 300 does not fit into the byte that the index came in."""
    indices = np.array([255, 200], dtype)
    matrix = confusion_matrix(indices, indices, 300)
    assert 1 == matrix[255, 255]
    assert 2 == matrix.sum()


def test_accuracy_is_the_share_on_the_diagonal() -> None:
    """3 cats and 4 dogs of 10 images."""
    assert 0.7 == accuracy(np.array(MATRIX))


def test_accuracy_of_no_images_is_zero() -> None:
    """0 / 0 neither warns nor is NaN."""
    assert 0.0 == accuracy(np.zeros((2, 2), np.int64))


def test_precision_recall_f1_and_support_by_hand() -> None:
    """Precision goes down a column, recall along a row; F1 is their harmonic mean."""
    measures = per_class(np.array(MATRIX), ["cat", "dog", "emu"])
    # cat: 4 were called cat, 3 of them are; 5 are cats, 3 of them found; 2 * 3/4 * 3/5 / (3/4 + 3/5) = 2/3
    assert {"precision": 3 / 4, "recall": 3 / 5, "f1": 2 / 3, "support": 5} == measures["cat"]
    # dog: 6 were called dog, 4 of them are; all 4 found; 2 * 2/3 * 1 / (2/3 + 1) = 4/5
    assert {"precision": 4 / 6, "recall": 1.0, "f1": 4 / 5, "support": 4} == measures["dog"]


def test_a_class_never_predicted_counts_as_zero() -> None:
    """Its precision is 0 / 0, and so would be its F1."""
    measures = per_class(np.array(MATRIX), ["cat", "dog", "emu"])
    assert {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1} == measures["emu"]


def test_a_class_without_images_counts_as_zero() -> None:
    """Its recall is 0 / 0, whether or not it was predicted."""
    measures = per_class(np.array([[1, 1], [0, 0]]), ["cat", "dog"])
    assert {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0} == measures["dog"]


def test_measures_are_plain_python_numbers() -> None:
    """They go into JSON as they are, classes in the model's order."""
    measures = per_class(np.array([[1, 0], [0, 1]]), ["b", "a"])
    assert ["b", "a"] == list(measures)
    assert [float, float, float, int] == [type(value) for value in measures["a"].values()]


def test_loss_is_the_mean_of_minus_log_p_of_the_actual_class() -> None:
    """-(log 1/2 + log 1/4) / 2 = 1.5 log 2, whatever the other classes got."""
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25]], np.float32)
    assert math.isclose(1.5 * math.log(2), loss([0, 1], probabilities), rel_tol=1e-12)


def test_loss_of_perfect_predictions_is_zero() -> None:
    """Log 1 = 0."""
    assert 0.0 == loss([1, 0], np.array([[0, 1], [1, 0]], np.float32))


def test_loss_of_an_impossible_class_is_large_and_finite() -> None:
    """A probability of 0 counts as the smallest positive float32, 2^-149."""
    assert math.isclose(149 * math.log(2), loss([1], np.array([[1, 0]], np.float32)), rel_tol=1e-12)
