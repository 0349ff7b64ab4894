"""``nncli compare`` of models that tell numbers: whose squared errors are smaller."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.cli.text_table import aligned, figure
from nncli.evaluation.comparison import compare_numbers, holm, verdict
from nncli.evaluation.tables import csv_text
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nncli.evaluation.comparison import NumbersComparison
    from nncli.evaluation.regression import RegressionEvaluation

TOO_SURE = "images that follow each other, as frames of a film do, are alike: their p-values are too small"


def numbers_report(models: Sequence[str], evaluations: Sequence[RegressionEvaluation]) -> dict[str, Any]:
    """All figures of models on the same images, ready for JSON; every number of every further model is compared."""
    actual: NDArray[np.float64] = evaluations[0].actual.astype(np.float64)
    told = [each.probabilities.astype(np.float64) for each in evaluations]
    pairs = [(model, k) for model in range(1, len(models)) for k in range(len(evaluations[0].classes))]
    found = [compare_numbers(actual[:, k], told[0][:, k], told[model][:, k]) for model, k in pairs]
    adjusted = holm([each.p_value for each in found])
    names = evaluations[0].classes
    return {
        "task": "regression",
        "images": len(actual),
        "skipped": len(evaluations[0].bad),
        "models": [
            {"model": model, "targets": each.report()["targets"]}
            for model, each in zip(models, evaluations, strict=True)
        ],
        "comparisons": [
            {"first": models[0], "second": models[model], "target": names[k], **_figures(each, p)}
            for (model, k), each, p in zip(pairs, found, adjusted, strict=True)
        ],
    }


def _figures(found: NumbersComparison, p: float) -> dict[str, Any]:
    """Mean squared errors, their difference, and the verdict."""
    return {
        "first_mse": found.first,
        "second_mse": found.second,
        "difference": found.difference,
        "interval": list(found.interval()),
        "p_value": p,
        "verdict": verdict(p, -found.difference),  # a lower error is a gain
    }


def _table(report: dict[str, Any]) -> str:
    rows: list[tuple[object, ...]] = [("model", "number", "RMSE", "R2", "correlation")]
    for each in report["models"]:
        for name, of in each["targets"].items():
            figures = (figure(of[key]) for key in ("r2", "correlation"))
            rows.append((printable(each["model"]), printable(name), f"{of['rmse']:.4g}", *figures))
    return "\n".join([*aligned(rows), "", *map(numbers_sentence, report["comparisons"]), f"note  {TOO_SURE}", ""])


def numbers_sentence(compared: dict[str, Any]) -> str:
    """The verdict: ``b.npz is better than a.npz on steering: MSE 8.1 % lower (2.0 to 14.2), p = 0.03``."""
    first, second, name = (printable(compared[key]) for key in ("first", "second", "target"))
    base = compared["first_mse"] or 1.0
    shares = [100 * each / base for each in (compared["difference"], *compared["interval"])]
    if compared["verdict"] == "no difference":
        what = f"{second} and {first} on {name}: no difference that these images can show"
        return f"{what}: MSE {shares[0]:+.1f} % ({shares[1]:+.1f} to {shares[2]:+.1f}), p = {compared['p_value']:.2g}"
    low, high = sorted(map(abs, shares[1:]))
    which = "lower" if shares[0] < 0 else "higher"
    what = f"{second} is {compared['verdict']} than {first} on {name}"
    return f"{what}: MSE {abs(shares[0]):.1f} % {which} ({low:.1f} to {high:.1f}), p = {compared['p_value']:.2g}"


def _csv(report: dict[str, Any]) -> str:
    numbers = ("first_mse", "second_mse", "difference", "low", "high", "p_value")
    rows: list[tuple[object, ...]] = [("first", "second", "target", *numbers, "verdict")]
    for each in report["comparisons"]:
        of = each | dict(zip(("low", "high"), each["interval"], strict=True))
        words = each["first"], each["second"], each["target"]
        rows.append((*words, *(f"{of[key]:.6g}" for key in numbers), each["verdict"]))
    return csv_text(rows)


NUMBERS_FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {
    "table": _table,
    "csv": _csv,
    "json": lambda report: json.dumps(report, indent=2) + "\n",
}
"""As `compare.FORMATS`."""
