"""From a folder of class folders to classes, splits and files.

Two layouts are known:

    photos/cat/*.jpg          one folder per class, images at any depth; whoever trains splits them
    photos/dog/*.jpg

    photos/train/cat/*.jpg    split folders train, val (or valid, validation) and test; the classes are those of train
    photos/val/cat/*.jpg

Classes are numbered in the natural order of their names. A note says what is left out: no image disappears silently,
and no stray folder becomes a class.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.folder_walk import SPLITS, Ignored, existing_folder, identify, list_folder, some, walk
from nncli.data.source import ImageSource, LabeledFiles
from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator


def scan_image_folder(root: str | Path) -> ImageSource:
    """Find the classes, splits and image files of a folder; no file is opened.

    Raises:
        DataError: `root` is not a folder, cannot be read or has no class folders; the message says what to change.
    """
    root = existing_folder(root)
    ignored = Ignored(root)
    split_folders, class_folders = _find_class_folders(root, ignored)
    main, main_folder = next(iter(split_folders.items()))  # train or all: where the classes come from
    classes = _names(class_folders[main])
    _check_classes(class_folders[main], main_folder)
    splits = {}
    for split, folders in class_folders.items():
        unknown = [name for name in _names(folders) if name not in classes]
        if unknown:
            raise DataError(f"{printable(split_folders[split])}: {printable(main_folder)} has no class {some(unknown)}")
        closed = {identify(path): path for path in (root, *split_folders.values())}
        splits[split] = _label_files(folders, classes, closed, ignored)

    counts = {split: Counter(files.labels) for split, files in splits.items()}
    missing = [name for label, name in enumerate(classes) if not counts[main][label]]
    if missing:
        raise DataError(f"{printable(main_folder)}: no images of class {some(missing)}; add some or remove the folder")
    notes = [*ignored.notes(), *_notes_about_names(classes, main), *_notes_about_counts(classes, counts)]
    return ImageSource(root, classes, splits, tuple(notes))


def _find_class_folders(root: str, ignored: Ignored) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The folder of each split and the class folders in it; a root without split folders is the one split ``all``."""
    strays, folders = list_folder(root, ignored)
    split_folders = _find_split_folders(root, folders) or {"all": root}
    class_folders = {}
    for split, split_folder in split_folders.items():
        if split != "all":
            images, folders = list_folder(split_folder, ignored)
            strays += images
        if not folders:
            holds = "images but no folders" if strays else "no folders"
            raise DataError(f"{printable(split_folder)}: {holds} in it; expected one folder per class")
        class_folders[split] = folders
    ignored.add("images outside of class folders", *strays)
    return split_folders, class_folders


def _find_split_folders(root: str, folders: list[str]) -> dict[str, str]:
    """Split folders by split, train first; none if any folder has another name: a class may well be called train."""
    names = _names(folders)
    if any(name.lower() not in SPLITS for name in names):
        return {}
    found: dict[str, str] = {}
    for folder, name in zip(folders, names, strict=True):
        other = found.setdefault(SPLITS[name.lower()], folder)
        if other != folder:
            raise DataError(f"{printable(root)}: {some(_names([other, folder]))} are the same split; keep one of them")
    if found and "train" not in found:
        raise DataError(f"{printable(root)}: {some(names)} without a train folder")
    return {split: found[split] for split in ("train", "val", "test") if split in found}


def _check_classes(folders: list[str], parent: str) -> None:
    if len(folders) > 1:
        return
    inside = list_folder(folders[0], Ignored(parent))[1]
    hint = f"; did you mean {printable(folders[0])}?" if len(inside) > 1 else ""
    raise DataError(
        f"{printable(parent)}: {some(_names(folders))} is the only class folder; expected two or more{hint}"
    )


def _label_files(
    folders: list[str], classes: tuple[str, ...], closed: dict[tuple[int, int], str], ignored: Ignored
) -> LabeledFiles:
    """The files of class `folders`; folders in `closed`, by identity, belong to no class."""
    index = {name: label for label, name in enumerate(classes)}
    for folder in folders:
        other = closed.setdefault(identify(folder), folder)
        if other != folder:
            raise DataError(f"{printable(folder)}: the same folder as {printable(other)}; a class needs its own")
    visited = set(closed)
    paths: list[str] = []
    labels: list[int] = []
    for folder, name in zip(folders, _names(folders), strict=True):
        found = list(walk(folder, ignored, visited))
        paths += found
        labels += [index[name]] * len(found)
    return LabeledFiles(tuple(paths), tuple(labels))


def _notes_about_names(classes: tuple[str, ...], main: str) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(unicodedata.normalize("NFC", name).casefold(), []).append(name)
    for names in alike.values():
        if len(names) > 1:
            yield f"these are separate classes, though they look alike: {some(names)}"
    like_splits = [name for name in classes if name.lower() in SPLITS]
    if like_splits and main == "all":
        yield f"{some(like_splits)} counts as a class, because not all folders beside it are train, val or test"


def _notes_about_counts(classes: tuple[str, ...], counts: dict[str, Counter[int]]) -> Iterator[str]:
    for split, count in counts.items():
        missing = [name for label, name in enumerate(classes) if not count[label]]
        if missing:
            yield f"{split} has no images of class {some(missing)}"
    if "val" not in counts:
        single = [name for label, name in enumerate(classes) if counts[next(iter(counts))][label] == 1]
        if single:
            yield f"a class of one image cannot be validated: {some(single)}"


def _names(folders: list[str]) -> tuple[str, ...]:
    return tuple(Path(folder).name for folder in folders)
