"""Figures of labels, and their thresholds, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.evaluation.multilabel import MultilabelEvaluation, average_precision, figures
from nncli.model.known_images import NEW, TRAINING
from nncli.model.thresholds import fit_thresholds

HAS = np.array([[1, 0], [0, 0], [1, 1], [1, 0]], bool)
P = np.array([[0.9, 0.4], [0.8, 0.1], [0.7, 0.6], [0.2, 0.3]], np.float32)


def test_figures_of_a_label_by_hand() -> None:
    """Of 4 images 3 have it and 3 are told to, 2 of them rightly; its places in the order are 1, 3 and 4."""
    found = figures(HAS[:, 0], P[:, 0], P[:, 0] >= 0.5)
    assert (3, 0.75, 3) == (found["n"], found["frequency"], found["told"])
    assert (2 / 3, 2 / 3, 4 / 6) == (found["precision"], found["recall"], found["f1"])
    assert (1 / 1 + 2 / 3 + 3 / 4) / 3 == pytest.approx(found["average_precision"])


def test_equal_probabilities_are_told_together() -> None:
    """In no order of theirs is one better: AP of a constant is the frequency; of a label that no image has, unknown."""
    has = np.array([0, 1, 0, 1, 0], bool)
    assert 2 / 5 == average_precision(has, np.full(5, 0.25, np.float32))
    assert 0.5 * (1 / 2 + 2 / 5) == pytest.approx(average_precision(has, np.array([0.9, 0.9, 0.1, 0.1, 0.1])))
    assert average_precision(np.zeros(5, bool), np.arange(5.0)) is None


def test_the_report_by_hand() -> None:
    """Means over labels, all labels together, exact matches, and what can be had without looking."""
    thresholds = np.array([0.5, 0.5])
    known = np.array([NEW, TRAINING, NEW, NEW], np.uint8)
    evaluation = MultilabelEvaluation(("a", "b"), list("wxyz"), HAS, P, [], "", known, thresholds=thresholds)
    report = evaluation.report()
    assert (2 / 3 + 1) / 2 == pytest.approx(report["macro_f1"])
    assert 2 * 3 / (2 * 3 + 1 + 1) == report["micro_f1"]
    assert (2, 0.5) == (report["correct"], report["exact_match"])  # w and y
    base = report["baseline"]
    assert (2 * 0.75 / 1.75 + 2 * 0.25 / 1.25) / 2 == pytest.approx(base["macro_f1"])
    assert (0.5, 0.5) == (base["mean_average_precision"], base["exact_match"])  # two images have a alone
    loss = -np.log([0.9, 0.6, 0.2, 0.9, 0.7, 0.6, 0.2, 0.7]).sum() / 4
    assert loss == pytest.approx(report["loss"])
    assert [["x"], ["z"]] == [[evaluation.paths[row]] for row in evaluation.wrong()]
    assert (["a"], []) == evaluation.labels(3)
    unseen = evaluation.unseen().report()
    assert (3, 1) == (unseen["images"], unseen["known"]["training"])


def test_labels_that_no_image_has_count_in_no_mean() -> None:
    """Neither F1 nor average precision of such a label is known; it is named."""
    has = np.array([[1, 0], [0, 0]], bool)
    p = np.array([[0.9, 0.1], [0.2, 0.1]], np.float32)
    evaluation = MultilabelEvaluation(("a", "b"), ["x", "y"], has, p, [], "", thresholds=np.array([0.5, 0.5]))
    report = evaluation.report()
    assert (1.0, 1.0, None) == (report["macro_f1"], report["mean_average_precision"], report["labels"]["b"]["f1"])
    assert ["no image here has b: nothing can be said of it"] == [each["text"] for each in report["findings"]]
    none = evaluation.part([]).report()
    assert (0, None, None) == tuple(none[name] for name in ("images", "macro_f1", "exact_match"))


def test_thresholds_make_f1_largest_in_the_middle_of_two_probabilities() -> None:
    """Of label a it is best to tell all images; b is told apart; c has ties; no image has d."""
    has = np.column_stack([HAS, [1, 1, 0, 0], np.zeros(4, bool)]).astype(bool)
    p = np.column_stack([P, [0.3, 0.3, 0.3, 0.1], P[:, 0]])
    assert [0.1, 0.5, 0.2, 0.5] == pytest.approx(fit_thresholds(p, has).tolist())
    found = fit_thresholds(p, has)
    best = [max(_f1(has[:, k], p[:, k] >= t) for t in np.linspace(0, 1, 101)) for k in range(3)]
    assert best == [_f1(has[:, k], p[:, k] >= found[k]) for k in range(3)]


def _f1(has: np.ndarray, told: np.ndarray) -> float:
    return float(2 * (has & told).sum() / max(has.sum() + told.sum(), 1))


def test_scikit_learn_says_the_same() -> None:
    """On random labels and probabilities with ties; where it is installed."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    has, p = rng.random((60, 5)) < 0.4, (rng.integers(0, 9, (60, 5)) / 8).astype(np.float32)
    report = MultilabelEvaluation(
        tuple("abcde"), [str(i) for i in range(60)], has, p, [], "", thresholds=np.full(5, 0.5)
    ).report()
    expected = [metrics.f1_score(has, p >= 0.5, average=how) for how in ("macro", "micro")]
    expected += [metrics.average_precision_score(has, p), metrics.accuracy_score(has, p >= 0.5)]
    names = ("macro_f1", "micro_f1", "mean_average_precision", "exact_match")
    assert expected == pytest.approx([report[name] for name in names])
