"""From a folder to classes, splits and files.

    photos/cat/*.jpg          one folder per class, images at any depth; whoever trains splits them
    photos/dog/*.jpg

    photos/train/cat/*.jpg    split folders train, val and test, by any of their usual names; the classes are those of
    photos/val/cat/*.jpg      train

`layout.reading` knows these and the other trees that people and tools write. Classes are numbered in the natural order
of their names. A note says how the tree was read and what is left out: no image disappears silently, and no stray
folder becomes a class.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.folder_walk import existing_folder, some
from nncli.data.layout.hints import hint, what_is_there
from nncli.data.layout.lists import labels_from_annotations, official_split
from nncli.data.layout.oddities import mask_files
from nncli.data.layout.reading import Part, read_layout, yaml_list
from nncli.data.layout.said import said_layout
from nncli.data.layout.spelling import loosely, near_names, spelled_alike
from nncli.data.layout.tree import Tree
from nncli.data.layout.words import TEST_WITHOUT_LABEL, squeezed
from nncli.data.natural_order import natural_key
from nncli.data.source import ImageSource, LabeledFiles
from nncli.data.unread_images import unread_note
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def scan_image_folder(root: str | Path, splits: Mapping[str, Sequence[str]] | str = "") -> ImageSource:
    """Find the classes, splits and image files of a folder; no image is decoded.

    Args:
        root: The folder.
        splits: `data.splits`: the folders of each split, ``none`` if every folder is a class, or empty to find out.

    Raises:
        DataError: `root` is not a folder, cannot be read, has no class folders, or can be read in several ways; the
            message says what to change.
    """
    return scan_tree(Tree(existing_folder(root)), splits)


def scan_tree(tree: Tree, splits: Mapping[str, Sequence[str]] | str = "") -> ImageSource:
    """As `scan_image_folder`, of a tree that may lie in an archive.

    Raises:
        DataError: As there.
    """
    layout = read_layout(tree, splits=splits) if isinstance(splits, str) else said_layout(tree, splits)
    parts, notes = spelled_alike(layout.parts), layout.notes
    if parts and "train" not in parts and "all" not in parts:
        names = sorted(Path(part.folder).name for part in parts.values())
        raise DataError(f"{printable(tree.root)}: {some(names)} without a train folder")
    main, main_part = next(iter(parts.items()))
    strays = [*layout.strays, *(image for part in parts.values() if part.classes for image in part.images)]
    _check_classes(tree, main_part, layout.strays)
    classes = tuple(sorted({name for name, _ in main_part.classes}, key=natural_key))
    if "test" in parts and _has_no_labels(parts["test"], classes):
        count = len(parts["test"].images) + sum(tree.count(path) for _, path in parts["test"].classes)
        notes.append(f"left out {printable(parts.pop('test').folder)}: {counted(count, 'image')} without a class")
    _note_what_lies_beside(tree, [part.folder for part in parts.values()])
    found = {split: _labeled(tree, part, parts, main_part.folder, classes, notes) for split, part in parts.items()}
    if main == "all":
        found = _as_listed(tree, main_part, found["all"], notes)
        main = next(iter(found))
    counts = {split: Counter(files.labels) for split, files in found.items()}
    _refuse_empty_classes(tree, main_part, [name for i, name in enumerate(classes) if not counts[main][i]])
    tree.ignored.add("images outside of class folders", *dict.fromkeys(strays))
    notes = [*notes, *tree.ignored.notes(), *_notes_about_names(classes), *_notes_about_counts(classes, counts)]
    return ImageSource(tree.root, classes, found, tuple(notes))


def _note_what_lies_beside(tree: Tree, folders: Sequence[str]) -> None:
    """Have the files in the root, in the split folders and between them counted as ignored, if they are no images."""
    above = {parent for folder in folders for parent in map(str, Path(folder).parents)}
    between = sorted(path for path in above if Path(tree.root) in Path(path).parents)
    for folder in dict.fromkeys((tree.root, *between, *folders)):
        for reason, path in tree.listing(folder).left_out:
            tree.ignored.add(reason, path)


def _check_classes(tree: Tree, part: Part, strays: Sequence[str]) -> None:
    """Refuse what has no two class folders, with what may be meant."""
    folder, names = printable(part.folder), [name for name, _ in part.classes]
    if not part.classes:
        images = [*part.images, *strays]
        holds = "images but no folders" if images else "no folders"
        raise DataError(f"{folder}: {holds} in it; expected one folder per class{hint(tree, part.folder, images)}")
    if len(set(names)) == 1:
        inside = part.classes[0][1]
        more = hint(tree, inside, tree.images(inside))
        raise DataError(f"{folder}: {some(names[:1])} is the only class folder; expected two or more{more}")


def _has_no_labels(part: Part, classes: tuple[str, ...]) -> bool:
    """Whether the folder of a test split holds images that nobody has labeled."""
    names = {name for name, _ in part.classes}
    return not names & set(classes) and all(squeezed(name) in TEST_WITHOUT_LABEL for name in names)


def _labeled(
    tree: Tree, part: Part, parts: Mapping[str, Part], main_folder: str, classes: tuple[str, ...], notes: list[str]
) -> LabeledFiles:
    """The images of a split with their labels, by class folder or by the list beside them."""
    index = {name: label for label, name in enumerate(classes)}
    if not part.classes:
        by_path, source = labels_from_annotations(tree, part.folder, part.images)
        if not by_path:
            holds = "images but no folders" if part.images else "no folders"
            more = hint(tree, part.folder, part.images) or _way_without(tree, part.folder, parts)
            raise DataError(f"{printable(part.folder)}: {holds} in it; expected one folder per class{more}")
        notes.append(f"read the classes of {printable(part.folder)} from {printable(source)}")
        named = sorted(((index.get(name, -1), name, path) for path, name in by_path.items()), key=lambda row: row[0])
    else:
        named = [(index.get(name, -1), name, path) for name, path in _walked(tree, part, parts)]
    unknown = sorted({name for label, name, _ in named if label < 0} | {n for n, _ in part.classes} - set(classes))
    if unknown:
        near = near_names(unknown, classes)
        raise DataError(f"{printable(part.folder)}: {printable(main_folder)} has no class {some(unknown)}{near}")
    return LabeledFiles(tuple(path for *_, path in named), tuple(label for label, *_ in named))


def _way_without(tree: Tree, folder: str, parts: Mapping[str, Part]) -> str:
    """The line to write to do without the split in a folder, as the end of a sentence."""
    others = {split: os.path.relpath(part.folder, tree.root) for split, part in parts.items() if part.folder != folder}
    inner = ", ".join(f"{split}: {yaml_list([path])}" for split, path in others.items())
    left_out = yaml_list([os.path.relpath(folder, tree.root)])
    return f"; to do without it write data.splits: {{{inner}, ignore: {left_out}}}" if "train" in others else ""


def _walked(tree: Tree, part: Part, parts: Mapping[str, Part]) -> Iterator[tuple[str, str]]:
    """Class name and path of each image in the class folders of a split, masks left out."""
    roots = [tree.root, *(other.folder for other in parts.values()), *part.left_out]
    closed = {tree.identity(path): path for path in roots}
    for _, folder in part.classes:
        other = closed.setdefault(tree.identity(folder), folder)
        if other != folder:
            raise DataError(f"{printable(folder)}: the same folder as {printable(other)}; a class needs its own")
    visited = set(closed)
    for name, folder in sorted(part.classes, key=lambda found: natural_key(found[0])):
        paths = tree.walked(folder, visited, tree.ignored)
        masks = set(mask_files(paths))
        tree.ignored.add("masks of images beside them", *masks)
        yield from ((name, path) for path in paths if path not in masks)


def _as_listed(tree: Tree, part: Part, files: LabeledFiles, notes: list[str]) -> dict[str, LabeledFiles]:
    """Images of an unsplit folder as the lists beside it split them."""
    split_of = official_split(tree, part.folder, files.paths, notes)
    if not split_of:
        return {"all": files}
    found = {}
    for split in ("train", "val", "test"):
        rows = [row for row in zip(files.paths, files.labels, strict=True) if split_of[row[0]] == split]
        if rows:
            paths, labels = zip(*rows, strict=True)
            found[split] = LabeledFiles(paths, labels)
    return found if "train" in found else {"all": files}


def _refuse_empty_classes(tree: Tree, part: Part, missing: list[str]) -> None:
    if not missing:
        return
    folders = {name: path for name, path in part.classes if name in missing}
    there = {name: what_is_there(tree, path) for name, path in folders.items()}
    seen = [f"{printable(name)} holds {contents}" for name, contents in there.items() if contents][:3]
    advice = "add some or remove the folder" + ("" if len(missing) == 1 else "s")
    if seen:
        advice = f"{'; '.join(seen)}; convert what are pictures, and move away what is no class"
    advice = unread_note(part.folder) or advice
    raise DataError(f"{printable(part.folder)}: no images of class {some(missing)}; {advice}")


def _notes_about_names(classes: tuple[str, ...]) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for name in classes:
        key = loosely(name)
        alike.setdefault(str(int(key)) if key.isascii() and key.isdigit() and len(key) < 10 else key, []).append(name)
    for names in alike.values():
        if len(names) > 1:
            yield f"these are separate classes, though they look alike: {some(names)}"


def _notes_about_counts(classes: tuple[str, ...], counts: dict[str, Counter[int]]) -> Iterator[str]:
    for split, count in counts.items():
        missing = [name for label, name in enumerate(classes) if not count[label]]
        if missing:
            yield f"{split} has no images of class {some(missing)}"
    if "val" not in counts:
        single = [name for label, name in enumerate(classes) if counts[next(iter(counts))][label] == 1]
        if single:
            yield f"a class of one image cannot be validated: {some(single)}"
