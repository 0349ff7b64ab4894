"""Output of `train`, `check`, `predict` and `evaluate` about labels of which an image may have any number."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.cli.evaluation_report import report_json
from nncli.cli.messages import warn
from nncli.cli.records import BETWEEN, in_one_cell
from nncli.cli.regression import opening
from nncli.cli.text_table import aligned, figure
from nncli.evaluation.tables import csv_text, probability_text
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nncli.cli.evaluation_report import Report
    from nncli.model.predictor import Prediction
    from nncli.model.task import Multilabel
    from nncli.run.dataset import ImageSet

BAR = 30
"""Length of a bar that stands for all images."""


@dataclass(frozen=True)
class LabelsLayout:
    """Contents of a record of labels; see `records.Layout`.

    Attributes:
        names: Of the labels.
        thresholds: Probability from which on an image has each.
        all_probabilities: Add the probability of every label, in the order of the model.
        names_columns: Begin tsv with its header.
    """

    names: Sequence[str]
    thresholds: Sequence[float]
    all_probabilities: bool = False
    names_columns: bool = False

    def header(self) -> list[str]:
        """Column names of a table."""
        return ["path", "labels", "probabilities", *(self.names if self.all_probabilities else ())]

    def record(self, prediction: Prediction) -> LabelsRecord:
        """The record of one prediction."""
        return make_labels_record(prediction, self)


@dataclass(frozen=True)
class LabelsRecord:
    """Record of one image.

    Attributes:
        path: As the user gave it.
        labels: Those that the image has, with their probabilities, the most probable first.
        probabilities: Of every label, if wanted.
        error: Empty, or why the image could not be read.
        strangeness: As in `records.Record`.
    """

    path: str
    labels: dict[str, float]
    probabilities: dict[str, float]
    error: str
    strangeness: float | None = None

    @property
    def label(self) -> str:
        """The labels alone; empty if there is none."""
        return in_one_cell(self.labels)

    def cells(self, layout: LabelsLayout) -> list[str]:
        """The texts of a table row, as many as the header has."""
        texts = map(probability_text, self.probabilities.values())
        cells = [self.path, self.label, BETWEEN.join(map(probability_text, self.labels.values())), *texts]
        return cells + [""] * (len(layout.header()) - len(cells))

    def to_dict(self, layout: LabelsLayout) -> dict[str, Any]:
        """The record as JSON has it."""
        if self.error:
            return {"path": self.path, "labels": None, "probabilities": None, "error": self.error}
        probabilities = self.probabilities if layout.all_probabilities else self.labels
        fields = {"path": self.path, "labels": list(self.labels), "probabilities": probabilities}
        return fields if self.strangeness is None else {**fields, "strangeness": self.strangeness}


def make_labels_record(prediction: Prediction, layout: LabelsLayout) -> LabelsRecord:
    """The record of one prediction; probabilities have the digits of a float32."""
    if prediction.error:
        return LabelsRecord(prediction.path, {}, {}, prediction.error)
    values = prediction.probabilities.tolist()
    told = [k for k, (p, threshold) in enumerate(zip(values, layout.thresholds, strict=True)) if p >= threshold]
    every = {name: float(str(p)) for name, p in zip(layout.names, prediction.probabilities, strict=True)}
    labels = {layout.names[k]: every[layout.names[k]] for k in sorted(told, key=lambda k: -values[k])}
    strangeness = None if prediction.strangeness is None else round(prediction.strangeness, 6)
    wanted = every if layout.all_probabilities else {}
    return LabelsRecord(prediction.path, labels, wanted, "", strangeness)


def labels_layout(names: Sequence[str], task: Multilabel, given: Mapping[str, Any]) -> LabelsLayout:
    """The layout for a model, with its thresholds or the one that was `given` for all labels."""
    one, thresholds = given["threshold"], task.thresholds.tolist()
    thresholds = thresholds if one is None else [one] * len(thresholds)
    return LabelsLayout(names, thresholds, given["all_probs"], given["header"])


def labels_table(report: Report) -> str:
    """The figures of `evaluate`, for people."""
    lines = opening(report)
    if not report["images"]:
        return "\n".join([*lines, ""])
    table = aligned(_rows(report), numbers_from=1)
    notes = [f"note         {each['text']}" for each in report["findings"]]
    return "\n".join([*lines, *headline(report), *notes, "", *table, ""])


def headline(report: Report) -> list[str]:
    """The figures over all labels, each with what can be had without looking."""
    base, (low, high) = report["baseline"], report["interval"]
    n = report["images"]
    return [
        f"macro F1     {figure(report['macro_f1'])}, {figure(base['macro_f1'])} by always telling every label",
        f"micro F1     {figure(report['micro_f1'])}",
        f"mean AP      {figure(report['mean_average_precision'])}, {figure(base['mean_average_precision'])} by "
        "telling each label's frequency",
        f"exact match  {report['exact_match']:.4f} ({low:.4f} to {high:.4f}), all labels right in "
        f"{report['correct']:,} of {counted(n, 'image')};",
        f"             {base['exact_match']:.4f} by always telling the most frequent labels",
        f"loss         {report['loss']:.4f}",
    ]


MEASURES = {"f1": "F1", "precision": "precision", "recall": "recall", "average_precision": "AP"}


def _rows(report: Report) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [("label", *MEASURES.values(), "threshold", "images", "told")]
    for name, of in report["labels"].items():
        figures = (figure(of[measure]) for measure in MEASURES)
        rows.append((name, *figures, f"{of['threshold']:.4f}", of["n"], of["told"]))
    return rows


def labels_csv(report: Report) -> str:
    """The table of labels, for spreadsheets; what is not known is empty."""
    header, *rows = _rows(report)
    return csv_text([header, *(["" if cell == "-" else cell for cell in row] for row in rows)])


def labels_json(report: Report) -> str:
    """The same for programs."""
    return report_json(report, report["labels"])


LABEL_FORMATS: dict[str, Callable[[Report], str]] = {"table": labels_table, "json": labels_json, "csv": labels_csv}
"""As `evaluation_report.FORMATS`."""


def is_macro_f1_below(report: Report, limit: float) -> bool:
    """Whether macro F1 is below a gate; the reason is told."""
    if not report["images"] or report["macro_f1"] is None:
        why = f"none of {counted(report['images'], 'image')} has a label" if report["images"] else "no image is left"
        warn(f"--fail-under {limit:g} cannot be met: {why} to judge the model by")
        return True
    is_below: bool = report["macro_f1"] < limit
    if is_below:
        warn(
            f"macro F1 {report['macro_f1']:.4f} ({counted(report['images'], 'image')}) is below --fail-under {limit:g}"
        )
    return is_below


def fold_lines(metrics: Report) -> list[str]:
    """The result of a cross-validation: the figures of each fold, their spread, and those over all images."""
    folds = metrics["by_fold"]
    titles = {"macro_f1": "macro F1", "micro_f1": "micro F1", "mean_average_precision": "mean AP"}
    titles["exact_match"] = "exact match"
    rows: list[tuple[object, ...]] = [("fold", "images", *titles.values())]
    rows += [(k, fold["images"], *(figure(fold[key]) for key in titles)) for k, fold in enumerate(folds, 1)]
    rows.append(("spread", "", *(figure(_spread(fold[key] for fold in folds)) for key in titles)))
    of_labels: list[tuple[object, ...]] = [("label", "F1", "spread", "AP", "spread", "images", "told")]
    for name, of in metrics["labels"].items():
        cells: list[object] = [name]
        for key in ("f1", "average_precision"):
            cells += [figure(of[key]), figure(_spread(fold["labels"][name][key] for fold in folds))]
        of_labels.append((*cells, of["n"], of["told"]))
    notes = [f"note         {each['text']}" for each in metrics["findings"]]
    return [
        f"{metrics['folds']} folds: every image predicted by a network that did not see it",
        *aligned(rows, numbers_from=1),
        "",
        "over all folds; spread: standard deviation among them",
        *headline(metrics),
        *notes,
        "",
        *aligned(of_labels, numbers_from=1),
    ]


def _spread(values: Iterable[float | None]) -> float | None:
    """Standard deviation of the figures of folds, as far as they are known."""
    known = [value for value in values if value is not None]
    return statistics.stdev(known) if len(known) > 1 else None


def result_text(report: Report) -> str:
    """The figures of a finished training in one line, and where they come from in another."""
    by_all = figure(report["baseline"]["macro_f1"])
    chosen = ", by which thresholds were chosen" if report["split"] == "validation" else ""
    return (
        f"{report['split']} macro F1 {figure(report['macro_f1'])} ({by_all} by always telling every label), "
        f"exact match {report['exact_match']:.4f}\non {counted(report['images'], 'image')}{chosen}"
    )


def label_lines(names: Sequence[str], splits: Mapping[str, ImageSet]) -> list[str]:
    """How many images have each label, and how many labels an image has, for `check`."""
    counts = {split: images.targets.sum(axis=0).astype(int).tolist() for split, images in splits.items()}
    none = [int((images.targets.sum(axis=1) == 0).sum()) for images in splits.values()]
    n = sum(len(images.paths) for images in splits.values())
    rows: list[tuple[object, ...]] = [("label", *counts, "")]
    for k, name in enumerate(names):
        own = [each[k] for each in counts.values()]
        rows.append((printable(name), *own, "#" * round(BAR * sum(own) / n)))
    rows.append(("(no label)", *none, "#" * round(BAR * sum(none) / n)))
    return aligned(rows)
