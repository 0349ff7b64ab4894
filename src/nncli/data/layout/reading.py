"""From a tree of folders to splits and class folders, with a note on every decision, and an error where it is a guess.

    photos/cat, photos/dog                    classes; whoever trains splits them
    photos/train/cat, photos/test/cat         splits, if all folders are called like splits (words.py)
    photos/cat/train, photos/cat/test         splits, if every class holds the same ones
    photos/train, photos/extra                an error: the user says what extra is, with data.splits
    dataset/photos/cat, dataset/photos/dog    the one folder around everything is passed through

Runs of nncli below the folder, folders of labels without images, masks, second copies and images without a label are
left out, and said.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.folder_walk import some
from nncli.data.layout.hints import tables_near
from nncli.data.layout.oddities import (
    holds_nothing_else,
    mask_folders,
    named_parts,
    nested_copies,
    only_groups,
    shared_folders,
    variants,
)
from nncli.data.layout.words import BESIDE, SPLIT_OF_WORD, SPLITS, WITHOUT_LABEL, split_and_rest, split_of, squeezed
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nncli.data.layout.tree import Tree

_PLAIN = {"train", "val", "valid", "validation", "test"}
_PLAIN_SCALAR = re.compile(r"[A-Za-z_][\w.-]*(/[\w.-]+)*")
_YAML_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


@dataclass
class Part:
    """One split.

    Attributes:
        folder: Where its class folders are, for messages.
        classes: Name and folder of each class; a class may have several.
        images: Images that lie in no class folder.
        left_out: Folders that are not to be entered.
    """

    folder: str
    classes: list[tuple[str, str]]
    images: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass
class Layout:
    """How a tree is read.

    Attributes:
        parts: By split, train first; ``all`` where the tree is not split.
        notes: How it was read, one printable line each.
        strays: Images outside of all class folders.
    """

    parts: dict[str, Part]
    notes: list[str]
    strays: list[str] = field(default_factory=list)


def read_layout(tree: Tree, *, splits: str = "", known: Sequence[str] = ()) -> Layout:
    """Decide how a tree is to be read.

    Args:
        tree: The tree.
        splits: ``none`` if every folder is a class, whatever it is called.
        known: Class names that are certain, those of a model: folders of these names are classes.

    Raises:
        DataError: It can be read in several ways; the message has the line to write.
    """
    notes: list[str] = []
    root, folders = _passed_through(tree, tree.root, notes, known, any_name=True)
    strays = list(tree.images(tree.root)) + (tree.images(root) if root != tree.root else [])
    if splits != "none" and not {_name(folder) for folder in folders} <= set(known):
        found = _split_folders(tree, root, folders)
        if found:
            _say_splits(found, notes)
            parts = {split: _part(tree, folder, notes) for split, folder in found.items()}
            return Layout(parts, notes, strays)
    if splits != "none":
        found_inside = _split_inside(tree, root, folders, notes)
        if found_inside:
            return Layout(found_inside, notes, strays)
        folders = _without_copies(tree, root, folders, notes)
        _refuse_variants(tree, root, folders)
        _refuse_parts(tree, root, folders)
        folders = _without_placeholders(tree, folders, notes)
        _note_what_looks_odd(tree, root, folders, notes)
    part = _with_masks_left_out(tree, Part(root, [(_name(folder), folder) for folder in folders]), notes)
    if splits != "none" and (inner := only_groups(tree, folders, part.left_out)):
        notes.append(
            f"the classes are {some(_names(folders))}; folders within them, {some(_names(inner))}, are not: "
            f'data.splits: {{all: ["{os.path.relpath(root, tree.root) + "/" if root != tree.root else ""}*/*"]}} makes '
            "them classes"
        )
    return Layout({"all": part}, notes, strays)


def _name(folder: str) -> str:
    return Path(folder).name


def _names(folders: Sequence[str]) -> list[str]:
    return [_name(folder) for folder in folders]


def yaml_list(names: Sequence[str]) -> str:
    """Names as a list that YAML reads."""
    plain = (
        name if _PLAIN_SCALAR.fullmatch(name) and name.lower() not in _YAML_WORDS else json.dumps(printable(name))
        for name in names
    )
    return f"[{', '.join(plain)}]"


def _splits_line(parts: Mapping[str, Sequence[str]]) -> str:
    inner = ", ".join(f"{split}: {yaml_list(names[:4])}" for split, names in parts.items() if names)
    return f"data.splits: {{{inner}}}"


def _passed_through(
    tree: Tree, folder: str, notes: list[str], known: Sequence[str] = (), *, any_name: bool = False
) -> tuple[str, list[str]]:
    """The folder below all that hold one folder alone, and the folders in it that count."""
    start, start_notes = folder, list[str]()
    folders = start_folders = _usable(tree, folder, start_notes)
    tried, inner_notes = folder, list(start_notes)
    passed = 0
    while passed < 20:
        holding = [path for path in folders if tree.count(path)]
        if len(holding) != 1 or _name(holding[0]) in known or (any_name and split_of(_name(holding[0]))):
            break
        if not any_name and split_and_rest(_name(holding[0]))[1] and _name(holding[0]) != _name(tried):
            break
        tried, passed = holding[0], passed + 1
        folders = _usable(tree, tried, inner_notes)
    holding = [path for path in folders if tree.count(path)]
    if passed and (len(holding) > 1 or (any_name and any(split_of(_name(path)) for path in holding))):
        notes += inner_notes
        notes.append(f"read {printable(tried)}: the one folder with images in {printable(start)}")
        return tried, folders
    notes += start_notes
    return start, start_folders


def _usable(tree: Tree, folder: str, notes: list[str]) -> list[str]:
    """The folders in `folder` but runs, masks, and those beside a data set that hold no images."""
    usable = []
    for path in tree.folders(folder):
        use = BESIDE.get(squeezed(_name(path)), "")
        if tree.is_run(path):
            notes.append(f"ignored {_shown(tree, path)}: it holds runs of nncli")
        elif use and not tree.count(path):
            contents = tree.contents(path)
            notes.append(
                f"ignored {_shown(tree, path)} ({use}): no images in it" + (f" but {contents}" if contents else "")
            )
        else:
            usable.append(path)
    masks = mask_folders(tree, usable, by_content=False) if not _has_variants_beside_masks(tree, usable) else []
    notes += [
        f"left out {_shown(tree, path)}: {counted(tree.count(path), 'mask')} of images beside it" for path in masks
    ]
    return [path for path in usable if path not in masks]


def _has_variants_beside_masks(tree: Tree, folders: Sequence[str]) -> bool:
    """Whether two or more folders beside those of masks are variants of each other."""
    masks = mask_folders(tree, folders, by_content=False)
    return bool(variants(tree, [folder for folder in folders if folder not in masks]))


def _shown(tree: Tree, path: str) -> str:
    return printable(os.path.relpath(path, tree.root))


def _split_folders(tree: Tree, root: str, folders: list[str]) -> dict[str, str]:
    """Split folders by split, train first; none if no folder is called like a split.

    Raises:
        DataError: Some are and some are not, or two are the same split.
    """
    said = {folder: split_of(_name(folder)) for folder in folders}
    splits = {folder: split for folder, split in said.items() if split} or _split_by_common_name(folders)
    if not splits:
        return {}
    others = [folder for folder in folders if folder not in splits and tree.count(folder)]
    by_split = {split: [_name(path) for path, of in splits.items() if of == split] for split in SPLITS}
    if others:
        line = _splits_line(by_split | {"ignore": _names(others)})
        verb = "is not" if len(others) == 1 else "are not"
        raise DataError(
            f"{printable(root)}: {some(_names(list(splits)))} {'is' if len(splits) == 1 else 'are'} called like splits "
            f"and {some(_names(others))} {verb}; write {line} and sort them, or data.splits: none if all are classes"
        )
    for names in by_split.values():
        if len(names) > 1:
            raise DataError(
                f"{printable(root)}: {some(names)} are the same split; keep one of them, or write "
                f"{_splits_line(by_split)}"
            )
    return {split: folder for split in SPLITS for folder, of in splits.items() if of == split}


def _split_by_common_name(folders: list[str]) -> dict[str, str]:
    """Splits of folders such as flowers_train and flowers_test, which say a split and otherwise the same."""
    said = {folder: split_and_rest(_name(folder)) for folder in folders}
    if len(folders) < 2 or any(len(splits) != 1 for splits, _ in said.values()):
        return {}
    if len({rest for _, rest in said.values()}) > 1:
        return {}
    return {folder: min(splits) for folder, (splits, _) in said.items()}


def _say_splits(found: dict[str, str], notes: list[str]) -> None:
    if any(_name(folder).lower() not in _PLAIN for folder in found.values()):
        notes.append(
            "read as splits: " + ", ".join(f"{printable(_name(folder))} is {split}" for split, folder in found.items())
        )


def _part(tree: Tree, folder: str, notes: list[str]) -> Part:
    """The class folders of a split folder."""
    inner, folders = _passed_through(tree, folder, notes)
    images = list(tree.images(folder)) + (tree.images(inner) if inner != folder else [])
    holding = [path for path in folders if tree.count(path)]
    is_filled = not images and len(holding) == 1
    is_filled = is_filled and (_name(holding[0]) == _name(folder) or not split_and_rest(_name(holding[0]))[1])
    if is_filled and not tree.with_images(holding[0]):  # test/images/1.png
        return Part(holding[0], [], list(tree.images(holding[0])))
    folders = _without_copies(tree, inner, folders, notes)
    folders = _without_placeholders(tree, folders, notes)
    part = Part(inner, [(_name(path), path) for path in folders], images)
    return _with_masks_left_out(tree, part, notes)


def _without_placeholders(tree: Tree, folders: list[str], notes: list[str]) -> list[str]:
    left = [path for path in folders if squeezed(_name(path)) in WITHOUT_LABEL]
    notes += [
        f"left out {_shown(tree, path)} with {counted(tree.count(path), 'image')}: its name says that they have no "
        "class; data.splits: none makes it one"
        for path in left
    ]
    return [path for path in folders if path not in left]


def _without_copies(tree: Tree, root: str, folders: list[str], notes: list[str]) -> list[str]:
    """`folders` without a second copy of all of them.

    Raises:
        DataError: A folder is like a copy, but holds other images.
    """
    copies = nested_copies(tree, folders)
    for copy in copies:
        if not holds_nothing_else(tree, copy, folders):
            raise DataError(
                f"{printable(root)}: {printable(_name(copy))} holds folders called like those beside it "
                f"({some(_names(tree.with_images(copy)))}); move it away, or write data.splits: "
                f"{{all: [.], ignore: {yaml_list([_name(copy)])}}}"
            )
        notes.append(f"left out {_shown(tree, copy)}: it holds the images beside it a second time")
    return [folder for folder in folders if folder not in copies]


def _refuse_variants(tree: Tree, root: str, folders: list[str]) -> None:
    shared = variants(tree, folders)
    if shared:
        one = printable(os.path.join(root, _name(folders[0])))  # noqa: PTH118 - the root as it was given
        said = {name: split_and_rest(name)[0] for name in _names(folders)}
        splits = {split: [name for name, own in said.items() if own == {split}] for split in SPLITS}
        others = [name for name, own in said.items() if not own]
        ways = f"Write data.path: {one} to read one of them"
        if len(others) == 1 and not splits["train"]:  # rps beside rps-test-set
            ways = f"Write {_splits_line(splits | {'train': others})}, or data.path: {one} to read one of them"
        raise DataError(
            f"{printable(root)}: {some(_names(folders))} all hold the folders {some(list(shared))}: variants of one "
            f"set? {ways}, or data.splits: none if they are the classes"
        )


def _refuse_parts(tree: Tree, root: str, folders: list[str]) -> None:
    table = named_parts(tree, folders, tables_near(tree, root))
    if table:
        raise DataError(
            f"{printable(root)}: {some(_names(folders))} differ by a number alone, and {printable(Path(table).name)} "
            f"names their images: write data.path: {printable(table)}, or data.splits: none if they are the classes"
        )


def _split_inside(tree: Tree, root: str, folders: list[str], notes: list[str]) -> dict[str, Part]:
    """The splits of class folders that each hold the same split folders; none if no class holds one.

    Raises:
        DataError: Only some do, or the split folders hold class folders themselves.
    """
    inside = {folder: {path: split_of(_name(path)) for path in tree.with_images(folder)} for folder in folders}
    mixed = [folder for folder, found in inside.items() if any(found.values())]
    if not mixed:
        return {}
    if any(variants(tree, [path for path, split in inside[folder].items() if split]) for folder in mixed):
        raise DataError(
            f"{printable(root)}: {some(_names(mixed))} hold{'s' * (len(mixed) == 1)} splits of their own; choose one: "
            f"data.path: {printable(mixed[0])}"
        )
    splits = set(inside[mixed[0]].values())
    are_alike = all(sorted(found.values()) == sorted(splits) for found in inside.values())
    if are_alike and "" not in splits and len(splits) > 1 and not any(map(tree.images, folders)) and len(folders) > 1:
        parts = {split: Part(root, []) for split in SPLITS if split in splits}
        for folder, found in inside.items():
            for path, split in found.items():
                parts[split].classes.append((_name(folder), path))
        notes.append(f"read as splits inside of class folders: each of {len(folders)} holds {', '.join(parts)}")
        return parts
    _refuse_split_in_class(root, mixed, inside)
    return {}


def _refuse_split_in_class(root: str, mixed: list[str], inside: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse classes of which some hold a folder called val or test; train alone may be a word for anything."""
    by_split: dict[str, list[str]] = {split: [] for split in SPLITS}
    for folder in mixed:
        for path, split in inside[folder].items():
            if split and f"*/{_name(path)}" not in by_split[split]:
                by_split[split].append(f"*/{_name(path)}")
    if by_split["val"] or by_split["test"]:
        names = [_name(path) for path, split in inside[mixed[0]].items() if split]
        raise DataError(
            f"{printable(root)}: {some(_names(mixed))} hold{'s' * (len(mixed) == 1)} folders called like splits "
            f"({some(names)}), not every class the same ones; write {_splits_line(by_split)}, or data.splits: none if "
            "they are part of their class"
        )


