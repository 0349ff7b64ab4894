"""Images to evaluate a model on, with the class that each folder says they are.

Training refuses a folder in which a class is missing. Here that is fine, for the classes are the model's: the folder is
read for names alone, and the caller matches them. Everything else about a tree is as in training (data/layout).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nncli.data.folder_walk import existing_folder
from nncli.data.layout.archive import ArchiveTree
from nncli.data.layout.hints import hint
from nncli.data.layout.lists import labels_from_annotations, official_split
from nncli.data.layout.oddities import mask_files
from nncli.data.layout.reading import Part, read_layout
from nncli.data.layout.spelling import near_names, spelled_alike
from nncli.data.layout.tree import Tree
from nncli.data.layout.words import TEST_WITHOUT_LABEL, squeezed
from nncli.data.reading import Reading, listed_source, packed_source, read_source, tree_at
from nncli.data.source import ImageSource
from nncli.data.unread_images import unread_note
from nncli.errors import DataError, UsageError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
        notes: One line each about how the folder was read and what was ignored.
        source: What opens the images, where they are no files.
        targets: The numbers of each, where they have such instead of a class.
    """

    folder: str
    split: str
    paths: list[str]
    names: list[str]
    classes: list[str]
    notes: list[str]
    source: ImageSource | None = None
    targets: Sequence[Sequence[float]] = ()

    def opened(self) -> Iterator[tuple[str, str | bytes]]:
        """Name of each image and the file that it is, or what such a file would hold, in the order of `paths`."""
        return self.source.opened(self.paths) if self.source else iter(zip(self.paths, self.paths, strict=True))


def labeled_images(
    root: str, split: str | None = None, known: Sequence[str] | None = None, reading: Reading | None = None
) -> LabeledImages:
    """The images of a folder of class folders, or of one split of a folder with train, val and test.

    Args:
        root: The folder.
        split: ``train``, ``val`` or ``test``; by default the one that training has seen least of.
        known: The model's classes, which folders with these names are, whatever they are called; by default any will
            do.
        reading: How the user has said that such data are read, for training.

    Raises:
        UsageError: There is no such split, or a class that is not `known`.
        DataError: The folder cannot be read or can be read in several ways, or holds no class folders or no images.
    """
    reading = replace(reading or Reading(), is_training=False)
    tree = tree_at(root)
    listed = listed_source(root, reading, tree)
    if listed:
        return _of_source(listed, split, known)
    tree = tree or Tree(existing_folder(root))
    try:
        layout = read_layout(tree, known=known or ())
    except DataError as error:  # data.splits is a word of the config, which is not asked here
        place = str(error).partition("; write data.splits")[0]
        raise DataError(place if place == str(error) else f"{place}; name the folder to evaluate") from None
    chosen = _choose_split(tree.root, list(layout.parts), split)
    part = spelled_alike(layout.parts, known or ())[chosen or "all"]
    strays = [*layout.strays, *part.images] if part.classes else []
    tree.ignored.add("images outside of class folders", *dict.fromkeys(strays))
    for folder in dict.fromkeys((tree.root, part.folder)):
        for reason, path in tree.listing(folder).left_out:
            tree.ignored.add(reason, path)
    is_listed = _has_no_labels(part, known or ())
    paths, names, classes = _listed(tree, part, layout.notes) if is_listed else _walked(tree, part)
    if not paths:
        advice = unread_note(part.folder)
        raise DataError(f"{printable(part.folder)}: no images in its folders{'; ' + advice if advice else ''}")
    if not chosen:
        of_path = official_split(tree, part.folder, paths, layout.notes)
        if of_path:
            chosen = _choose_split(tree.root, sorted(set(of_path.values())), split)
            names = [name for path, name in zip(paths, names, strict=True) if of_path[path] == chosen]
            paths = [path for path in paths if of_path[path] == chosen]
        elif split:
            raise UsageError(f"{printable(root)}: not divided into train, val and test; leave out --split")
    _check_known(part.folder, classes, known)
    images = LabeledImages(part.folder, chosen, paths, names, classes, [*layout.notes, *tree.ignored.notes()])
    return _of_archive(tree, images) if isinstance(tree, ArchiveTree) else images


def measured_images(
    path: str, split: str | None, columns: Mapping[str, Any], reading: Reading | None = None
) -> LabeledImages:
    """The images of a table or of arrays with their numbers, or of one split of it.

    Args:
        path: The table, or a folder with one.
        split: As for `labeled_images`.
        columns: As `data.columns`; the label is a list of the columns of numbers.
        reading: As for `labeled_images`.

    Raises:
        UsageError: There is no such split or column, a row is wrong, or arrays have another number of numbers.
        DataError: There is no table and no array.
    """
    reading = replace(reading or Reading(), columns=columns, task="regression", is_training=False)
    source = read_source(path, reading)
    n, n_told = len(source.classes), len(columns["label"])
    if n != n_told:
        raise UsageError(f"{printable(path)}: {n} numbers for each image, but the model tells {n_told}")
    return _of_source(source, split, None)


