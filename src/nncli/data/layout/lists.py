"""Lists that come with an image folder: the official split, or the labels of images that lie in no class folder.

    meta/train.txt, meta/test.txt       a path on each line, from the images on, with or without suffix (Food-101)
    images.txt, train_test_split.txt    id and path; id and 1 for training (CUB-200)
    val/val_annotations.txt             name, tab, class (tiny-imagenet)

A list is used where it names every image; else a note says how many it names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.data.layout.words import SPLITS, split_of
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.data.layout.tree import Tree

MAX_BYTES = 1 << 26
"""Largest list read."""

_FOLDERS = ("", "meta", "lists", "splits", "ImageSets", "annotations", "metadata")


def official_split(tree: Tree, folder: str, paths: Sequence[str], notes: list[str]) -> dict[str, str]:
    """Path -> split, from the lists beside a folder of classes; nothing where no list names them all.

    Args:
        tree: The tree.
        folder: Where the class folders are.
        paths: Their images.
        notes: Gets what the lists are used for, or why they are not.
    """
    homes = [home for home in dict.fromkeys((tree.root, folder, str(Path(folder).parent))) if _is_below(tree, home)]
    for home in homes:
        for name in _FOLDERS:
            lists = _lists_in(os.path.join(home, name) if name else home)  # noqa: PTH118
            if lists:
                found = _matched(lists, folder, paths)
                shown = ", ".join(printable(os.path.relpath(path, tree.root)) for path, _ in lists.values())
                if len(found) == len(paths):
                    notes.append(f"read as splits: {shown}, which name every image")
                    return found
                notes.append(f"{shown}: not used, for they give a split to {len(found):,} of {len(paths):,} images")
    return {}


def _is_below(tree: Tree, path: str) -> bool:
    return path == tree.root or Path(tree.root) in Path(path).parents


def _lists_in(folder: str) -> dict[str, tuple[str, list[str]]]:
    """Split -> the list's path and its names."""
    try:
        with os.scandir(folder) as entries:
            files = {entry.name: entry.path for entry in entries if entry.name.endswith(".txt") and entry.is_file()}
    except OSError:
        return {}
    if {"images.txt", "train_test_split.txt"} <= set(files):
        return _by_id(files["images.txt"], files["train_test_split.txt"])
    found: dict[str, tuple[str, list[str]]] = {}
    for name in sorted(files):
        split = split_of(name.removesuffix(".txt"))
        if split and split not in found:
            found[split] = files[name], text_lines(files[name])
    return {split: found[split] for split in SPLITS if split in found} if len(found) > 1 and "train" in found else {}


def _by_id(images: str, split: str) -> dict[str, tuple[str, list[str]]]:
    is_training = dict(line.split(maxsplit=1) for line in text_lines(split) if len(line.split(maxsplit=1)) == 2)
    found: dict[str, tuple[str, list[str]]] = {"train": (images, []), "test": (split, [])}
    for line in text_lines(images):
        number, _, name = line.partition(" ")
        if name and is_training.get(number) in ("0", "1"):
            found["train" if is_training[number] == "1" else "test"][1].append(name.strip())
    return found


def text_lines(path: str) -> list[str]:
    """The lines of a text file that are not empty; none if it is too large or no text."""
    try:
        file = Path(path)
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            return []
        return [line for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError, ValueError):
        return []


def _matched(lists: dict[str, tuple[str, list[str]]], folder: str, paths: Sequence[str]) -> dict[str, str]:
    """Path -> split, of the images that stand in exactly one list."""
    splits: dict[str, set[str]] = {}
    for split, (_, names) in lists.items():
        for name in names:
            for key in dict.fromkeys((name.strip(), name.split()[0])):
                splits.setdefault(_plain(key), set()).add(split)
    found = {}
    for path in paths:
        said = splits.get(_plain(os.path.relpath(path, folder)), set())
        if len(said) == 1:
            found[path] = min(said)
    return found


def _plain(name: str) -> str:
    """A name with `/`, without a leading `images/` and without an image's suffix."""
    name = name.replace("\\", "/").removeprefix("./").removeprefix("images/")
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    return stem if suffix.lower() in IMAGE_SUFFIXES else name


def labels_from_annotations(folder: str, root: str, images: Sequence[str]) -> tuple[dict[str, str], str]:
    """Path -> class of the images of a split folder without class folders, and the list that says so.

    Args:
        folder: Where the images are.
        root: Not above this folder is looked for a list.
        images: Their paths.
    """
    home = Path(folder)
    for _ in range(2):
        for file in sorted(home.glob("*annotations*.txt")):
            rows = [line.split("\t") for line in text_lines(str(file))]
            labels = {row[0]: row[1] for row in rows if len(row) > 1}
            if all(Path(path).name in labels for path in images):
                return {path: labels[Path(path).name] for path in images}, str(file)
        if home == Path(root):
            break
        home = home.parent
    return {}, ""
