"""Accuracy beside an answer that looks at no image, and what is said about answers that are worth little."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.evaluation.baseline import CROSS_VALIDATION, balanced_accuracy, baseline, findings, is_unequal, macro_f1

CLASSES = ("hotdog", "other", "plum")


def matrix(*rows: list[int]) -> np.ndarray:
    """A confusion matrix: actual classes are rows."""
    return np.array(rows, np.int64)


def codes(confusion: np.ndarray) -> list[str]:
    """What is found, for programs."""
    return [finding.code for finding in findings(confusion, CLASSES[: len(confusion)])]


def test_the_baseline_is_the_most_frequent_class() -> None:
    """12 of 13 images are `other`."""
    assert {"class": "other", "accuracy": 12 / 13} == baseline(matrix([0, 1], [0, 12]), CLASSES)


def test_balanced_accuracy_and_macro_f1_by_hand() -> None:
    """Recalls 1/2 and 3/4; F1 2/4 and 6/8, for one hotdog of two is found and one of four others is taken for one."""
    confusion = matrix([1, 1], [1, 3])
    assert (1 / 2 + 3 / 4) / 2 == pytest.approx(balanced_accuracy(confusion))
    assert (1 / 2 + 3 / 4) / 2 == pytest.approx(macro_f1(confusion))


def test_classes_without_images_count_for_nothing() -> None:
    """A class that is neither there nor answered does not lower the mean; one that is answered lowers F1."""
    assert 1.0 == balanced_accuracy(matrix([2, 0, 0], [0, 2, 0], [0, 0, 0]))
    assert 1.0 == macro_f1(matrix([2, 0, 0], [0, 2, 0], [0, 0, 0]))
    assert (4 / 5 + 1 + 0) / 3 == pytest.approx(macro_f1(matrix([2, 0, 1], [0, 2, 0], [0, 0, 0])))
    assert 0.0 == balanced_accuracy(np.zeros((2, 2), np.int64)) == macro_f1(np.zeros((2, 2), np.int64))


def test_scikit_learn_has_the_same_macro_f1() -> None:
    """scikit-learn 1.9.1: f1_score([0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 2, 1], average="macro")."""
    assert pytest.approx(0.4126984126984127) == macro_f1(matrix([1, 1, 0], [0, 2, 1], [0, 1, 0]))


@pytest.mark.parametrize(("rows", "expected"), [(([10, 0], [0, 10]), False), (([10, 0], [5, 10]), True)])
def test_unequal_classes(rows: tuple[list[int], list[int]], expected: bool) -> None:
    """From three images to two on."""
    assert expected is is_unequal(matrix(*rows))


def test_good_answers_need_no_words() -> None:
    """Nothing is found where nothing is wrong."""
    assert [] == codes(matrix([30, 2], [1, 31]))


def test_a_single_image_is_no_validation_set() -> None:
    """Its accuracy is 0 or 1, whatever the network does."""
    assert ["few_images"] == codes(matrix([1, 0], [0, 0]))


def test_images_of_one_class_tell_nothing() -> None:
    """Whoever always answers it is right."""
    assert ["one_class"] == codes(matrix([9, 1], [0, 0]))


def test_a_network_with_one_answer_is_collapsed() -> None:
    """With equal classes the weights may be at fault; with unequal ones perhaps their weights in the loss."""
    (finding,) = findings(matrix([0, 40], [0, 40]), CLASSES)
    assert "collapsed" == finding.code
    assert "all 80 images get the same answer, other" in finding.text
    assert "training.learning_rate" in finding.text
    assert "training.class_weights" not in finding.text
    assert "training.class_weights: balanced" in findings(matrix([0, 1], [0, 12]), CLASSES)[0].text


def test_a_class_that_is_never_predicted_is_named() -> None:
    """With the key to try where it is rare."""
    finding = findings(matrix([0, 4, 0], [0, 60, 0], [0, 0, 60]), CLASSES)[0]
    assert "never_predicted" == finding.code
    assert finding.text.startswith("hotdog is never predicted")
    assert "training.class_weights: balanced" in finding.text


def test_many_classes_never_predicted_are_counted() -> None:
    """A line stays a line."""
    confusion = np.zeros((9, 9), np.int64)
    confusion[:, 0], confusion[1, 1] = 10, 90
    finding = findings(confusion, tuple("abcdefghi"))[0]
    assert finding.text.startswith("c, d, e, f, g and 2 more is never predicted")


def test_an_accuracy_that_does_not_beat_the_baseline_is_said() -> None:
    """Below it the network is to blame, above it the number of images."""
    assert "no better than always answering" in findings(matrix([20, 20], [21, 19]), CLASSES)[0].text
    (finding,) = findings(matrix([6, 4], [4, 6]), CLASSES)
    assert "not_above_baseline" == finding.code
    assert "20 images cannot tell" in finding.text
    assert finding.text.endswith("nncli crossval, which uses all of them")
    (finding,) = findings(matrix([6, 4], [4, 6]), CLASSES, CROSS_VALIDATION)
    assert finding.text.endswith("more images are needed")
