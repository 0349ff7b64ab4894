"""Predictions for labeled images."""

from __future__ import annotations

import numpy as np

from nncli.evaluation.evaluation import collect
from nncli.model.predictor import NOTHING, Prediction


def prediction(path: str, *probabilities: float) -> Prediction:
    """A prediction with these probabilities, or of an image that cannot be read."""
    return Prediction(path, np.array(probabilities, np.float32)) if probabilities else Prediction(path, NOTHING, "bad")


def test_names_become_indices_and_bad_images_are_put_aside() -> None:
    """What is left is counted."""
    predictions = [prediction("a", 0.9, 0.1), prediction("b"), prediction("c", 0.4, 0.6), prediction("d", 0.3, 0.7)]
    evaluation = collect(predictions, ["x", "x", "x", "y"], ("x", "y"))
    assert ["a", "c", "d"] == evaluation.paths
    assert ["b"] == [bad.path for bad in evaluation.bad]
    assert [[1, 1], [0, 1]] == evaluation.confusion.tolist()
    report = evaluation.report()
    assert (2, 3, 1) == (report["correct"], report["images"], report["skipped"])


def test_wrong_images_come_surest_first_and_equals_in_order() -> None:
    """A list for a person to look through."""
    predictions = [prediction("a", 0.4, 0.6), prediction("b", 0.1, 0.9), prediction("c", 0.4, 0.6)]
    evaluation = collect(predictions, ["x"] * 3, ("x", "y"))
    assert [1, 0, 2] == evaluation.wrong()
    assert [("b", 0, 1, float(np.float32(0.9)))] == evaluation.rows([1])


def test_only_bad_images() -> None:
    """Nothing is counted, and nothing fails."""
    evaluation = collect([prediction("a")], ["x"], ("x", "y"))
    assert (0, 1) == (len(evaluation.paths), len(evaluation.bad))
