"""A table in several files, `shards/part-*.csv`: what is too large for one, or was written by several processes.

They are read as one table is, so that a number means the same class in all of them, and an image that two of them name
is found out. Only where a mistake is told, the file it stands in is looked up again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.manifest.table import Table
from nncli.data.natural_order import natural_key
from nncli.errors import UsageError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence


def shards_of(path: str | Path) -> list[str]:
    """The files that a name with a `*` in it stands for, in natural order; none if one has this very name."""
    pattern = Path(path)
    if "*" not in pattern.name or pattern.exists():
        return []
    return sorted((str(found) for found in pattern.parent.glob(pattern.name) if found.is_file()), key=natural_key)


def joined(path: str, tables: Sequence[Table]) -> Table:
    """Several tables as one.

    Args:
        path: The pattern of their names.
        tables: In order.

    Raises:
        UsageError: They do not have the same columns.
    """
    first = tables[0]
    whole, start = Table(path, first.header, [], [], classes=first.classes, notes=[counted(len(tables), "file")]), 0
    for table in tables:
        if sorted(table.header) != sorted(first.header) or _width(table) != _width(first):
            raise UsageError(f"{printable(table.path)}: not the columns that {printable(first.path)} has")
        if table.classes != first.classes:
            raise UsageError(f"{printable(table.path)}: not the classes that {printable(first.path)} has")
        places = [table.header.index(name) for name in first.header]
        is_alike = table.header == first.header
        whole.rows += table.rows if is_alike else [[row[k] for k in places] for row in table.rows]
        whole.files.append((start, table.path))
        whole.numbers += [start + number for number in table.numbers]
        whole.problems += [(start + number, text) for number, text in table.problems]
        whole.notes += [note for note in table.notes if note not in whole.notes]
        start += max([*table.numbers[-1:], *(number for number, _ in table.problems)], default=0)
    return whole


def _width(table: Table) -> int:
    return len(table.header) or len(next(iter(table.rows), []))
