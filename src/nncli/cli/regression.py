"""Output of `train`, `check`, `predict` and `evaluate` about numbers instead of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.cli.evaluation_report import report_json
from nncli.cli.messages import say, warn
from nncli.cli.text_table import aligned, figure
from nncli.errors import UsageError
from nncli.evaluation.tables import csv_text
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nncli.cli.evaluation_report import Report
    from nncli.model.file import Model
    from nncli.model.predictor import Prediction
    from nncli.run.dataset import ImageSet

BINS, BAR = 9, 40
"""Rows of a histogram, and the length of its longest bar."""


def refuse_options(given: Mapping[str, Any], names: Sequence[str], told: str = "numbers") -> None:
    """Refuse options that have no meaning for what a model tells: numbers, or labels.

    Raises:
        UsageError: One of `names` was given.
    """
    for name in names:
        if given[name] not in (None, False):
            raise UsageError(f"--{name.replace('_', '-')} is about classes; this model tells {told}")


@dataclass(frozen=True)
class NumbersLayout:
    """Contents of a record of numbers; see `records.Layout`.

    Attributes:
        names: Of the numbers.
        half_widths: From each answer to both ends of its interval; None if no intervals are wanted.
        names_columns: Begin tsv with its header.
    """

    names: Sequence[str]
    half_widths: Sequence[float] | None = None
    names_columns: bool = False

    def header(self) -> list[str]:
        """Column names of a table."""
        ends = () if self.half_widths is None else ("_low", "_high")
        return ["path", *(name + end for name in self.names for end in ("", *ends))]

    def record(self, prediction: Prediction) -> NumbersRecord:
        """The record of one prediction."""
        return make_numbers_record(prediction, self)


@dataclass(frozen=True)
class NumbersRecord:
    """Record of one image.

    Attributes:
        path: As the user gave it.
        numbers: By name; empty if the image could not be read.
        intervals: The ends of the interval of each, if wanted.
        error: Empty, or why the image could not be read.
        strangeness: As in `records.Record`.
    """

    path: str
    numbers: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    error: str
    strangeness: float | None = None

    @property
    def label(self) -> str:
        """The numbers alone, with blanks between them."""
        return " ".join(map(str, self.numbers.values()))

    def cells(self, layout: NumbersLayout) -> list[str]:
        """The texts of a table row, as many as the header has."""
        cells = [self.path]
        for name, number in self.numbers.items():
            cells += [str(number), *map(str, self.intervals.get(name, ()))]
        return cells + [""] * (len(layout.header()) - len(cells))

    def to_dict(self, _layout: NumbersLayout) -> dict[str, Any]:
        """The record as JSON has it."""
        fields: dict[str, Any] = {"path": self.path, "values": self.numbers or None}
        if self.intervals:
            fields["intervals"] = {name: list(ends) for name, ends in self.intervals.items()}
        if self.strangeness is not None:
            fields["strangeness"] = self.strangeness
        return {**fields, "error": self.error} if self.error else fields


def make_numbers_record(prediction: Prediction, layout: NumbersLayout) -> NumbersRecord:
    """The record of one prediction; numbers have the digits of a float32, ends of intervals six."""
    if prediction.error:
        return NumbersRecord(prediction.path, {}, {}, prediction.error)
    numbers = {name: float(str(each)) for name, each in zip(layout.names, prediction.probabilities, strict=True)}
    intervals = {}
    for (name, number), width in zip(numbers.items(), layout.half_widths or (), strict=False):
        intervals[name] = (float(f"{number - width:.6g}"), float(f"{number + width:.6g}"))
    strangeness = None if prediction.strangeness is None else round(prediction.strangeness, 6)
    return NumbersRecord(prediction.path, numbers, intervals, "", strangeness)


def numbers_layout(model: Model, confidence: float | None, *, header: bool) -> NumbersLayout:
    """The layout for a model; says what its intervals promise.

    Raises:
        UsageError: It cannot promise that much.
    """
    if confidence is None:
        return NumbersLayout(model.classes, names_columns=header)
    intervals = model.evidence.intervals
    if intervals is None:
        raise UsageError("--confidence: this model cannot promise anything; train it again, with validation images")
    widths, images = intervals.half_widths(confidence).tolist(), counted(len(intervals.distances), "validation image")
    if widths[0] == float("inf"):
        raise UsageError(f"--confidence {confidence:g} needs more than {images}; ask for less")
    say(f"intervals hold the right number with probability {confidence:g} for images like the {images}")
    return NumbersLayout(model.classes, widths, header)


def opening(report: Report) -> list[str]:
    """Lines above the figures of numbers, or labels: which images trained the model, and whether any is left."""
    known, lines = report["known"], []
    n_known = known["training"] + known["near_copies_of_training"] if known else 0
    if n_known:
        counts = "and count here" if known["training_is_included"] else "and are left out"
        lines.append(f"{n_known:,} of these images trained this model, or are near-copies of such, {counts}")
    if not report["images"]:
        lines.append("no image is left to judge the model by; --include-training counts all")
    return lines


def numbers_table(report: Report) -> str:
    """The figures of `evaluate`, for people."""
    lines = opening(report)
    if not report["images"]:
        return "\n".join([*lines, ""])
    return "\n".join([*lines, *headline(report), *(f"note  {each['text']}" for each in report["findings"]), ""])


def headline(report: Report) -> list[str]:
    """The figures of each number, one a line."""
    lines = []
    for name, of in report["targets"].items():
        base, share = of["baseline"], of["of_the_mean"]
        by_mean = f"{base['rmse']:.4g} by the mean" + ("" if share is None else f"; MSE {share:.4f} of the mean's")
        rows = [
            ("MAE", f"{of['mae']:.4g}", f"{base['mae']:.4g} by always answering the mean, {base['answer']:.4g}"),
            ("RMSE", f"{of['rmse']:.4g}", by_mean),
            ("R2", figure(of["r2"]), "1 is perfect, 0 no better than a constant"),
            ("correlation", figure(of["correlation"]), ""),
        ]
        lines += [f"{printable(name)}, {counted(of['n'], 'image')}", *(f"  {line}" for line in aligned(rows))]
    return lines


def numbers_csv(report: Report) -> str:
    """The same for spreadsheets: a row for each number."""
    rows: list[tuple[object, ...]] = [("target", "n", "mae", "rmse", "r2", "correlation", "mean_mae", "mean_rmse")]
    for name, of in report["targets"].items():
        figures = (of["mae"], of["rmse"], of["r2"], of["correlation"], of["baseline"]["mae"], of["baseline"]["rmse"])
        rows.append((name, of["n"], *("" if each is None else f"{each:.6g}" for each in figures)))
    return csv_text(rows)


def numbers_json(report: Report) -> str:
    """The same for programs."""
    return report_json(report, report["targets"])


NUMBERS_FORMATS: dict[str, Callable[[Report], str]] = {
    "table": numbers_table,
    "json": numbers_json,
    "csv": numbers_csv,
}
"""As `evaluation_report.FORMATS`."""


def is_r2_below(report: Report, limit: float) -> bool:
    """Whether the R2 of a number is below a gate; the reason is told."""
    if not report["images"]:
        warn(f"--fail-under {limit:g} cannot be met: no image is left to judge the model by")
        return True
    below = [(name, of) for name, of in report["targets"].items() if of["r2"] is None or of["r2"] < limit]
    for name, of in below:
        warn(
            f"R2 of {printable(name)} {figure(of['r2'])} ({counted(of['n'], 'image')}) is below --fail-under {limit:g}"
        )
    return bool(below)


def result_text(report: Report) -> str:
    """The figures of a finished training, a line for each number."""
    figures = [
        f"{printable(name)} MAE {of['mae']:.4g}, RMSE {of['rmse']:.4g} ({of['baseline']['rmse']:.4g} by the mean), "
        f"R2 {figure(of['r2'])}, correlation {figure(of['correlation'])}"
        for name, of in report["targets"].items()
    ]
    return "\n".join([report["split"], *figures, f"on {counted(report['images'], 'image')}"])


def fold_lines(metrics: Report) -> list[str]:
    """The result of a cross-validation: the figures of each fold, their spread, and those over all images."""
    lines = [f"{metrics['folds']} folds: every image predicted by a network that did not see it"]
    for name in metrics["targets"]:
        folds = [fold[name] for fold in metrics["by_fold"]]
        columns = [("RMSE", "rmse", ".4g"), ("R2", "r2", ".4f"), ("correlation", "correlation", ".4f")]
        columns += [("MSE / mean's", "of_the_mean", ".4f")]
        rows: list[tuple[object, ...]] = [("fold", "images", *(title for title, _, _ in columns))]
        for number, fold in enumerate(folds, 1):
            figures = [(fold[key], form) for _, key, form in columns]
            rows.append((number, fold["n"], *("-" if v is None else f"{v:{form}}" for v, form in figures)))
        lines += [printable(name), *(f"  {line}" for line in aligned(rows, numbers_from=0))]
    return [*lines, "", "over all folds", *headline(metrics)]


def target_lines(names: Sequence[str], splits: Mapping[str, ImageSet]) -> list[str]:
    """Range and histogram of the numbers of some images, for `check`."""
    import numpy as np

    lines = []
    for k, name in enumerate(names):
        for split, images in splits.items():
            values = images.targets[:, k]
            median = float(np.median(values))
            lines += [
                f"{printable(name)}, {split}: {values.min():.4g} to {values.max():.4g}, mean {values.mean():.4g}, "
                f"standard deviation {values.std():.4g}, {np.mean(values == median):.0%} are {median:.4g}"
            ]
        values = np.concatenate([images.targets[:, k] for images in splits.values()])
        counts, edges = np.histogram(values, BINS)
        rows = [
            (f"{edges[i]:.3g} to {edges[i + 1]:.3g}", f"{count:,}", "#" * round(BAR * count / counts.max()))
            for i, count in enumerate(counts.tolist())
        ]
        lines += [f"  {line}" for line in aligned(rows)]
    return lines
