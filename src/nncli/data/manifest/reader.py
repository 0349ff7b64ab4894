"""A table on its way to a manifest: column after column is read, and every mistake kept with its row."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.data.folder_walk import some
from nncli.data.layout.spelling import check_names
from nncli.data.layout.tree import text_lines
from nncli.data.manifest.columns import Columns, described, split_said
from nncli.data.manifest.finder import NameError_, choose_finder
from nncli.data.natural_order import natural_key
from nncli.errors import UsageError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nncli.data.manifest.table import Table

CLASS_LISTS = ("classes.txt", "labels.txt", "synsets.txt", "wnids.txt", "obj.names", "label_map.txt")
MOST_NAMED = 1000
"""Mistakes named in one message."""


@dataclass(frozen=True)
class Row:
    """An image of a manifest.

    Attributes:
        path: Its file, or its name where the table holds the image itself.
        label: The class index.
        split: ``train``, ``val``, ``test``, or empty.
        group: What it hangs together with; empty if the table has no groups.
        weight: How much it counts in training.
        order: Its place in time, as the table says it.
        targets: The numbers to be predicted, of a regression; of labels a 1 for each that the image has, else 0.
        sides: Further pictures of the same moment to train on, each with its targets.
    """

    path: str
    label: int
    split: str = ""
    group: str = ""
    weight: float = 1.0
    order: str = ""
    targets: tuple[float, ...] = ()
    sides: tuple[tuple[str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The content of a manifest.

    Attributes:
        path: The file.
        classes: By label; the names of the labels, or of a regression of the numbers.
        rows: Class by class, in natural order of the paths.
        notes: How it was read; safe to print.
        images: Name -> what its file would hold, where the table holds the images.
        task: As in `read_manifest`.
    """

    path: str
    classes: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    images: Mapping[str, Any] | None = None
    task: str = "classification"