def _note_what_looks_odd(tree: Tree, root: str, folders: list[str], notes: list[str]) -> None:
    for folder in folders:
        splits, rest = split_and_rest(_name(folder))
        if splits and rest:
            words = [word for word in re.findall("[a-z]+", _name(folder).lower()) if word in SPLIT_OF_WORD]
            notes.append(f"{printable(_name(folder))} counts as a class, though its name says {some(words)}")
        elif squeezed(_name(folder)) in BESIDE and tree.count(folder):
            notes.append(
                f"{printable(_name(folder))} counts as a class, for it holds {counted(tree.count(folder), 'image')}"
            )
    shared = shared_folders(tree, folders)
    if shared:
        one, other, names = shared
        notes.append(
            f"{printable(_name(one))} and {printable(_name(other))} both hold the folders {some(list(names))}: "
            f"are these the classes of {printable(root)}?"
        )


def _with_masks_left_out(tree: Tree, part: Part, notes: list[str]) -> Part:
    """`part` with the mask folders inside of its classes left out."""
    found = [
        path for _, folder in part.classes for path in mask_folders(tree, tree.with_images(folder), by_content=True)
    ]
    if found:
        count = sum(map(tree.count, found))
        notes.append(
            f"left out {counted(count, 'mask')} of images beside them: {some([_shown(tree, path) for path in found])}"
        )
    part.left_out += found
    return part
