"""Tables as CSV (RFC 4180, but lines end with a newline alone): what spreadsheets and pandas read.

Control characters in names are escaped, so that one line is one row; probabilities have four decimals.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import SupportsFloat

PredictionRow = tuple["str | Path", int, int, "SupportsFloat"]
"""Path, actual class index, predicted class index, probability of the predicted class."""


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """`rows` as CSV."""
    import csv

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([printable(str(cell)) for cell in row] for row in rows)
    return text.getvalue()


def probability_text(probability: SupportsFloat) -> str:
    """A probability as it stands in every table: ``0.9731``."""
    return f"{float(probability):.4f}"


def predictions_csv(rows: Iterable[PredictionRow], classes: Sequence[str]) -> str:
    """Path, actual class, predicted class and its probability, one row per image, with a header.

    Args:
        rows: See `PredictionRow`.
        classes: Names, by index.
    """
    header = ("path", "actual", "predicted", "probability")
    return csv_text(
        [header, *((path, classes[a], classes[p], probability_text(probability)) for path, a, p, probability in rows)]
    )


def confusion_csv(matrix: Iterable[Iterable[int]], classes: Sequence[str]) -> str:
    """A confusion matrix with class names: a row per actual class, a column per predicted class.

    Args:
        matrix: (n_classes, n_classes).
        classes: Names, by index.
    """
    return csv_text([("actual", *classes), *((name, *row) for name, row in zip(classes, matrix, strict=True))])