class Reader:
    """Reader of a table whose images have one class each; others are in labels.py and targets.py."""

    task = "classification"

    def __init__(self, table: Table, columns: Columns, classes: Sequence[str]) -> None:
        self._table, self._columns = table, columns
        self._problems = list(table.problems)
        self._notes = [f"read {printable(Path(table.path).name)}: {described(table, columns, self.task)}", *table.notes]
        self._bad: set[int] = {number for number, _ in table.problems}
        self._said_classes = tuple(classes) or table.classes
        self._are_several = False

    def manifest(self) -> Manifest:
        """The whole, or all that is wrong with it."""
        table = self._table
        paths, images = self._paths()
        classes, labels, values = self._answers()
        splits = self._column("split", _checked_split)
        if self._columns.is_valid is not None:
            splits = self._column("is_valid", lambda cell: "val" if cell.lower() in ("1", "true") else "train")
        weights = self._column("weight", _checked_weight) or [1.0] * len(table.rows)
        if self._columns.weight is not None:
            self._notes.append("images count by their weights in training; every figure counts all of them alike")
        groups, order = self._column("group", str), self._column("order", _checked_order)
        self._check_repeated(paths, values or labels, splits)
        sides = self._sides(values)
        if not table.rows and not self._problems:
            raise UsageError(f"{printable(table.path)}:1: no rows below the header")
        if self._problems:
            raise UsageError(self._described_problems())
        check_names(classes, printable(table.path))
        every = range(len(paths))
        rows = [
            Row(
                paths[i],
                labels[i],
                splits[i] if splits else "",
                groups[i] if groups else "",
                weights[i],
                order[i] if order else "",
                values[i] if values else (),
                sides[i] if sides else (),
            )
            for i in dict(zip(paths, every, strict=True)).values()
        ]
        rows.sort(key=lambda row: (row.label, natural_key(row.path)))
        if len(rows) < len(paths):
            self._notes.append(
                f"named a second time with the same label, and counted once: {counted(len(paths) - len(rows), 'image')}"
            )
        return Manifest(table.path, classes, tuple(rows), tuple(self._notes), images, self.task)

    def _answers(self) -> tuple[tuple[str, ...], list[int], list[tuple[float, ...]]]:
        """Names of the classes, and the class of each row; the last for numbers."""
        return *self._numbered(self._labels()), []

    def _sides(self, _values: list[tuple[float, ...]]) -> list[tuple[tuple[str, tuple[float, ...]], ...]]:
        """Further pictures of each row; none."""
        return []

    def _problem(self, row: int, text: str) -> None:
        number = self._table.numbers[row]
        self._problems.append((number, text))
        self._bad.add(number)

    def _paths(self) -> tuple[list[str], dict[str, Any] | None]:
        """The file of each row; or a name and what the file would hold, where the table has that."""
        if self._columns.path is None and self._columns.pixels is not None:
            return self._pixels(self._columns.pixels)
        place = self._columns.path or 0
        cells = [row[place] for row in self._table.rows]
        if any(isinstance(cell, dict) and cell.get("bytes") is not None for cell in cells[:100]):
            return self._images_in_cells(cells)
        return self._found(cells), None

    def _found(self, cells: list[Any]) -> list[str]:
        """The files that the cells of a column name."""
        names = [cell.get("path") or "" if isinstance(cell, dict) else cell_text(cell) for cell in cells]
        finder, note = choose_finder(self._table.path, names, self._table.tree)
        if note:
            self._notes.append(note)
        paths = []
        for i, name in enumerate(names):
            try:
                paths.append(finder.find(name))
            except NameError_ as error:
                self._problem(i, str(error))
                paths.append(f"\0{i}")
        return paths

    def _pixels(self, place: int) -> tuple[list[str], dict[str, Any]]:
        """Square gray pictures whose values stand in a cell, between blanks, as files of the PGM format: FER2013."""
        images: dict[str, Any] = {}
        width = len(str(len(self._table.rows)))
        for i, row in enumerate(self._table.rows):
            words = cell_text(row[place]).split()
            side = math.isqrt(len(words))
            content = b""
            try:
                content = b"P5 %d %d 255\n%s" % (side, side, bytes(map(int, words)))
            except ValueError:
                self._problem(i, "pixels that are no numbers from 0 to 255")
            if side == 0 or side * side != len(words):
                self._problem(i, f"{counted(len(words), 'pixel')}, no square picture")
            images[f"{printable(self._table.path)}#{i + 1:0{width}d}"] = content
        return list(images), images

    def _images_in_cells(self, cells: list[Any]) -> tuple[list[str], dict[str, Any]]:
        images: dict[str, Any] = {}
        stem, width = printable(self._table.path), len(str(len(cells)))
        for i, cell in enumerate(cells):
            content = cell.get("bytes") if isinstance(cell, dict) else None
            if not isinstance(content, bytes):
                self._problem(i, "no bytes of an image")
            images[f"{stem}#{i + 1:0{width}d}"] = content
        return list(images), images

    def _labels(self) -> list[str]:
        """The name of each row's class, as the cell has it."""
        place = self._columns.label
        if isinstance(place, tuple):
            return [self._one_hot(i, row, place) for i, row in enumerate(self._table.rows)]
        if place is None:
            return self._folder_names()
        names = []
        for i, row in enumerate(self._table.rows):
            name = cell_text(row[place])
            if not name or name.lower() == "nan":
                self._problem(i, "no label")
            elif name[0] == "[" and name[-1] == "]":
                name = self._one_of(i, name)
            names.append(name)
        return names

    def _folder_names(self) -> list[str]:
        """The folder of each image, which is its class in a list of names alone."""
        names = [Path(cell_text(row[0])).parent.name for row in self._table.rows]
        for i, name in enumerate(names):
            if not name:
                self._problem(i, "no label, and no folder that could be one")
        return names

    def _one_hot(self, i: int, row: list[Any], places: tuple[int, ...]) -> str:
        ones = [place for place in places if cell_text(row[place]) in ("1", "1.0", "True", "true")]
        if len(ones) != 1:
            self._are_several = True
            self._problem(i, f"{len(ones)} of the class columns are 1, not one of them")
            return ""
        return str(self._table.header[ones[0]])

    def _one_of(self, i: int, text: str) -> str:
        """The label of a cell that holds a JSON list of one."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(found, list) and len(set(map(str, found))) == 1:
            return str(found[0])
        self._are_several = True
        self._problem(i, f"{counted(len(found), 'label')} in one cell: {printable(text)[:60]}")
        return ""

    def _column(self, role: str, checked: Callable[[Any], Any]) -> list[Any]:
        """The cells of a column; empty if there is no such column."""
        place = getattr(self._columns, role)
        if place is None:
            return []
        known: dict[str, Any] = {}  # most columns have few values
        cells = []
        for i, row in enumerate(self._table.rows):
            cell = cell_text(row[place])
            try:
                if cell not in known:
                    known[cell] = checked(cell)
                cells.append(known[cell])
            except ValueError as error:
                self._problem(i, str(error))
                cells.append(None)
        return cells

    def _numbered(self, names: list[str]) -> tuple[tuple[str, ...], list[int]]:
        """Class names, and the class of each row."""
        found = Counter(names)
        found.pop("", None)
        are_numbers = bool(found) and all(is_whole(name) for name in found)
        listed = self._said_classes or (class_list(self._table, self._notes) if are_numbers else ())
        if are_numbers and listed:
            return self._by_number(names, listed)
        classes = tuple(self._said_classes) or tuple(sorted(found, key=natural_key))
        if joined := [name for name in classes if ";" in name or "|" in name]:
            self._are_several = True
            self._notes.append(f"{some(joined)} is one class; write data.task: multilabel if it is several labels")
        index = {name: label for label, name in enumerate(classes)}
        labels = []
        for i, name in enumerate(names):
            if name and name not in index:
                self._problem(i, f"no class {printable(name)}, only {some(classes)}")
            labels.append(index.get(name, 0))
        return classes, labels

    def _by_number(self, names: list[str], classes: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
        numbers = [int(float(name)) if name else 0 for name in names]
        from_one = min(numbers) == 1 and max(numbers) == len(classes)
        if from_one:
            self._notes.append("labels count from 1: 1 is the first name in the list of classes")
        for i, number in enumerate(numbers):
            if not from_one <= number < len(classes) + from_one:
                self._problem(i, f"label {number}, but the list of classes has {len(classes)}, from {int(from_one)} on")
        return tuple(classes), [number - from_one for number in numbers]

    def _check_repeated(self, paths: list[str], labels: Sequence[Any], splits: list[str]) -> None:
        """Name rows that give an image another label or another split than a row before."""
        if len(set(paths)) == len(paths):
            return
        first: dict[str, int] = {}
        for i, path in enumerate(paths):
            before = first.setdefault(path, i)
            table, number = self._table, self._table.numbers[before]
            line = table.place_of(number) if table.files else f"line {number}"
            if labels[before] != labels[i]:
                self._problem(i, f"another label than {line} gives to {printable(Path(path).name)}")
            elif splits and splits[before] != splits[i]:
                self._problem(i, f"another split than {line} gives to {printable(Path(path).name)}")

    def _described_problems(self) -> str:
        problems = sorted(self._problems)
        shown = printable(self._table.path)
        lines = [f"{self._table.place_of(number)}: {text}" for number, text in problems[:MOST_NAMED]]
        if len(problems) > MOST_NAMED:
            lines.append(f"... and {len(problems) - MOST_NAMED:,} more")
        rows = len(self._table.rows) + len(self._table.problems)
        several = "; where images may have several labels or none, write data.task: multilabel" * self._are_several
        wrong = f"{counted(len(self._bad), 'wrong row')} of {rows:,}"
        return "\n".join([*lines, f"{shown}: {wrong}; correct or remove them{several}"])


def cell_text(cell: Any) -> str:
    """A cell as text; a whole number that a table program wrote as 3.0 stays what it is."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    return json.dumps(cell) if isinstance(cell, (list, dict)) else str(cell)


