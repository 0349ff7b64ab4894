"""Output of `evaluate`: the same numbers for people, programs and spreadsheets."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from nncli.cli.messages import fitted, terminal_width
from nncli.cli.text_table import aligned, figure
from nncli.evaluation.tables import csv_text
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Report = dict[str, Any]
"""Result of `nncli.evaluation.evaluation.Evaluation.report`, as JSON has it."""

MOST_CONFUSIONS = 10

FIRST_COLUMN = 10
"""Width of the names on the left."""

MEASURES = ("precision", "recall", "f1")


def as_table(report: Report) -> str:
    """For people; with the confusion matrix if the terminal is wide enough."""
    from nncli.evaluation.baseline import CROSS_VALIDATION

    known = known_line(report)
    if not report["images"]:
        return f"{known}\n"
    lines = [
        *([known, ""] if known else []),
        *headline(report),
        "",
        *aligned(_class_rows(report), numbers_from=1),
    ]
    classes, matrix = report["confusion"]["classes"], report["confusion"]["matrix"]
    confusion = aligned(
        [("actual", *classes), *((name, *row) for name, row in zip(classes, matrix, strict=True))], numbers_from=1
    )
    if max(map(len, confusion)) <= terminal_width():
        lines += ["", "confusion matrix: a row per actual class, a column per predicted class", *confusion]
    else:
        lines += [
            "",
            "The confusion matrix is too wide to show; --confusion FILE writes it.",
            *_top_confusions(classes, matrix),
        ]
    if (count := len(report["likely_mislabeled"])) and report["split"] != CROSS_VALIDATION:
        lines += [
            "",
            f"The label of {counted(count, 'image')} looks wrong to the model: see --mislabeled FILE.",
        ]
    return "\n".join(lines) + "\n"


def known_line(report: Report) -> str:
    """How many of the images trained the model, and what that means for the figures; nothing if none did."""
    known = report["known"]
    n_known = known["training"] + known["near_copies_of_training"] if known else 0
    if not n_known:
        return ""
    included = known["training_is_included"]
    n_all = report["images"] + (0 if included else n_known)
    copies = f", {known['near_copies_of_training']:,} of them as near-copies" * bool(known["near_copies_of_training"])
    trained = f"{n_known:,} of {counted(n_all, 'image')} trained this model{copies}"
    if included:
        return f"{trained} and count: on others expect less"
    if not report["images"]:
        return f"{trained}: they cannot tell how good it is; --include-training evaluates it on them nevertheless"
    return f"{trained}; on the other {report['images']:,}: {share_text(report)}"


def share_text(report: Report) -> str:
    """The accuracy with its interval: ``0.6471 (0.5284 to 0.7500)``."""
    low, high = report["interval"]
    return f"{report['accuracy']:.4f} ({low:.4f} to {high:.4f})"


def verdict_text(compared: dict[str, Any], unit: str) -> str:
    """The verdict on two models: ``b.npz is better than a.npz by 1.2 points (0.1 to 2.3), p = 0.03``.

    Args:
        compared: The comparison, as `nncli compare -f json` has it; `difference` and `interval` are shares.
        unit: ``points``, perhaps of what.
    """
    points, low, high = (100 * each for each in (compared["difference"], *compared["interval"]))
    first, second, p = printable(compared["first"]), printable(compared["second"]), f"p = {compared['p_value']:.2g}"
    if compared["verdict"] == "no difference":
        what = f"{second} and {first}: no difference that these images can show"
        return f"{what}: {points:+.1f} {unit} ({low:+.1f} to {high:+.1f}), {p}"
    if points < 0:
        low, high = -high, -low
    what = f"{second} is {compared['verdict']} than {first} by {abs(points):.1f} {unit}"
    return f"{what} ({low:.1f} to {high:.1f}), {p}"


def headline(report: Report) -> list[str]:
    """The accuracy, what to compare it with, and the loss."""
    lines = [
        f"accuracy  {share_text(report)}, {report['correct']:,} of {counted(report['images'], 'image')}",
        f"baseline  {report['baseline']['accuracy']:.4f}, always answering {printable(report['baseline']['class'])}",
    ]
    if report["classes_are_unequal"]:
        balanced = f"{report['balanced_accuracy']:.4f} balanced accuracy, {report['macro_f1']:.4f} macro F1"
        lines.append(f"by class  {balanced}: every class counts the same")
    lines += [f"loss      {report['loss']:.4f}", *(f"note      {each['text']}" for each in report["findings"])]
    return [fitted(line, sys.stdout, FIRST_COLUMN) for line in lines]


def _top_confusions(classes: list[str], matrix: list[list[int]]) -> list[str]:
    """The most frequent mistakes: most of what a person looks for in the matrix."""
    cells = ((count, i, j) for i, row in enumerate(matrix) for j, count in enumerate(row) if count and i != j)
    top = sorted(cells, key=lambda cell: (-cell[0], cell[1:]))[:MOST_CONFUSIONS]
    rows = [(classes[i], "->", classes[j], count) for count, i, j in top]
    return ["most frequent confusions, actual -> predicted", *aligned(rows, numbers_from=3)] if rows else []


def coverage_table(report: Report) -> str:
    """For people: what would be answered with `predict --threshold`, and how much of it right."""
    rows: list[tuple[object, ...]] = [("threshold", "answered", "images", "accuracy")]
    for row in report["coverage"]:
        accuracy = figure(row["accuracy"])
        rows.append((f"{row['threshold']:.2f}", f"{row['coverage']:.4f}", row["images"], accuracy))
    if not report["images"]:
        return ""
    error = f"probabilities are off by {report['calibration_error']:.4f} (expected calibration error)"
    lines = ["", "answered with 'predict --threshold', and right", *aligned(rows, numbers_from=0), error]
    if sets := report.get("label_sets"):
        promised: list[tuple[object, ...]] = [("confidence", "reached", "labels")]
        promised += [(f"{row['confidence']:.2f}", f"{row['coverage']:.4f}", f"{row['labels']:.2f}") for row in sets]
        lines += ["", "sets of 'predict --confidence' that hold the right label", *aligned(promised, numbers_from=0)]
    return "\n".join(lines) + "\n"


def unknown_lines(report: Report) -> str:
    """For people: how many images of no class would be told so, and what that costs."""
    unknown, (low, high) = report["unknown"], report["unknown"]["interval"]
    share = unknown["rejected"] / max(unknown["images"], 1)
    accuracy = unknown["accuracy_of_answered"]
    right = "" if accuracy is None else f", of which {accuracy:.4f} right"
    lines = [
        "",
        f"unknown   {share:.4f} ({low:.4f} to {high:.4f}), "
        f"{unknown['rejected']} of {counted(unknown['images'], 'image')} in "
        f"{printable(unknown['class'])} are answered 'unknown'",
        f"known     {unknown['known_answered']:,} of {counted(report['images'], 'image')} answered{right}",
    ]
    areas = [(name, unknown[f"auroc_of_{name}"]) for name in ("probability", "strangeness")]
    lines += [f"AUROC     {area:.4f} by {name}; 0.5 is guessing" for name, area in areas if area is not None]
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> str:
    """For programs."""
    return report_json(report, report["confusion"]["classes"])


def report_json(report: Report, names: Iterable[str]) -> str:
    """Figures in full precision; the names in them are readable unless one holds what cannot be printed."""
    return json.dumps(report, indent=2, ensure_ascii=not "".join(names).isprintable()) + "\n"


def as_csv(report: Report) -> str:
    """The table of classes, for spreadsheets."""
    return csv_text(_class_rows(report))


FORMATS: dict[str, Callable[[Report], str]] = {"table": as_table, "json": as_json, "csv": as_csv}


def _class_rows(report: Report) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [("class", *MEASURES, "support")]
    for name, of_class in report["per_class"].items():
        rows.append((name, *(f"{of_class[measure]:.4f}" for measure in MEASURES), of_class["support"]))
    return rows
