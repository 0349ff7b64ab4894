"""The tables of docs/accuracy.md, written from the results that `benchmarks.accuracy` keeps.

benchmarks/accuracy.json holds a row for each data set, effort and variant; what is measured again replaces its row.
`python -m benchmarks.accuracy` without folders writes the tables, with the goals beside what was reached.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.common import table

RESULTS = Path(__file__).with_name("accuracy.json")
DOCUMENT = Path(__file__).parents[1] / "docs/accuracy.md"
BEGIN, END = "<!-- {}: made by python -m benchmarks.accuracy -->\n", "<!-- end -->\n"
EFFORTS = "quick", "standard", "thorough"
RECIPE = "the recipe"

GOALS = {
    "Fashion-MNIST": (0.937, 0.9403, 0.945),
    "MNIST": (0.9945, 0.9951, 0.996),
    "CIFAR-10 (as JPEG)": (0.80, 0.83, 0.86),
    "470 photos, one noodle dish or another dish": (0.87, 0.88, 0.90),
    "450 photos of five flowers": (0.75, 0.77, 0.80),
    "2,062 photos of hand signs, ten digits": (0.97, 0.98, 0.99),
}
"""Accuracy wanted, by effort. 0.9403 and 0.9951 are convolutional networks of a tutorial."""


def read_results(path: Path = RESULTS) -> list[dict[str, Any]]:
    """The rows that there are."""
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    return rows


def keep(row: dict[str, Any], path: Path = RESULTS) -> None:
    """Put a row in the place of the one for the same data, effort and variant, or at the end."""
    rows = [each for each in read_results(path) if _key(each) != _key(row)]
    path.write_text("[\n" + ",\n".join(json.dumps(each, ensure_ascii=False) for each in [*rows, row]) + "\n]\n")


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["data"], row["effort"], row["variant"]


def tables(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The tables by the word at their mark in the document."""
    return {"results": _results(rows), "goals": _goals(rows), "ablation": _ablation(rows)}


def written(text: str, rows: list[dict[str, Any]]) -> str:
    """A document with the tables as they should be."""
    for name, body in tables(rows).items():
        before, mark, rest = text.partition(BEGIN.format(name))
        text = f"{before}{mark}{body}\n{END}{rest.partition(END)[2]}" if mark else text
    return text


def _cells(row: dict[str, Any]) -> list[str]:
    spread = f" ± {row['spread']:.4f}" if row["seeds"] > 1 else ""
    tflop = f"{row['tflop']:.1f}" if row.get("tflop") else ""
    return [
        str(row["seeds"]),
        f"{row['accuracy']:.4f}{spread}",
        f"{row['calibration_error']:.3f}",
        f"{row['seconds']:.0f}",
        tflop,
    ]


HEADS = ["seeds", "accuracy", "calibration error", "seconds", "TFLOP"]


def _results(rows: list[dict[str, Any]]) -> str:
    cells = [
        [row["data"], effort, row["judged_by"], *_cells(row)]
        for effort in EFFORTS
        for row in rows
        if (row["effort"], row["variant"]) == (effort, RECIPE)
    ]
    return table(["data", "effort", "judged by", *HEADS], cells)


def _goals(rows: list[dict[str, Any]]) -> str:
    found = {(row["data"], row["effort"]): row["accuracy"] for row in rows if row["variant"] == RECIPE}
    cells = []
    for data, goals in GOALS.items():
        told = [data]
        for effort, goal in zip(EFFORTS, goals, strict=True):
            accuracy = found.get((data, effort))
            how = (
                "not measured" if accuracy is None else f"{accuracy:.4f}, {'reached' if accuracy >= goal else 'missed'}"
            )
            told.append(f"{goal:g}: {how}")
        cells.append(told)
    return table(["data", *EFFORTS], cells)


def _ablation(rows: list[dict[str, Any]]) -> str:
    """For each data set the recipe and what is left without each of its ingredients, on validation images."""
    cells = [
        [row["data"], row["effort"], row["variant"], *_cells(row)] for row in rows if row["judged_by"] == "validation"
    ]
    return table(["data", "effort", "", *HEADS], cells) if cells else "Not measured with this version."
