"""Curves as SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

pytest.importorskip("matplotlib")

from nncli.report.charts import curves
from nncli.report.run import history_curves


def test_a_drawing_is_an_element_in_the_pages_colors() -> None:
    """Well-formed, without prologue, style sheet or a color of its own; transparent."""
    svg = curves([([1, 2], [0.5, 0.6]), ([1, 2], [0.4, 0.3])], "epoch", "accuracy", is_share=True)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert "chart" == root.get("class")
    assert root.get("width") is None
    assert "var(--series-1)" in svg
    assert "var(--series-2)" in svg
    assert "#ffffff" not in svg
    assert "<style" not in svg
    assert "<metadata" not in svg


def test_training_and_validation_are_two_curves() -> None:
    """Validation is left out where there is none, and a history without epochs has no drawing."""
    both = history_curves([{"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [3.0, 2.0]}])
    assert [["training", "validation"]] == [drawing["legend"] for drawing in both]
    alone = history_curves([{"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [None, None], "accuracy": [0.5, 1.0]}])
    assert [["training"], ["training"]] == [drawing["legend"] for drawing in alone]
    assert [] == history_curves([{}])


def test_a_long_training_makes_no_long_drawing() -> None:
    """A hundred thousand epochs are some hundred columns of pixels."""
    epochs = [float(k) for k in range(100_000)]
    drawing = history_curves([{"epoch": [*epochs], "loss": [k % 7 for k in epochs]}])[0]
    assert len(drawing["svg"]) < 100_000


def test_runs_keep_their_colors_when_one_has_no_history() -> None:
    """Its place stays empty, so that the second run's color is the second."""
    drawings = history_curves([{}, {"epoch": [1, 2], "loss": [2.0, 1.0]}])
    assert "var(--series-2)" in drawings[0]["svg"]
    assert "var(--series-1)" not in drawings[0]["svg"]
