"""Contents of a report about one run, ready for the page: text, numbers, drawings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import ModelFileError
from nncli.evaluation.intervals import wilson
from nncli.evaluation.metrics import per_class
from nncli.model.summary import summarize, training_config
from nncli.pictures.thumbnails import encoded
from nncli.pictures.tiles import enlarged
from nncli.pictures.weights import weight_tiles
from nncli.report.charts import curves
from nncli.report.images import MOST, MOST_BYTES, cells_of, choose, data_uri, thumbnails
from nncli.report.labels import labels_part
from nncli.report.numbers import numbers_part
from nncli.report.watch import watch_part
from nncli.text import printable

if TYPE_CHECKING:
    from nncli.evaluation.confidence import Suspect
    from nncli.evaluation.evaluation import Evaluation
    from nncli.model.file import Model
    from nncli.run.files import Curve, RunFiles

MOST_WRONG, MOST_SUSPECTS, MOST_CONFUSIONS, MOST_WEIGHTS = 60, 24, 10, 48

MOST_POINTS = 1000
"""Points of a curve: more than a screen has columns for it."""

FEWEST = 10
"""Images that an accuracy is drawn for: that of one image says nothing."""


@dataclass(frozen=True)
class ReportedRun:
    """A run to report on.

    Attributes:
        name: What it is called.
        model: Its model.
        files: Its history, metrics and config.
        evaluation: What the model says about images; None where there are none.
        origin: Which images these are, in words.
    """

    name: str
    model: Model
    files: RunFiles
    evaluation: Evaluation | None
    origin: str

    @property
    def figures(self) -> dict[str, Any]:
        """Those of the evaluation, or else those that training wrote down."""
        return self.evaluation.report() if self.evaluation else _written_figures(self.files.metrics, self.model.classes)


def section(run: ReportedRun, number: int, share: float) -> dict[str, Any]:
    """Everything that the page shows of `run`.

    Args:
        run: The run.
        number: Its place in the report, for names within the page.
        share: How much of the page's budget of thumbnails it may use, 0..1.
    """
    facts, figures = summarize(run.model), run.figures
    of_classes = run.evaluation if run.model.task.name == "classification" else None
    return {
        "number": number,
        "name": run.name,
        "origin": run.origin,
        "facts": facts,
        "figures": figures,
        "tiles": _headline(run, facts, figures),
        "curves": history_curves([run.files.history]),
        "confusion": _confusion(figures),
        "confidence": _confidence(of_classes, figures),
        "watch": watch_part(run.files.watched),
        "weights": _weights(run.model),
        "settings": training_config(run.model),
        "config_lines": run.files.config.splitlines(),
        **_images(of_classes, share),
        **labels_part(run.evaluation, int(MOST_BYTES * share)),
        **numbers_part(run.evaluation, int(MOST_BYTES * share)),
    }


def history_curves(histories: list[Curve]) -> list[dict[str, Any]]:
    """Drawings of loss and accuracy: of training and validation for one run, the latter alone for several."""
    drawings = []
    for measure in ("loss", "accuracy"):
        names = [measure, f"val_{measure}"]
        if len(histories) > 1:
            names = [f"val_{measure}" if any(any(h.get(f"val_{measure}", ())) for h in histories) else measure]
        series, legend = [], []
        for history in histories:
            for name in names:
                points = list(zip(history.get("epoch", ()), history.get(name, ()), strict=False))
                known = [(x, y) for x, y in points if x is not None and y is not None]
                known = known[:: -(-len(known) // MOST_POINTS) or 1]
                if known or len(histories) > 1:
                    series.append(([x for x, _ in known], [y for _, y in known]))
                    legend.append("validation" if name.startswith("val_") else "training")
        if any(x for x, _ in series):
            title = names[0].replace("val_", "validation ") if len(histories) > 1 else measure
            drawings.append({"svg": curves(series, "epoch", title, is_share=measure == "accuracy"), "legend": legend})
    return drawings


def _written_figures(metrics: dict[str, Any], classes: tuple[str, ...]) -> dict[str, Any]:
    """Figures that training wrote, as far as they are valid: the file may be anyone's."""
    figures = {name: metrics[name] for name in ("accuracy", "loss", "images") if _formatted(metrics, name, "")}
    written = metrics.get("confusion")
    try:
        matrix = np.array(written["matrix"] if isinstance(written, dict) else ())
    except ValueError:  # rows of different lengths
        return figures
    if matrix.shape == (len(classes), len(classes)) and matrix.dtype.kind == "i" and matrix.min() >= 0:
        figures["confusion"] = {"classes": list(classes), "matrix": matrix.tolist()}
        figures["per_class"] = per_class(matrix, classes)
    return figures


