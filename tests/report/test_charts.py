"""Curves as SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from nncli.report.charts import curves, powers_of_ten, round_numbers
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


def test_ticks_are_round() -> None:
    """Ones, twos and fives times a power of ten; whole numbers of epochs; powers of ten where factors are equal."""
    assert [0, 0.2, 0.4, 0.6, 0.8, 1] == [round(tick, 9) for tick in round_numbers(0, 1)]
    assert [-1.0, -0.5, 0.0, 0.5, 1.0] == round_numbers(-1.2, 1.2)
    assert [1, 2, 3] == round_numbers(1, 3, is_whole=True)
    assert [1e-3, 1e-2, 1e-1, 1.0] == powers_of_ten(-3.4, 0.2)
    assert [10**0.2, 10**0.4] == powers_of_ten(0.2, 0.4)


def test_what_has_no_place_leaves_a_gap() -> None:
    """Infinities and, on a logarithmic axis, zeros: the curve goes on behind them."""
    svg = curves([([0, 1, 2, 3, 4], [1.0, 10.0, 0.0, 100.0, 1000.0])], "epoch", "size", is_log=True)
    (line,) = [path.get("d") or "" for path in ET.fromstring(svg) if path.get("stroke") == "var(--series-1)"]  # noqa: S314
    assert 2 == line.count("M")
    assert "nan" not in curves([([0, 1], [float("nan"), float("inf")])], "epoch", "loss")
