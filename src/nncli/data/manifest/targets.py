"""Numbers that images have instead of classes, from one column or several, and pictures of side cameras."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nncli.data.manifest.reader import Reader, cell_text
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nncli.data.manifest.columns import Columns
    from nncli.data.manifest.table import Table


LARGEST = 1e30
"""Largest number, either way: its square, and what single precision makes of it, are still numbers."""


class NumbersReader(Reader):
    """A table of which the labels are numbers.

    Args:
        table: As above.
        columns: As above.
        side_cameras: See `read_manifest`.
    """

    task = "regression"

    def __init__(self, table: Table, columns: Columns, side_cameras: Mapping[str, float]) -> None:
        super().__init__(table, columns, ())
        self._side_cameras = side_cameras

    def _answers(self) -> tuple[tuple[str, ...], list[int], list[tuple[float, ...]]]:
        places = self._columns.label
        chosen = places if isinstance(places, tuple) else (places or 0,)
        header = self._table.header
        names = tuple(str(header[place]) if header else f"column {place + 1}" for place in chosen)
        values = [tuple(self._number(i, row[place]) for place in chosen) for i, row in enumerate(self._table.rows)]
        return names, [0] * len(values), values

    def _number(self, i: int, cell: Any) -> float:
        text = cell_text(cell)
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._problem(i, f"target {printable(text)[:40]}, not a finite number" if text else "no target")
        elif abs(number) > LARGEST:
            self._problem(i, f"target {printable(text)[:40]}, beyond {LARGEST:g}; write it in another unit")
        return number

    def _sides(self, values: list[tuple[float, ...]]) -> list[tuple[tuple[str, tuple[float, ...]], ...]]:
        table, found = self._table, []
        for name, offset in self._side_cameras.items():
            if name not in table.header:
                self._notes.append(f"no column {printable(name)}: no pictures of that side camera")
                continue
            paths = self._found([row[table.header.index(name)] for row in table.rows])
            shifted = [(first + offset, *others) for first, *others in values]
            found.append(list(zip(paths, shifted, strict=True)))
            self._notes.append(f"also trained on {printable(name)}, with {offset:+g} in {table.name_of(self._first)}")
        return list(zip(*found, strict=True))

    @property
    def _first(self) -> int:
        place = self._columns.label
        return place[0] if isinstance(place, tuple) else place or 0
