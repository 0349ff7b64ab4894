"""A table of numbers as a source of images: each row is a picture one pixel high, a pixel for each number.

    x,y,label              1 x 2 pixels, gray; value x, then y; class a
    0.25,-1.5,a

That is all the network needs to learn from points in the plane, or from any columns of numbers. A row becomes a TIFF of
floats, and goes the way of every image: `data.range` says which numbers become black and white, and between them lie
256 levels. So the columns should be of about the same range; by `auto` it is that of all training numbers.
"""

from __future__ import annotations

import csv
import math
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.natural_order import natural_key
from nncli.data.packed_images import PackedImages
from nncli.data.samples import DeepValues
from nncli.data.source import ImageSource, LabeledFiles
from nncli.errors import DataError, UsageError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nncli.data.image.image_format import ImageFormat
    from nncli.data.looks import Looks

LABELS = ("label", "class")
"""Name of the last column, which holds the class."""

LARGEST = 3e38
"""Largest number, either way, that single precision holds."""

MOST_COLUMNS, MAX_BYTES = 4096, 1 << 28

MARGIN = 0.05
"""Room on both sides of the numbers, as a share of their range."""

TAGS = {256: "n", 257: 1, 258: 32, 259: 1, 262: 1, 273: "start", 277: 1, 278: 1, 279: "size", 339: 3}
"""Of a TIFF: width, height, 32 bits, not compressed, 0 is black, where the row begins, one sample, rows in a strip, its
bytes, floats."""


@dataclass(frozen=True)
class NumberTable:
    """Rows of numbers.

    Attributes:
        path: The file.
        names: One for each row.
        rows: As TIFF files.
        n_columns: Numbers in a row.
        labels: The class of each row; empty where there is no such column.
    """

    path: str
    names: tuple[str, ...]
    rows: tuple[bytes, ...]
    n_columns: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class NumberRange(DeepValues):
    """The numbers that training rows use, with a margin."""

    def chosen(self) -> tuple[float, float]:
        """The range for the data set, with three digits."""
        unit = 10.0 ** math.floor(math.log10(self.high - self.low) - 2) if self.high > self.low else 1.0
        room = MARGIN * (self.high - self.low) + unit
        places = max(0, -round(math.log10(unit)))
        low, high = math.floor((self.low - room) / unit) * unit, math.ceil((self.high + room) / unit) * unit
        return round(low, places), round(high, places)

    def __str__(self) -> str:
        return f"numbers from {self.low:.4g} to {self.high:.4g}"


@dataclass(frozen=True)
class NumberRows(PackedImages):
    """Rows of numbers with their classes, not split.

    Attributes:
        n_columns: Numbers in a row.
    """

    n_columns: int = 0

    @property
    def only_size(self) -> tuple[int, int]:
        """Height and width."""
        return 1, self.n_columns

    def look_at(self, paths: Sequence[str]) -> Looks | None:  # noqa: ARG002
        """Refuse: recipes are for pictures.

        Raises:
            DataError: Always.
        """
        raise DataError(f"{printable(self.root)}: rows of numbers, for which there is no recipe; remove it")

    def look_at_values(self, paths: Sequence[str]) -> DeepValues:
        """The smallest and the largest of all numbers in these rows."""
        n = self.n_columns
        numbers = [number for _, row in self.opened(paths) for number in _numbers(row, n)]
        return NumberRange(len(paths), len(paths), min(numbers), max(numbers))


def is_number_table(path: str | Path) -> bool:
    """Whether a file is a table of numbers: a header, and below it numbers alone but for the last column's label."""
    lines = _first_lines(path)
    if len(lines) < 2 or len(lines[0]) != len(lines[1]):
        return False
    header, first = lines
    numbers = first[:-1] if _has_label(header) else first
    return len(numbers) >= 2 and all(map(_is_number, numbers)) and not any(map(_is_number, header))


