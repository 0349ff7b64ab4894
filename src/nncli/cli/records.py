"""From predictions to what `predict` prints: one record per image, in one of six formats.

All are written record by record, json too, though it is one array in the end; but table waits for the last record to
know its widths.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nncli.cli.text_table import aligned
from nncli.evaluation.tables import csv_text, probability_text
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np

    from nncli.model.predictor import Prediction

    class Row(Protocol):
        """The record of an image, whatever the model tells."""

        @property
        def path(self) -> str:
            """As the user gave it."""

        @property
        def label(self) -> str:
            """The answer alone."""

        def cells(self, layout: Any) -> list[str]:
            """The texts of a table row, as many as the header has."""

        def to_dict(self, layout: Any) -> dict[str, Any]:
            """The record as JSON has it."""

    class Headed(Protocol):
        """Contents of a record."""

        @property
        def names_columns(self) -> bool:
            """Whether tsv begins with its header."""

        def header(self) -> list[str]:
            """Column names of a table."""


BETWEEN = "|"
"""Between the labels of an image in one cell; in a name it is an escape, as control characters are."""


@dataclass(frozen=True)
class Layout:
    """Contents of a record.

    Attributes:
        classes: Names, by index.
        top_k: How many of the most probable classes.
        threshold: A less probable label is replaced by `unknown_label`.
        unknown_label: See `threshold`.
        all_probabilities: Add the probability of every class, in the order of the model.
        limits: Probability from which on each class belongs to the set of labels that holds the right one, see
            model/conformal.py; None if no sets are wanted.
        strangest: Strangeness from which on the label is the unknown label; above 1 for never.
        names_columns: Begin tsv with its header.
    """

    classes: Sequence[str]
    top_k: int = 1
    threshold: float = 0.0
    unknown_label: str = "unknown"
    all_probabilities: bool = False
    limits: Sequence[float] | None = None
    strangest: float = 2.0
    names_columns: bool = False

    def header(self) -> list[str]:
        """Column names of a table."""
        further = [f"{name}_{k}" for k in range(2, self.n_ranks + 1) for name in ("label", "probability")]
        every = self.classes if self.all_probabilities else ()
        return ["path", "label", "probability", *further, *every, *([] if self.limits is None else ["labels"])]

    @property
    def n_ranks(self) -> int:
        """How many classes are ranked: `top_k`, or all there are."""
        return min(self.top_k, len(self.classes))


@dataclass(frozen=True)
class Record:
    """Record of one image.

    Attributes:
        path: As the user gave it.
        label: The decision; empty if the image could not be read.
        top: The most probable classes with their probabilities, best first.
        probabilities: Of every class, if wanted.
        error: Empty, or why the image could not be read.
        labels: The set that holds the right one, if wanted, the most probable first.
        strangeness: How unlike the training images it is, 0..1; None where that was not asked, or cannot be told.
    """

    path: str
    label: str
    top: list[tuple[str, float]]
    probabilities: list[float]
    error: str
    labels: Sequence[str] = ()
    strangeness: float | None = None

    def cells(self, layout: Layout) -> list[str]:
        """The texts of a table row, as many as the header has."""
        columns = [self.path, self.label]
        for rank, (label, probability) in enumerate(self.top):
            columns += [label] * (rank > 0) + [probability_text(probability)]
        columns += map(probability_text, self.probabilities)
        if self.labels:
            columns.append(in_one_cell(self.labels))
        return columns + [""] * (len(layout.header()) - len(columns))

    def to_dict(self, layout: Layout) -> dict[str, Any]:
        """The record as JSON has it."""
        fields: dict[str, Any] = {
            "path": self.path,
            "label": self.label,
            "probability": self.top[0][1] if self.top else None,
            "top": [{"label": label, "probability": probability} for label, probability in self.top],
        }
        if layout.all_probabilities:
            fields["probabilities"] = dict(zip(layout.classes, self.probabilities, strict=False))
        if self.labels:
            fields["labels"] = list(self.labels)
        if self.strangeness is not None:
            fields["strangeness"] = self.strangeness
        return {**fields, "error": self.error} if self.error else fields


def in_one_cell(labels: Iterable[str]) -> str:
    """Several labels in one cell of a table."""
    return BETWEEN.join(name.replace(BETWEEN, "\\x7c") for name in labels)


def make_record(prediction: Prediction, layout: Layout) -> Record:
    """The record of one prediction; of equally probable classes, the first counts as the best."""
    if prediction.error:
        return Record(prediction.path, "", [], [], prediction.error)
    values = prediction.probabilities.tolist()
    if layout.n_ranks == 1:
        best = [values.index(max(values))]
    else:
        best = sorted(range(len(values)), key=values.__getitem__, reverse=True)[: layout.n_ranks]
    top = [(layout.classes[k], _shortest(prediction.probabilities[k])) for k in best]
    strangeness = prediction.strangeness
    is_known = top[0][1] >= layout.threshold and (strangeness is None or strangeness < layout.strangest)
    label = top[0][0] if is_known else layout.unknown_label
    probabilities = [_shortest(each) for each in prediction.probabilities] if layout.all_probabilities else []
    told = None if strangeness is None else round(strangeness, 6)
    return Record(prediction.path, label, top, probabilities, "", _label_set(values, layout), told)


def _label_set(values: list[float], layout: Layout) -> list[str]:
    """The labels at least as probable as their limits, and the most probable one in any case; none if not wanted."""
    if layout.limits is None:
        return []
    order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    return [layout.classes[k] for k in order if k == order[0] or values[k] >= layout.limits[k]]


def _shortest(probability: np.float32) -> float:
    """The number of which the shortest text says which float32 it is: 0.9731 and not 0.9731000065803528."""
    return float(str(probability))


def as_tsv(records: Iterable[Row], layout: Headed) -> Iterator[str]:
    """Columns between tabs, without a header unless it is asked for: for cut, awk and sort."""
    if layout.names_columns:
        yield "\t".join(map(printable, layout.header())) + "\n"
    for record in records:
        yield "\t".join(map(printable, record.cells(layout))) + "\n"


def as_csv(records: Iterable[Row], layout: Headed) -> Iterator[str]:
    """CSV with a header."""
    yield csv_text([layout.header()])
    for record in records:
        yield csv_text([record.cells(layout)])


def as_label(records: Iterable[Row], _layout: Headed) -> Iterator[str]:
    """The label alone, one line per image."""
    for record in records:
        yield printable(record.label) + "\n"


def as_ndjson(records: Iterable[Row], layout: Headed) -> Iterator[str]:
    """One JSON object per line."""
    for record in records:
        yield json_text(record.to_dict(layout)) + "\n"


def as_json(records: Iterable[Row], layout: Headed) -> Iterator[str]:
    """One JSON array of all records."""
    separator = "[\n"
    for record in records:
        yield separator + json_text(record.to_dict(layout))
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def as_table(records: Iterable[Row], layout: Headed) -> Iterator[str]:
    """Columns in line, with a header: for people."""
    for line in aligned([layout.header(), *(record.cells(layout) for record in records)]):
        yield line + "\n"


FORMATS: dict[str, Callable[[Iterable[Row], Headed], Iterator[str]]] = {
    "tsv": as_tsv,
    "csv": as_csv,
    "json": as_json,
    "ndjson": as_ndjson,
    "table": as_table,
    "label": as_label,
}


def json_text(value: Any) -> str:
    """JSON in one line, readable where it can be: characters stay as they are unless one of them is not printable."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)
