"""Labels of images that may have several, or none: a cell with all of them, or a column of 0 and 1 for each.

    image,labels               image,circle,cross          {"image": "1.png", "labels": ["circle", "cross"]}
    1.png,circle;cross         1.png,1,1
    2.png,                     2.png,0,0

The separator is said by `data.columns.separator`, or noticed: the first of | ; , that occurs in any cell. Where both |
and ; do, it has to be said. A list in a cell holds labels, or a 0 or 1 for each of them: ``[0, 1, 0]``.
A blank can also be a part of a name, `polar bear`; so it is taken only where dividing there leaves fewer different
labels than there are different cells.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nncli.data.folder_walk import some
from nncli.data.manifest.columns import NOT, ZERO_ONE
from nncli.data.manifest.reader import Reader, cell_text, class_list, is_whole
from nncli.data.natural_order import natural_key
from nncli.errors import UsageError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nncli.data.manifest.columns import Columns
    from nncli.data.manifest.table import Table

MARKS = ("|", ";", ",")
BLANK = "blank"
"""The word of `data.columns.separator` for blanks."""

MOST_CELLS = 50_000_000
"""Images times labels, a number each: more are no labels but captions."""


class LabelsReader(Reader):
    """A table of which each image has any number of labels.

    Args:
        table: As in `Reader`.
        columns: Likewise.
        classes: Names by number, where they are known.
        separator: `data.columns.separator`; None to notice it.
    """

    task = "multilabel"

    def __init__(self, table: Table, columns: Columns, classes: Sequence[str], separator: str | None) -> None:
        super().__init__(table, columns, classes)
        self._separator = separator

    def _answers(self) -> tuple[tuple[str, ...], list[int], list[tuple[float, ...]]]:
        """Names of the labels, no classes, and for each row a 1 for each label that it has, else 0."""
        place = self._columns.label
        if isinstance(place, tuple):
            names, values = self._from_columns(place)
        else:
            names, values = self._from_cells(place or 0)
        if values and not self._bad and not any(map(any, values)):
            raise UsageError(f"{printable(self._table.path)}: no row has a label; name its column with data.columns")
        n_without = sum(not any(each) for each in values)
        if n_without:
            self._notes.append(f"without a label: {n_without:,} of {counted(len(values), 'row')}")
        return names, [0] * len(values), values

    def _from_columns(self, places: tuple[int, ...]) -> tuple[tuple[str, ...], list[tuple[float, ...]]]:
        if self._separator is not None:
            raise UsageError("data.columns.separator has no meaning for columns of 0 and 1; remove it")
        header = self._table.header
        names = tuple(str(header[place]) if header else f"column {place + 1}" for place in places)
        values, known = [], dict(ZERO_ONE)
        used = {cell_text(row[place]).lower() for row in self._table.rows for place in places}
        if NOT in used and not any(ZERO_ONE.get(cell) == 0 for cell in used):
            self._notes.append(f"{NOT} stands for 0")
            known[NOT] = 0.0
        for i, row in enumerate(self._table.rows):
            found = [known.get(row[place]) if isinstance(row[place], str) else None for place in places]
            if None in found:  # not as most cells are
                found = [self._zero_or_one(i, row, place, known) for place in places]
            values.append(tuple(found))
        return names, values  # type: ignore[return-value]

    def _zero_or_one(self, i: int, row: list[Any], place: int, known: Mapping[str, float]) -> float:
        text = cell_text(row[place])
        value = known.get(text.lower())
        if value is None:
            found = printable(text)[:40] if text else "empty"
            self._problem(i, f"{self._table.name_of(place)} is {found}, neither 0 nor 1")
        return value or 0.0

    def _from_cells(self, place: int) -> tuple[tuple[str, ...], list[tuple[float, ...]]]:
        texts = [cell_text(row[place]) for row in self._table.rows]
        every = set(texts)  # most sets of labels come again
        if vectors := _zero_or_one_for_each(every):
            return self._named_in_order(vectors), [vectors[text] for text in texts]
        mark = self._mark({text for text in every if text and text[0] != "["})
        labels = {text: _labels_of(text, mark) for text in every}
        names, told = self._named([labels[text] for text in texts])
        if len(names) * len(told) > MOST_CELLS:
            shown = printable(self._table.path)
            raise UsageError(f"{shown}: {len(names):,} different labels; is {self._table.name_of(place)} their column?")
        known = {own: tuple(1.0 if name in own else 0.0 for name in names) for own in set(told)}
        return names, [known[own] for own in told]

    def _mark(self, texts: set[str]) -> str:
        """The separator; empty where each cell is one label."""
        if self._separator is not None:
            return " " if self._separator == BLANK else self._separator
        marks = [mark for mark in MARKS if any(mark in text for text in texts)]
        mark = marks[0] if marks else ""
        if marks[:2] == ["|", ";"]:
            raise self._both_marks()
        if not mark and len({word for text in texts for word in text.split()}) < len(texts):
            mark = " "
        if mark:
            self._notes.append(f"labels are divided at {BLANK if mark == ' ' else repr(mark)}")
        if "," in marks[1:]:
            name = next(name.strip() for text in sorted(texts) for name in text.split(mark) if "," in name)
            self._notes.append(f"{printable(name)} is one label; data.columns.separator divides elsewhere")
        return mark

    def _both_marks(self) -> UsageError:
        """The error of a table that divides labels at | and at ; with the first row of each."""
        table, place = self._table, self._columns.label
        cells = [cell_text(row[place]) for row in table.rows]  # type: ignore[index]  # one column
        bar, semicolon = (
            table.place_of(next(number for number, cell in zip(table.numbers, cells, strict=True) if mark in cell))
            for mark in ("|", ";")
        )
        way_out = "write one of them everywhere, or say it: data.columns: {separator: '|'}"
        return UsageError(f"{bar} divides labels at '|', and {semicolon} at ';'; {way_out}")

    def _named_in_order(self, vectors: Mapping[str, tuple[float, ...]]) -> tuple[str, ...]:
        """Names for the places in lists of 0 and 1: those of a list beside the table, or their numbers from 0 on."""
        n = len(next(iter(vectors.values())))
        self._notes.append(f"each cell has a 0 or 1 for each of {counted(n, 'label')}")
        names = self._said_classes or class_list(self._table, self._notes)
        if names and len(names) != n:
            but = f"{counted(n, 'number')} in a cell, but {counted(len(names), 'name')} of labels"
            raise UsageError(f"{printable(self._table.path)}: {but}")
        return tuple(names) or tuple(map(str, range(n)))

    def _named(self, told: list[frozenset[str]]) -> tuple[tuple[str, ...], list[frozenset[str]]]:
        """All labels, and those of each row, by name where they are numbers of a list beside the table."""
        found = frozenset().union(*set(told))
        are_numbers = bool(found) and all(map(is_whole, found))
        listed = self._said_classes or (class_list(self._table, self._notes) if are_numbers else ())
        if not listed:
            return tuple(sorted(found, key=natural_key)), told
        if are_numbers:
            told = [frozenset(str(int(float(name))) for name in own) for own in told]
        known = {str(number) if are_numbers else name: name for number, name in enumerate(listed)}
        for i, own in enumerate(told):
            for name in sorted(own - known.keys()):
                self._problem(i, f"no label {printable(name)[:40]}, only {some(list(known))}")
        return tuple(listed), [frozenset(known[name] for name in own if name in known) for own in told]


def _zero_or_one_for_each(texts: Iterable[str]) -> dict[str, tuple[float, ...]]:
    """Cell -> its list of 0 and 1, where all cells are such lists, equally long, and some repeat one; else nothing."""
    found: dict[str, tuple[float, ...]] = {}
    for text in texts:
        cells = [cell.strip().lower() for cell in text[1:-1].split(",")] if text[:1] + text[-1:] == "[]" else []
        if not cells or not all(cell in ZERO_ONE for cell in cells):
            return {}
        found[text] = tuple(ZERO_ONE[cell] for cell in cells)
    are_alike = len({len(values) for values in found.values()}) == 1
    return found if are_alike and any(len(set(values)) < len(values) for values in found.values()) else {}


def _labels_of(text: str, mark: str) -> frozenset[str]:
    """The labels in a cell: a list, or names with `mark` between them; empty cells have none."""
    if text[:1] == "[" and text[-1:] == "]":
        try:
            return _names(map(cell_text, json.loads(text)))
        except (ValueError, RecursionError):  # as Python writes lists: ['a', 'b']
            return _names(part.strip().strip("'\"") for part in text[1:-1].split(","))
    if text.lower() == "nan":
        return frozenset()
    return _names(text.split(None if mark == " " else mark) if mark else [text])


def _names(parts: Iterable[str]) -> frozenset[str]:
    return frozenset(part.strip() for part in parts) - {""}