def images_with_labels(path: str, split: str | None, names: Sequence[str], reading: Reading) -> LabeledImages:
    """The images of a table with their labels, or of one split of it; as targets a 1 or 0 for each of `names`.

    Args:
        path: The table, or a folder with one.
        split: As for `labeled_images`.
        names: The labels that the model knows; images need not have all of them.
        reading: As for `labeled_images`.

    Raises:
        UsageError: There is no such split, a row is wrong, or there are labels that the model does not know.
        DataError: There is no table.
    """
    source = read_source(path, replace(reading, task="multilabel", is_training=False))
    images = _of_source(source, split, None)
    targets = images.targets
    used = [name for k, name in enumerate(source.classes) if any(own[k] for own in targets)]
    _check_known(source.root, used, names, "label")
    places = [source.classes.index(name) if name in source.classes else -1 for name in names]
    return replace(images, targets=[tuple(0.0 if k < 0 else own[k] for k in places) for own in targets])


def _check_known(where: str, classes: Sequence[str], known: Sequence[str] | None, kind: str = "class") -> None:
    """Refuse classes, or labels, that the model does not have: it is not for these images, and nothing is started."""
    unknown = [] if known is None else [name for name in classes if name not in known]
    if unknown:
        shown, existing = (", ".join(map(printable, found)) for found in (unknown, known or ()))
        near = near_names(unknown, known or ())
        every = "classes" if kind == "class" else "labels"
        raise UsageError(f"{printable(where)}: the model has no {kind} {shown}; its {every} are {existing}{near}")


def _of_archive(tree: ArchiveTree, images: LabeledImages) -> LabeledImages:
    """Images in the order of their archive, which is read from front to back."""
    source = packed_source(tree, ImageSource(tree.root, tuple(images.classes), {}))
    order = source.in_reading_order(images.paths)
    paths, names = ([values[i] for i in order] for values in (images.paths, images.names))
    return replace(images, paths=paths, names=names, source=source)


def _of_source(source: ImageSource, split: str | None, known: Sequence[str] | None) -> LabeledImages:
    """The images of a table or of arrays, or of one split of it."""
    chosen = _choose_split(source.root, list(source.splits), split)
    if not chosen and split:
        raise UsageError(f"{printable(source.root)}: not divided into train, val and test; leave out --split")
    files = source.splits[chosen or "all"]
    files = files.chosen(source.in_reading_order(files.paths))
    names = [source.classes[label] for label in files.labels]
    classes = sorted(set(names), key=source.classes.index)
    _check_known(source.root, classes, known)
    notes = list(source.notes)
    return LabeledImages(source.root, chosen, list(files.paths), names, classes, notes, source, files.targets)


def _choose_split(root: str, found: list[str], wanted: str | None) -> str:
    """The split to evaluate; empty if there is none."""
    if found == ["all"]:
        return ""
    chosen = wanted or next(split for split in PREFERENCE if split in found)
    if chosen not in found:
        raise UsageError(f"{printable(root)}: no split {chosen}, only {', '.join(found)}")
    return chosen


def _has_no_labels(part: Part, known: Sequence[str]) -> bool:
    """Whether the images of a part lie in no class folder."""
    names = {name for name, _ in part.classes}
    return not names & set(known) and all(squeezed(name) in TEST_WITHOUT_LABEL for name in names)


def _listed(tree: Tree, part: Part, notes: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Paths, their class names and all classes, from a list beside the images."""
    images = part.images or [path for _, folder in part.classes for path in tree.below(folder)]
    found, source = labels_from_annotations(tree, part.folder, images) if images else ({}, "")
    if found:
        notes.append(f"read the classes of {printable(part.folder)} from {printable(source)}")
        classes = list(dict.fromkeys(found.values()))
        return list(found), list(found.values()), classes
    if not part.classes:
        more = hint(tree, part.folder, images)
        holds = f"{counted(len(images), 'image')} without a class" if images else "no folders in it"
        raise DataError(f"{printable(part.folder)}: {holds}; expected one folder per class{more}")
    names = ", ".join(printable(name) for name, _ in part.classes)
    raise DataError(f"{printable(part.folder)}: its images, in {names}, have no class; expected one folder per class")


def _walked(tree: Tree, part: Part) -> tuple[list[str], list[str], list[str]]:
    """Paths, their class names and all classes, from class folders."""
    paths: list[str] = []
    names: list[str] = []
    visited = {*map(tree.identity, (tree.root, part.folder, *part.left_out))}
    for name, folder in part.classes:
        visited.add(tree.identity(folder))
        found = tree.walked(folder, visited, tree.ignored)
        masks = set(mask_files(found))
        tree.ignored.add("masks of images beside them", *masks)
        found = [path for path in found if path not in masks]
        paths += found
        names += [name] * len(found)
    return paths, names, list(dict.fromkeys(name for name, _ in part.classes))