def is_whole(name: str) -> bool:
    """Whether a label is a number that counts; a table program may have written 3 as 3.0."""
    return name.isascii() and (name.isdigit() or (name.endswith(".0") and name[:-2].isdigit())) and len(name) < 10


def _checked_split(cell: str) -> str:
    split = split_said(cell)
    if split == "?":
        raise ValueError(f"split {printable(cell)[:40]}, not train, val or test")
    return split


def _checked_order(cell: str) -> str:
    if not cell or cell.lower() == "nan":
        raise ValueError("no cell to order by, as data.order asks")
    return cell


def _checked_weight(cell: str) -> float:
    try:
        weight = float(cell)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise ValueError(f"weight {printable(cell)[:40]}, not a number from 0 on")
    return weight


def class_list(table: Table, notes: list[str]) -> tuple[str, ...]:
    """The class names in a list beside a table or in the folder above; empty if there is none."""
    folder = os.path.dirname(table.path)  # noqa: PTH120 - a leading ./ stays, which an archive's paths begin with
    for home in (folder, os.path.dirname(folder) if table.tree else os.path.join(folder, "..")):  # noqa: PTH118, PTH120
        for name in CLASS_LISTS:
            lines = (table.tree.text_lines if table.tree else text_lines)(os.path.join(home, name))  # noqa: PTH118
            if lines:
                notes.append(f"labels are named by {name}")
                return tuple(_without_numbers([line.strip() for line in lines]))
    return ()


def _without_numbers(lines: list[str]) -> list[str]:
    """Names without the numbers in front of them, where every line counts one on: ``1 001.Albatross``."""
    words = [line.split(maxsplit=1) for line in lines]
    if all(len(word) == 2 and word[0].isdecimal() for word in words):
        first = int(words[0][0])
        if [int(word[0]) for word in words] == list(range(first, first + len(words))):
            return [word[1] for word in words]
    return lines
