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
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.data.layout.tree import Tree

_FOLDERS = ("", "meta", "lists", "splits", "ImageSets", "annotations", "metadata")


def official_split(tree: Tree, folder: str, paths: Sequence[str], notes: list[str]) -> dict[str, str]:
    """Path -> split, from the lists beside a folder of classes; nothing where no list names them all.

    Args:
        tree: The tree.
        folder: Where the class folders are.
        paths: Their images.
        notes: Gets what the lists are used for, or why they are not.
    """
    homes = [home for home in dict.fromkeys((tree.root, folder, str(Path(folder).parent))) if tree.holds(home)]
    for home in homes:
        for name in _FOLDERS:
            lists = _lists_in(tree, home, name)
            if lists:
                found = _matched(lists, folder, paths)
                shown = ", ".join(printable(os.path.relpath(path, tree.root)) for path, _ in lists.values())
                if len(found) == len(paths):
                    notes.append(f"read as splits: {shown}, which name every image")
                    return found
                notes.append(
                    f"{shown}: not used, for they give a split to {len(found):,} of {counted(len(paths), 'image')}"
                )
    return {}


def _lists_in(tree: Tree, home: str, name: str) -> dict[str, tuple[str, list[str]]]:
    """Split -> the list's path and its names."""
    folders = {Path(path).name: path for path in tree.folders(home)}
    if name and name not in folders:
        return {}
    files = {Path(path).name: path for path in tree.listing(folders[name] if name else home).others}
    if {"images.txt", "train_test_split.txt"} <= set(files):
        return _by_id(tree, files["images.txt"], files["train_test_split.txt"])
    found: dict[str, tuple[str, list[str]]] = {}
    for file in sorted(files):
        split = split_of(file.removesuffix(".txt")) if file.endswith(".txt") else ""
        if split and split not in found:
            found[split] = files[file], tree.text_lines(files[file])
    is_split = len(found) > 1 and "train" in found
    return {split: found[split] for split in SPLITS if split in found} if is_split else {}


def _by_id(tree: Tree, images: str, split: str) -> dict[str, tuple[str, list[str]]]:
    pairs = (line.split(maxsplit=1) for line in tree.text_lines(split))
    is_training = {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}
    found: dict[str, tuple[str, list[str]]] = {"train": (images, []), "test": (split, [])}
    for line in tree.text_lines(images):
        number, _, name = line.partition(" ")
        if name and is_training.get(number) in ("0", "1"):
            found["train" if is_training[number] == "1" else "test"][1].append(name.strip())
    return found


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


def labels_from_annotations(tree: Tree, folder: str, images: Sequence[str]) -> tuple[dict[str, str], str]:
    """Path -> class of the images of a split folder without class folders, and the list that says so.

    Args:
        tree: The tree.
        folder: Where the images are; the list lies there or in the folder above.
        images: Their paths.
    """
    for home in (folder, str(Path(folder).parent)):
        if not tree.holds(home):
            break
        for file in tree.listing(home).others:
            name = Path(file).name
            if "annotations" not in name or not name.endswith(".txt"):
                continue
            rows = [line.split("\t") for line in tree.text_lines(file)]
            labels = {row[0]: row[1] for row in rows if len(row) > 1}
            if all(Path(path).name in labels for path in images):
                return {path: labels[Path(path).name] for path in images}, file
    return {}, ""
