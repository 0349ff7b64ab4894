"""Images to evaluate a model on, with the class that each folder says they are.

Training refuses a folder in which a class is missing. Here that is fine, for the classes are the model's: the folder is
read for names alone, and the caller matches them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nncli.data.folder_walk import Ignored, existing_folder, find_images, list_folder
from nncli.errors import DataError, UsageError
from nncli.text import printable

SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""Folder name -> split."""

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


def labeled_images(root: str, split: str | None = None) -> LabeledImages:
    """The images of a folder of class folders, or of one split of a folder with train, val and test.

    Raises:
        UsageError: There is no such split.
        DataError: The folder cannot be read, or holds no class folders or no images.
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
    return LabeledImages(folder, split, paths, names, [Path(path).name for path in class_folders], ignored.notes())


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
