"""The line to write where a folder has no class folders: the table that lies there, or a pattern of its names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.folder_walk import some
from nncli.data.image.kinds import unread_kind
from nncli.data.layout.words import ARCHIVES, TABLES
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.data.layout.tree import Tree

_ANY_PLACE = tuple(suffix for suffix in TABLES if suffix != ".txt")
"""Tables by their suffix alone; a .txt may be anything."""

_NO_TABLE = {"config.json", "package.json", "dataset_info.json", "dataset-metadata.json"}

PATTERNS = (
    (r"(?P<label>[A-Za-z]+)\.\d+\.\w+", re.compile(r"(?P<label>[A-Za-z]+)\.\d+\.\w+")),
    (r"(?P<label>[A-Za-z_-]*[A-Za-z])[_-]?\d+\.\w+", re.compile(r"(?P<label>[A-Za-z_-]*[A-Za-z])[_-]?\d+\.\w+")),
    (r"(?P<label>[A-Za-z]+) \(\d+\)\.\w+", re.compile(r"(?P<label>[A-Za-z]+) \(\d+\)\.\w+")),
    (r"(?P<label>\d+)_\d+.*", re.compile(r"(?P<label>\d+)_\d+.*")),
)
"""Ways in which names begin with their class, as a config has them and compiled."""


def hint(tree: Tree, folder: str, images: Sequence[str]) -> str:
    """The line to write, as the end of a sentence; empty if nothing is known.

    Args:
        tree: The tree.
        folder: The one that has no class folders.
        images: The images in it.
    """
    if found := _table_line(tables_near(tree, folder)):
        return found
    pattern = label_pattern(images)
    if pattern:
        path = "" if folder == tree.root else f"data.path: {printable(folder)} and "
        return f"; their names begin with their class: write {path}data.label_from: '{pattern}'"
    if archives := [path for path in _files_near(tree, folder) if path.lower().endswith(ARCHIVES)]:
        name = printable(Path(archives[0]).name)
        return f"; {name} is an archive, which is read in place: write data.path: {printable(archives[0])}"
    lists = [path for path in _files_near(tree, folder) if path.endswith(".txt") and "readme" not in path.lower()]
    if lists and images:
        return f"; {printable(Path(lists[0]).name)} may be a list of labels: write data.path: {printable(lists[0])}"
    return ""


def table_hint(tree: Tree) -> str:
    """The line to write where a table is wanted, as the end of a sentence; empty if none lies near the images."""
    folder = tree.root
    while not tree.images(folder) and len(below := tree.with_images(folder)) == 1:
        folder = below[0]
    return _table_line(tables_near(tree, folder))


def _table_line(tables: Sequence[str]) -> str:
    if not tables:
        return ""
    example = "" if len(tables) == 1 else " for example"
    names = some([Path(path).name for path in tables])
    return f"; {names} may hold the labels: write data.path: {printable(tables[0])}{example}"


def tables_near(tree: Tree, folder: str) -> list[str]:
    """Tables in a folder, in the one above it and in those beside it, down from the root."""
    tables = [
        path
        for path in _files_near(tree, folder)
        if path.lower().endswith(_ANY_PLACE) and Path(path).name.lower() not in _NO_TABLE
    ]
    tables = [path for path in tables if "submission" not in Path(path).name.lower()]  # what Kaggle wants to be sent
    return sorted(tables, key=lambda path: (any(word in Path(path).name.lower() for word in ("test", "sample")), path))


def _files_near(tree: Tree, folder: str) -> list[str]:
    homes = [folder]
    if folder != tree.root:
        homes += [str(parent) for parent in Path(folder).parents if tree.holds(parent)][:2]
    beside = [path for path in tree.folders(homes[-1]) if not tree.count(path) or path == folder]
    lists = [path for path in tree.folders(homes[-1]) if Path(path).name.lower() in ("annotations", "labels", "lists")]
    return [path for home in dict.fromkeys((*homes, *beside, *lists)) for path in tree.listing(home).others]


def label_pattern(images: Sequence[str]) -> str:
    """A pattern after which every name begins with its class, two classes or more of two images or more; else empty."""
    names = [os.path.basename(path) for path in images[:20_000]]  # noqa: PTH119
    for text, pattern in PATTERNS:
        matches = [pattern.fullmatch(name) for name in names]
        if names and all(matches):
            labels = [match["label"] for match in matches if match]
            if 1 < len(set(labels)) <= len(labels) / 2:
                return text
    return ""


def what_is_there(tree: Tree, folder: str) -> str:
    """The content of a class folder without images, in words, and what helps; empty if it is empty."""
    contents = tree.contents(folder)
    kinds = dict.fromkeys(kind for word in contents.replace(",", " ").split() if (kind := unread_kind(word)))
    advice = [f"{kind.name}: {kind.advice}" for kind in kinds]
    return f"{contents} ({'; '.join(advice)})" if advice else contents
