"""Images to evaluate a model on, with the class that each folder says they are.

Training refuses a folder in which a class is missing. Here that is fine, for the classes are the model's: the folder is
read for names alone, and the caller matches them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.folder_walk import SPLITS, Ignored, existing_folder, find_images, list_folder
from nncli.errors import DataError, UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFERENCE = ("test", "val", "train")
"""Images that training has not seen come first."""


@dataclass(frozen=True)
class LabeledImages:
    """Images and their classes.

    Attributes:
        folder: Where the class folders are.
        split: ``train``, ``val``, ``test``, or empty where the folder is not split.
        paths: One path per image.
        names: The name of its class.
        classes: The names of all class folders, also of empty ones.
        notes: One line each about what was ignored.
    """

    folder: str
    split: str
    paths: list[str]
    names: list[str]
    classes: list[str]
    notes: list[str]


def labeled_images(root: str, split: str | None = None, known: Sequence[str] | None = None) -> LabeledImages:
    """The images of a folder of class folders, or of one split of a folder with train, val and test.

    Args:
        root: The folder.
        split: ``train``, ``val`` or ``test``; by default the one that training has seen the least of.
        known: The classes of the model; by default any will do.

    Raises:
        UsageError: There is no such split.
        DataError: The folder cannot be read, or holds no class folders, one that is not `known`, or no images.
    """
    folder, split = _choose_split(existing_folder(root), split)
    ignored = Ignored(folder)
    strays, class_folders = list_folder(folder, ignored)
    if not class_folders:
        raise DataError(f"{printable(folder)}: no folders in it; expected one folder per class")
    ignored.add("images outside of class folders", *strays)
    paths: list[str] = []
    names: list[str] = []
    for class_folder in class_folders:
        found = list(find_images(class_folder))
        paths += found
        names += [Path(class_folder).name] * len(found)
    if not paths:
        raise DataError(f"{printable(folder)}: no images in its folders")
    classes = [Path(path).name for path in class_folders]
    unknown = [] if known is None else [name for name in classes if name not in known]
    if unknown:
        shown, existing = (", ".join(map(printable, names)) for names in (unknown, known or ()))
        raise DataError(f"{printable(folder)}: the model has no class {shown}; its classes are {existing}")
    return LabeledImages(folder, split, paths, names, classes, ignored.notes())


def _choose_split(root: str, wanted: str | None) -> tuple[str, str]:
    """The folder to read and the name of its split."""
    folders = list_folder(root, Ignored(root))[1]
    splits = {SPLITS.get(Path(folder).name.lower(), ""): folder for folder in folders}
    if not splits or "" in splits:  # as in training: any other name, and all of them are classes
        if wanted is None:
            return root, ""
        raise UsageError(f"{printable(root)}: not divided into train, val and test; leave out --split")
    chosen = wanted or next(split for split in PREFERENCE if split in splits)
    if chosen not in splits:
        raise UsageError(f"{printable(root)}: no split {chosen}, only {', '.join(splits)}")
    return splits[chosen], chosen
