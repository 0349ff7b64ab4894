"""Splits as the user says them: ``data.splits: {train: [color], val: [...], test: [...], ignore: [...]}``.

An entry is a folder below `data.path`, whose folders are the classes; a component `*` stands for every folder, and the
last one for the classes: `[*/train]` is the folder train in each class. `.` is `data.path` itself, `all` a set that is
not split yet, and `ignore` what belongs nowhere.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from nncli.data.folder_walk import some
from nncli.data.layout.reading import Layout, Part
from nncli.data.layout.words import SPLITS
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nncli.data.layout.tree import Tree

KEYS = ("all", *SPLITS, "ignore")


def said_layout(tree: Tree, splits: Mapping[str, Sequence[str]]) -> Layout:
    """The layout that `data.splits` describes; what it does not name is left out, and said.

    Raises:
        DataError: An entry leads out of the folder or to nothing, two name the same folder, or there is nothing to
            train on.
    """
    _check(tree, splits)
    ignored = {path for entry in splits.get("ignore", ()) for path in _folders(tree, entry)}
    named: dict[str, tuple[str, str]] = {}
    for split, entries in splits.items():
        for path in (path for entry in entries for path in _folders(tree, entry.removesuffix("/*"))):
            other = named.setdefault(path, (split, path))
            if other[0] != split:
                raise DataError(f"data.splits: {_shown(tree, path)} is both in {other[0]} and in {split}")
    closed = ignored | {path for path in named if path != tree.root}
    parts = {}
    for split in ("all", *SPLITS):
        if splits.get(split):
            classes = [found for entry in splits[split] for found in _classes(tree, entry, closed)]
            shown = _joined(tree.root, splits[split][0]) if len(splits[split]) == 1 else tree.root
            parts[split] = Part(shown, classes, left_out=sorted(closed))
    return Layout(parts, _left_out(tree, parts, ignored))


def _check(tree: Tree, splits: Mapping[str, Sequence[str]]) -> None:
    for split, entries in splits.items():
        for entry in entries:
            if PurePosixPath(entry).is_absolute() or ".." in PurePosixPath(entry).parts:
                raise DataError(f"data.splits.{split}: {printable(entry)} leads out of {printable(tree.root)}")
            if not _folders(tree, entry):
                raise DataError(f"data.splits.{split}: {printable(tree.root)} has no folder {printable(entry)}")
    if not splits.get("train") and not splits.get("all"):
        raise DataError("data.splits names nothing to train on: add train, or all for a set that is not split yet")
    if splits.get("all") and (splits.get("train") or splits.get("val")):
        raise DataError("data.splits has all beside train or val; all is for a set that is not split yet")


def _joined(root: str, entry: str) -> str:
    return root if entry == "." or set(entry) & set("*?[") else os.path.join(root, entry)  # noqa: PTH118 - a leading ./ of the root stays


def _folders(tree: Tree, entry: str) -> list[str]:
    """The folders that an entry stands for."""
    found = [tree.root]
    for component in PurePosixPath(entry).parts:
        found = [path for folder in found for path in tree.folders(folder) if fnmatchcase(Path(path).name, component)]
    return found


def _classes(tree: Tree, entry: str, closed: set[str]) -> list[tuple[str, str]]:
    """Name and folder of each class that an entry stands for."""
    parts = PurePosixPath(entry).parts
    if "*" not in parts:
        return [
            (Path(path).name, path)
            for folder in _folders(tree, entry)
            for path in tree.folders(folder)
            if path not in closed and not tree.is_run(path)
        ]
    from_end = parts[::-1].index("*")
    return [(Path(path).parts[-1 - from_end], path) for path in _folders(tree, entry)]


def _left_out(tree: Tree, parts: Mapping[str, Part], ignored: set[str]) -> list[str]:
    """Notes about folders that hold images and that no entry names."""
    used = {Path(path) for part in parts.values() for _, path in part.classes}
    above = {parent for path in used for parent in path.parents}
    notes, stack = [], [tree.root]
    while stack:
        for path in tree.folders(stack.pop()):
            if Path(path) in above:
                stack.append(path)
            elif Path(path) not in used and tree.count(path):
                why = "data.splits ignores it" if path in ignored else "data.splits does not name it"
                notes.append(f"left out {_shown(tree, path)} with {counted(tree.count(path), 'image')}: {why}")
    return notes if len(notes) <= 3 else [*notes[:3], f"and {some(notes[3:4], len(notes) - 3)}"]


def _shown(tree: Tree, path: str) -> str:
    return printable(os.path.relpath(path, tree.root))
