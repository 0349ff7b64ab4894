"""CSV files of a run and of an evaluation."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from nncli.evaluation.tables import PredictionRow, confusion_csv, csv_text, predictions_csv, probability_text


def test_predictions_have_names_and_four_decimals() -> None:
    """The columns are path, actual, predicted, probability."""
    rows: list[PredictionRow] = [("a/1.png", 0, 1, np.float32(0.97314)), (Path("b/2.png"), 1, 1, 1.0)]
    expected = "path,actual,predicted,probability\na/1.png,cat,dog,0.9731\nb/2.png,dog,dog,1.0000\n"
    assert expected == predictions_csv(rows, ["cat", "dog"])


def test_no_predictions_are_a_header() -> None:
    """A file without wrong images says so by its header alone."""
    assert "path,actual,predicted,probability\n" == predictions_csv([], ["cat", "dog"])


def test_rows_of_the_confusion_matrix_are_named() -> None:
    """NumPy's integers are written as integers."""
    assert "actual,cat,dog\ncat,3,2\ndog,0,4\n" == confusion_csv(np.array([[3, 2], [0, 4]]), ["cat", "dog"])


def test_commas_and_quotes_are_quoted() -> None:
    """Python's csv module reads back what was written."""
    cells = ["a,b", 'say "hi"', " ", ""]
    assert [cells] == list(csv.reader(io.StringIO(csv_text([cells]))))


def test_control_characters_are_escaped() -> None:
    """One row stays one line, and no escape sequence reaches the terminal of who looks at it."""
    assert "a\\x0ab,\\x1b[2J\n" == csv_text([["a\nb", "\x1b[2J"]])


def test_a_name_that_is_no_utf8_can_be_encoded() -> None:
    """Its odd bytes are escaped."""
    assert b"\\xff.png\n" == csv_text([["\udcff.png"]]).encode()


def test_probabilities_have_four_decimals() -> None:
    """The same everywhere in text."""
    assert ["0.9731", "0.0000", "1.0000"] == [probability_text(p) for p in (0.97314, 1e-9, 0.99999)]
