"""How well images of no class are told."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.evaluation.evaluation import Evaluation
from nncli.evaluation.unknowns import auroc, unknown_report
from nncli.model.predictor import Prediction


def test_the_area_under_the_curve_by_counting_pairs() -> None:
    """Of six pairs the strange one is larger in four, and equal in one."""
    assert (4 + 0.5) / 6 == auroc(np.array([1, 2, 4]), np.array([3, 4]))
    assert auroc(np.array([]), np.array([1])) is None


def said(*probabilities: float, strangeness: float | None) -> Prediction:
    """What a model of two classes says."""
    return Prediction("x", np.array(probabilities, np.float32), strangeness=strangeness)


def known(strangeness: list[float] | None) -> Evaluation:
    """Three images, the last one wrong and not sure."""
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]], np.float32)
    told = None if strangeness is None else np.array(strangeness)
    return Evaluation(("a", "b"), ["1", "2", "3"], np.array([0, 1, 0]), p, strangeness=told)


def test_a_threshold_rejects_what_is_not_sure() -> None:
    """One of two unknown images; the known one that is rejected was wrong."""
    unknown = [said(0.9, 0.1, strangeness=None), said(0.5, 0.5, strangeness=None)]
    report = unknown_report(known(None), unknown, 0.7, None)
    assert (2, 1, 2, 1.0) == tuple(
        report[key] for key in ("images", "rejected", "known_answered", "accuracy_of_answered")
    )
    assert (2.5 + 1.0) / 6 + 0.0 == pytest.approx(report["auroc_of_probability"], abs=0.2)
    assert report["auroc_of_strangeness"] is None


def test_strange_images_are_rejected() -> None:
    """Those among the strangest tenth, as predict would."""
    unknown = [said(0.9, 0.1, strangeness=0.95), said(0.5, 0.5, strangeness=0.5)]
    report = unknown_report(known([0.1, 0.2, 0.99]), unknown, None, 0.1)
    assert (1, 2, 1.0) == tuple(report[key] for key in ("rejected", "known_answered", "accuracy_of_answered"))
    assert 4 / 6 == pytest.approx(report["auroc_of_strangeness"])