def _interval(figures: dict[str, Any]) -> str | None:
    """Where the true accuracy lies; of what training wrote down, as far as it makes sense."""
    interval, images = figures.get("interval"), figures.get("images")
    if not interval and isinstance(images, int) and images > 0 and "accuracy" in figures:
        interval = wilson(min(round(figures["accuracy"] * images), images), images)
    return f"{interval[0]:.1%} to {interval[1]:.1%}" if interval else None


def _headline(run: ReportedRun, facts: dict[str, Any], figures: dict[str, Any]) -> list[tuple[str, str]]:
    """The numbers that a person asks for first."""
    metrics = run.files.metrics
    folded = f" and {facts['n_folded']:,} folded in" if "n_folded" in facts else ""
    best, epochs = _formatted(metrics, "best_epoch", ""), _formatted(metrics, "epochs", "")
    known = [
        ("accuracy", _formatted(figures, "accuracy", ".1%")),
        ("95 % interval", _interval(figures) if "accuracy" in figures else None),
        ("always one class", _formatted(figures.get("baseline", {}), "accuracy", ".1%")),
        ("images", _formatted(figures, "images", ",")),
        ("loss", _formatted(figures, "loss", ".3f")),
        ("calibration error", _formatted(figures, "calibration_error", ".3f")),
        *_of_labels(figures),
        *_of_numbers(figures),
        (
            {"multilabel": "labels", "regression": "targets"}.get(run.model.task.name, "classes"),
            str(len(run.model.classes)),
        ),
        (f"parameters{folded}", f"{facts['n_parameters']:,}"),
        (
            "kept: last epoch" if metrics.get("kept") == "last" else "best epoch",
            f"{best} / {epochs}" if best and epochs else None,
        ),
        ("time in epochs", _formatted(metrics, "seconds", ".1f", " s")),
    ]
    return [(name, value) for name, value in known if value is not None]