def read_number_table(path: str | Path) -> NumberTable:
    """The rows of a table of numbers.

    Raises:
        DataError: The file cannot be read, or is too large.
        UsageError: Rows are wrong: a line for each.
    """
    shown = printable(str(path))
    try:
        if os.stat(path).st_size > MAX_BYTES:  # noqa: PTH116
            raise DataError(f"{shown}: larger than {MAX_BYTES >> 20} MB")
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{shown}: cannot be read: {printable(str(error))}") from error
    n_columns = len(header) - _has_label(header)
    if n_columns > MOST_COLUMNS:
        raise DataError(f"{shown}: {n_columns:,} columns of numbers, {MOST_COLUMNS:,} at most")
    problems = [f"{shown}:{number}: {text}" for number, row in enumerate(rows, 2) if (text := _wrong(row, header))]
    if problems:
        raise UsageError("\n".join([*problems[:1000], f"{shown}: correct or remove {counted(len(problems), 'row')}"]))
    rows = [row for row in rows if row]
    width = len(str(len(rows)))
    names = tuple(f"{path}#{number:0{width}d}" for number in range(1, len(rows) + 1))
    images = tuple(_as_tiff([float(cell) for cell in row[:n_columns]]) for row in rows)
    labels = tuple(row[-1].strip() for row in rows) if _has_label(header) else ()
    return NumberTable(str(path), names, images, n_columns, labels)


def number_source(path: str | Path) -> ImageSource:
    """The labeled rows of a table of numbers.

    Raises:
        DataError, UsageError: As `read_number_table`, or there are no labels, or only one.
    """
    table = read_number_table(path)
    classes = tuple(sorted(set(table.labels), key=natural_key))
    if len(classes) < 2:
        missing = "all rows are of one class" if classes else "no label; the last column must be called label"
        raise DataError(f"{printable(str(path))}: {missing}")
    order = sorted(range(len(table.names)), key=lambda i: classes.index(table.labels[i]))
    every = LabeledFiles(tuple(table.names[i] for i in order), tuple(classes.index(table.labels[i]) for i in order))
    packed = dict(zip(table.names, table.rows, strict=True))
    return NumberRows(str(path), classes, {"all": every}, packed=packed, n_columns=table.n_columns)


def number_rows(path: str) -> Iterator[tuple[str, bytes]]:
    """Name of each row and the file that it would be; its label, if it has one, does not matter."""
    table = read_number_table(path)
    return zip(table.names, table.rows, strict=True)


def is_number_row(name: str) -> bool:
    """Whether this is the name of a row, which is no file."""
    return re.search(r"\.csv#\d+$", name, re.I) is not None


def refuse_others(path: str, image_format: ImageFormat) -> None:
    """Refuse a table of numbers where a model takes something else.

    Raises:
        UsageError: It does.
    """
    header = _first_lines(path)[0]
    n = len(header) - _has_label(header)
    if (image_format.height, image_format.width, image_format.channels) != (1, n, 1):
        raise UsageError(f"{printable(path)}: rows of {n:,} numbers, but the model takes images of {image_format}")


def _first_lines(path: str | Path) -> list[list[str]]:
    """The first two lines of a csv file; none of anything else."""
    if Path(path).suffix.lower() != ".csv" or not Path(path).is_file():
        return []
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return [line for line, _ in zip(csv.reader(file), range(2), strict=False)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _has_label(header: list[str]) -> bool:
    return bool(header) and header[-1].strip().lower() in LABELS


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _wrong(row: list[str], header: list[str]) -> str:
    """The mistake in a row; empty if there is none."""
    if not row:
        return ""
    if len(row) != len(header):
        return f"{counted(len(row), 'cell')} instead of {len(header)}"
    numbers = row[:-1] if _has_label(header) else row
    for name, cell in zip(header, numbers, strict=False):
        if not _is_number(cell):
            return f"{printable(name)} is {printable(cell)[:40]!r}, not a finite number"
        if abs(float(cell)) > LARGEST:
            return f"{printable(name)} is {printable(cell)[:40]!r}, beyond {LARGEST:g}; write it in another unit"
    return "no label" if _has_label(header) and not row[-1].strip() else ""


def _as_tiff(numbers: list[float]) -> bytes:
    """A TIFF one pixel high, in floats of 32 bits."""
    n, start = len(numbers), 8 + 2 + 12 * len(TAGS) + 4
    known = {"n": n, "start": start, "size": 4 * n}
    entries = [struct.pack("<HHII", tag, 4, 1, known.get(str(value), value)) for tag, value in TAGS.items()]
    head = struct.pack("<2sHIH", b"II", 42, 8, len(TAGS)) + b"".join(entries) + b"\0\0\0\0"
    return head + struct.pack(f"<{n}f", *numbers)


def _numbers(tiff: bytes | str, n: int) -> tuple[float, ...]:
    return struct.unpack(f"<{n}f", tiff[-4 * n :]) if isinstance(tiff, bytes) else ()
