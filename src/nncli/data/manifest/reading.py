"""From a manifest to classes, splits and image files; all its mistakes at once, with their rows.

    path,label,split            columns by the names that tools use (columns.py), in any of a dozen formats (table.py)
    cats/1.jpg,cat,train        the path from the table's folder, or from the images folder beside it (finder.py)

Numbers as labels are named by a list beside the table (classes.txt, labels.txt, synsets.txt) or by themselves, in the
order of their value; where the task is a regression they are what is to be told (targets.py). Where it is multilabel, a
cell holds any number of labels, or each label has a column of 0 and 1 (labels.py). Images come class by class in the
natural order of their paths, as a folder would have them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.data.manifest.columns import SEPARATOR, find_columns, has_columns, needed
from nncli.data.manifest.labels import LabelsReader
from nncli.data.manifest.reader import Reader
from nncli.data.manifest.shards import joined, shards_of
from nncli.data.manifest.table import Table, read_table
from nncli.data.manifest.targets import NumbersReader
from nncli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nncli.data.layout.archive import ArchiveTree
    from nncli.data.manifest.reader import Manifest


def read_manifest(
    path: str | Path,
    columns: Mapping[str, Any] | None = None,
    classes: Sequence[str] = (),
    *,
    usual: Mapping[str, Any] | None = None,
    task: str = "classification",
    side_cameras: Mapping[str, float] | None = None,
    tree: ArchiveTree | None = None,
) -> Manifest:
    """Read a manifest and look whether its images are there; none is opened.

    Args:
        path: The file, or with a ``*`` in its name several.
        columns: `data.columns`: what for -> column.
        classes: Class names by index, where they are known; else a list beside the table, or the labels themselves.
        usual: Like `columns`, where the table has such columns.
        task: ``classification``, ``multilabel`` for any number of labels, or ``regression`` for numbers.
        side_cameras: Column of a further picture -> what is added to the first number for it.
        tree: The archive that holds it and its images.

    Raises:
        DataError: The file cannot be read.
        UsageError: It cannot be understood, or rows are wrong: a line for each.
    """
    shards = [] if tree else shards_of(path)
    table = joined(str(path), [_read(each, None) for each in shards]) if shards else _read(path, tree)
    table.tree = tree
    usual = usual or {}
    there = {role: names for role, names in usual.items() if role != SEPARATOR and has_columns(table, names)}
    if task == "multilabel" and SEPARATOR in usual and "label" in (there if "label" in usual else {"label"}):
        there[SEPARATOR] = usual[SEPARATOR]
    said = there | dict(columns or {})
    if SEPARATOR in said and task != "multilabel":
        raise UsageError(f"data.columns.separator is for data.task multilabel, not for {task}; remove it")
    found = find_columns(table, said, task)
    is_list = task == "classification" and not table.header and all(len(row) == 2 and not row[1] for row in table.rows)
    if is_list:  # of names alone: the folder of each is its class
        found = replace(found, path=0, label=None)
    needed(table, found, () if found.pixels is not None and found.path is None else ("path",))
    needed(table, found, () if is_list else ("label",))
    if task == "regression":
        return NumbersReader(table, found, side_cameras or {}).manifest()
    if task == "multilabel":
        return LabelsReader(table, found, classes, said.get(SEPARATOR)).manifest()
    return Reader(table, found, classes).manifest()


def _read(path: str | Path, tree: ArchiveTree | None) -> Table:
    """The rows of a file."""
    content = tree.content(str(path)) if tree else None
    if Path(path).suffix.lower() == ".parquet":
        from nncli.data.manifest.parquet import read_parquet_table

        return read_parquet_table(Path(path), content)
    return read_table(path, content)
