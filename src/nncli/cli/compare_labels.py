"""``nncli compare`` of models that tell labels: whose macro F1 is larger, and of which label which model is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nncli.cli.evaluation_report import verdict_text
from nncli.cli.records import in_one_cell
from nncli.cli.text_table import aligned, figure
from nncli.evaluation.comparison import compare, holm, verdict
from nncli.evaluation.multilabel import f1_terms, macro_f1
from nncli.evaluation.resampling import compare_figures, drawn_anew
from nncli.evaluation.tables import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nncli.evaluation.multilabel import MultilabelEvaluation
    from nncli.evaluation.resampling import FigureComparison

OVERALL = ("macro_f1", "micro_f1", "mean_average_precision", "exact_match")


def labels_report(models: Sequence[str], evaluations: Sequence[MultilabelEvaluation]) -> dict[str, Any]:
    """All figures of models on the same images, ready for JSON.

    Macro F1 of every further model is compared with that of the first one (approximate randomization, Yeh 2000), and
    label by label how many images each tells rightly whether they have it (exact McNemar test). The p-values of both
    families are corrected (Holm).
    """
    first, reports = evaluations[0], [each.report() for each in evaluations]
    terms = [f1_terms(first.has, each.told) for each in evaluations]
    found = [compare_figures(terms[0], other, macro_f1) for other in terms[1:]]
    adjusted = holm([each.p_value for each in found])
    labels = _of_labels(evaluations, [each["labels"] for each in reports])
    return {
        "task": "multilabel",
        "images": len(first.paths),
        "skipped": len(first.bad),
        "models": [
            {
                "model": model,
                **{key: report[key] for key in OVERALL},
                "interval": list(drawn_anew(own, macro_f1).interval),
            }
            for model, report, own in zip(models, reports, terms, strict=True)
        ],
        "comparisons": [
            {"first": models[0], "second": model, **_figures(each, p), "labels": own}
            for model, each, p, own in zip(models[1:], found, adjusted, labels, strict=True)
        ],
    }


def _figures(found: FigureComparison, p: float) -> dict[str, Any]:
    """Macro F1 of both, the difference, and the verdict."""
    return {
        "first_macro_f1": found.first,
        "second_macro_f1": found.second,
        "difference": found.difference,
        "interval": list(found.limits),
        "p_value": p,
        "verdict": verdict(p, found.difference),
    }


def _of_labels(
    evaluations: Sequence[MultilabelEvaluation], figures: Sequence[dict[str, Any]]
) -> list[dict[str, dict[str, Any]]]:
    """For each further model a comparison of every label."""
    first, n = evaluations[0], len(evaluations[0].classes)
    found = [
        compare(first.has[:, k], first.told[:, k], other.told[:, k])  # type: ignore[arg-type]
        for other in evaluations[1:]
        for k in range(n)
    ]
    adjusted = holm([each.p_value for each in found])
    rows = [
        {
            "first_f1": figures[0][name]["f1"],
            "second_f1": figures[1 + i // n][name]["f1"],
            "difference": each.difference,
            "interval": list(each.interval()),
            "p_value": p,
            "verdict": verdict(p, each.difference),
            "both_right": each.both,
            "first_alone_right": each.first,
            "second_alone_right": each.second,
            "both_wrong": each.neither,
        }
        for i, (each, p) in enumerate(zip(found, adjusted, strict=True))
        for name in [first.classes[i % n]]
    ]
    return [dict(zip(first.classes, rows[i : i + n], strict=True)) for i in range(0, len(rows), n)]


def _table(report: dict[str, Any]) -> str:
    rows: list[tuple[object, ...]] = [("model", "macro F1", "micro F1", "mean AP", "exact match")]
    for each in report["models"]:
        low, high = each["interval"]
        macro = f"{figure(each['macro_f1'])} ({low:.4f} to {high:.4f})"
        rows.append((each["model"], macro, *(figure(each[key]) for key in OVERALL[1:])))
    lines = aligned(rows)
    for each in report["comparisons"]:
        lines += ["", labels_sentence(each), "", *aligned(_label_rows(each))]
    return "\n".join([*lines, ""])


def _label_rows(compared: dict[str, Any]) -> list[tuple[object, ...]]:
    titles = ("label", "first F1", "second F1", "first alone right", "second alone right", "p", "verdict")
    rows: list[tuple[object, ...]] = [titles]
    for name, of in compared["labels"].items():
        alone = of["first_alone_right"], of["second_alone_right"]
        scores = figure(of["first_f1"]), figure(of["second_f1"])
        rows.append((name, *scores, *alone, f"{of['p_value']:.2g}", of["verdict"]))
    return rows


def labels_sentence(compared: dict[str, Any]) -> str:
    """The verdict of the test."""
    return verdict_text(compared, "points of macro F1")


def _csv(report: dict[str, Any]) -> str:
    """A row for macro F1 of each further model, whose label is empty, and one for each label."""
    numbers = ("first_f1", "second_f1", "difference", "low", "high", "p_value")
    rows: list[tuple[object, ...]] = [("first", "second", "label", *numbers, "verdict")]
    for each in report["comparisons"]:
        overall = each | {"first_f1": each["first_macro_f1"], "second_f1": each["second_macro_f1"]}
        for name, figures in {"": overall, **each["labels"]}.items():
            of = figures | dict(zip(("low", "high"), figures["interval"], strict=True))
            texts = ("" if of[key] is None else f"{of[key]:.6g}" for key in numbers)
            rows.append((each["first"], each["second"], name, *texts, of["verdict"]))
    return csv_text(rows)


def label_differences(models: Sequence[str], evaluations: Sequence[MultilabelEvaluation]) -> list[tuple[object, ...]]:
    """Images of which the models tell different labels, with those that they have and those told; with a header."""
    first = evaluations[0]
    rows: list[tuple[object, ...]] = [("path", "actual", *models)]
    for i, path in enumerate(first.paths):
        actual, *told = [
            in_one_cell(names) for names in (first.labels(i)[0], *(each.labels(i)[1] for each in evaluations))
        ]
        if len(set(told)) > 1:
            rows.append((path, actual, *told))
    return rows


LABELS_FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {
    "table": _table,
    "csv": _csv,
    "json": lambda report: json.dumps(report, indent=2) + "\n",
}
"""As `compare.FORMATS`."""
