"""What `evaluate` prints: the same numbers for people, programs and spreadsheets."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from nncli.cli.text_table import aligned
from nncli.tables import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable

Report = dict[str, Any]
"""``accuracy``, ``loss``, ``images``, ``correct``, ``skipped``, ``per_class`` and ``confusion``, as JSON has them."""

MEASURES = ("precision", "recall", "f1")


def as_table(report: Report) -> str:
    """For people; with the confusion matrix if the terminal is wide enough."""
    lines = [
        f"accuracy  {report['accuracy']:.4f}  ({report['correct']} of {report['images']} images)",
        f"loss      {report['loss']:.4f}",
        "",
        *aligned(_class_rows(report), numbers_from=1),
    ]
    classes, matrix = report["confusion"]["classes"], report["confusion"]["matrix"]
    confusion = aligned(
        [("actual", *classes), *((name, *row) for name, row in zip(classes, matrix, strict=True))], numbers_from=1
    )
    if max(map(len, confusion)) <= shutil.get_terminal_size().columns:
        lines += ["", "confusion matrix: a row per actual class, a column per predicted class", *confusion]
    else:
        lines += ["", "The confusion matrix is too wide to show; --confusion FILE writes it."]
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> str:
    """For programs; in full precision. Class names are readable unless one holds what cannot be printed."""
    is_readable = "".join(report["confusion"]["classes"]).isprintable()
    return json.dumps(report, indent=2, ensure_ascii=not is_readable) + "\n"


def as_csv(report: Report) -> str:
    """The table of classes, for spreadsheets."""
    return csv_text(_class_rows(report))


FORMATS: dict[str, Callable[[Report], str]] = {"table": as_table, "json": as_json, "csv": as_csv}


def _class_rows(report: Report) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [("class", *MEASURES, "support")]
    for name, of_class in report["per_class"].items():
        rows.append((name, *(f"{of_class[measure]:.4f}" for measure in MEASURES), of_class["support"]))
    return rows