def _of_labels(figures: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Macro F1, average precision and exact match, each beside what can be had without looking."""
    if figures.get("task") != "multilabel" or not figures.get("baseline"):
        return []
    base, interval = figures["baseline"], figures["interval"]
    return [
        ("macro F1", _formatted(figures, "macro_f1", ".3f")),
        ("telling every label", _formatted(base, "macro_f1", ".3f")),
        ("mean average precision", _formatted(figures, "mean_average_precision", ".3f")),
        ("exact match", _formatted(figures, "exact_match", ".1%")),
        ("95 % interval", f"{interval[0]:.1%} to {interval[1]:.1%}"),
    ]


def _of_numbers(figures: dict[str, Any]) -> list[tuple[str, str | None]]:
    """R2, and the error of the first number beside that of answering the mean."""
    targets = figures.get("targets")
    if not targets:
        return []
    first = next(iter(targets.values()))
    return [
        ("R2", _formatted(figures, "r2", ".3f")),
        ("correlation", _formatted(first, "correlation", ".3f")),
        ("RMSE", _formatted(first, "rmse", ".4g")),
        ("RMSE of the mean", _formatted(first["baseline"], "rmse", ".4g")),
    ]


def _formatted(values: dict[str, Any], key: str, form: str, unit: str = "") -> str | None:
    value = values.get(key)
    return f"{value:{form}}{unit}" if isinstance(value, int | float) else None


def _confusion(figures: dict[str, Any]) -> dict[str, Any] | None:
    """Rows of cells, each a count and a shade from 0 to 9; and the most frequent mistakes."""
    if not figures.get("confusion"):
        return None
    classes, matrix = figures["confusion"]["classes"], np.array(figures["confusion"]["matrix"])
    support = np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shades = np.ceil(9 * np.sqrt(matrix / support)).astype(int)
    mistakes = matrix * (1 - np.eye(len(matrix), dtype=int))
    most = np.argsort(-mistakes, axis=None, kind="stable")[:MOST_CONFUSIONS].tolist()
    top = [
        {"i": i, "j": j, "count": int(matrix[i, j]), "share": matrix[i, j] / support[i, 0]}
        for i, j in (divmod(cell, len(matrix)) for cell in most)
        if mistakes[i, j]
    ]
    rows = [list(zip(counts, row, strict=True)) for counts, row in zip(matrix.tolist(), shades.tolist(), strict=True)]
    is_short = max(map(len, classes)) <= 3  # their columns need not be turned
    return {"classes": classes, "rows": rows, "top": top, "is_short": is_short}


def _confidence(evaluation: Evaluation | None, figures: dict[str, Any]) -> dict[str, Any] | None:
    """Is 0.8 really 80 %? What does a threshold cost?"""
    if evaluation is None:
        return None
    from nncli.evaluation.confidence import calibration_bins

    correct = evaluation.predicted == evaluation.actual
    bins = calibration_bins(evaluation.confidence, correct)
    order = np.argsort(-evaluation.confidence, kind="stable")
    answered = np.arange(1, len(order) + 1)
    first = min(FEWEST, len(order)) - 1
    kept = np.unique(np.linspace(first, len(order) - 1, 100).round().astype(int))  # a hundred points are a curve
    accuracy = np.cumsum(correct[order]) / answered
    covered = (answered / len(order))[kept].tolist(), accuracy[kept].tolist()
    reliable = [bin_["confidence"] for bin_ in bins], [bin_["accuracy"] for bin_ in bins]
    return {
        "reliability": curves([reliable], "probability given", "share that is right", diagonal=True),
        "coverage": curves([covered], "share answered, most confident first", "accuracy on these", is_share=True),
        "table": figures["coverage"],
    }


def _weights(model: Model) -> list[str]:
    """The first layer's rows as pictures; none if it does not see pixels."""
    try:
        tiles = weight_tiles(model, MOST_WEIGHTS)
    except ModelFileError:
        return []
    factor = max(1, 56 // max(tiles.shape[1:3]))
    return [data_uri(encoded(np.asarray(enlarged(tile, factor)), "PNG")) for tile in tiles]


def _images(evaluation: Evaluation | None, share: float) -> dict[str, Any]:
    """Galleries, and for each cell of the confusion matrix the images behind it."""
    if evaluation is None:
        return {"wrong": [], "n_wrong": 0, "suspects": [], "n_suspects": 0, "cells": {}, "images": {}}
    wrong, suspects = evaluation.wrong(), evaluation.suspects
    cells = cells_of(evaluation)
    first = [*wrong[:MOST_WRONG], *(suspect.row for suspect in suspects[:MOST_SUSPECTS])]
    chosen = choose(cells, first, int(MOST * share))
    uris = thumbnails([evaluation.paths[row] for row in chosen], int(MOST_BYTES * share))
    shown = {row: _described(evaluation, row, uris[place]) for place, row in enumerate(chosen) if place in uris}
    known = {cell: [row for row in rows if row in shown] for cell, rows in cells.items()}
    doubted = [shown[s.row] | _doubt(evaluation, s) for s in suspects if s.row in shown]
    return {
        "wrong": [shown[row] for row in wrong[:MOST_WRONG] if row in shown],
        "n_wrong": len(wrong),
        "suspects": doubted[:MOST_SUSPECTS],
        "n_suspects": len(suspects),
        "cells": {f"{i}-{j}": rows for (i, j), rows in known.items() if rows},
        "images": {row: _for_script(image) for row, image in shown.items()},
    }


def _doubt(evaluation: Evaluation, suspect: Suspect) -> dict[str, str]:
    """The suggested class, and how probable label and suggestion are."""
    row, suggested = suspect.row, suspect.suggested
    own, other = (f"{evaluation.probabilities[row, k]:.2f}" for k in (evaluation.actual[row], suggested))
    return {"suggested": evaluation.classes[suggested], "actual_probability": own, "probability": other}


def _for_script(image: dict[str, Any]) -> list[str]:
    return [image["src"], printable(image["name"]), image["probability"]]


def _described(evaluation: Evaluation, row: int, uri: str) -> dict[str, Any]:
    path = Path(evaluation.paths[row])
    return {
        "src": uri,
        "name": f"{path.parent.name}/{path.name}",
        "actual": evaluation.classes[evaluation.actual[row]],
        "predicted": evaluation.classes[evaluation.predicted[row]],
        "probability": f"{evaluation.confidence[row]:.2f}",
    }
