"""From a path to labeled images, whatever lies there: a folder, a table, arrays, an archive.

    photos/             class folders in any layout (layout/), or a table, arrays or parquet files in it
    labels.csv          a table that names images and labels (manifest/); parts/*.csv is one in several files
    points.csv          a table of numbers and labels (numbers.py)
    mnist.npz           arrays (arrays/)
    photos.zip          an archive, read in place as its folder would be

Nothing here waits for NumPy or Pillow until arrays or packed images are met.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.data.folder_walk import existing_folder, some
from nncli.data.image_folder import scan_tree
from nncli.data.layout.hints import table_hint
from nncli.data.layout.tree import Tree
from nncli.data.layout.words import ARCHIVES, TABLES, split_of
from nncli.data.natural_order import natural_key
from nncli.data.source import ImageSource, LabeledFiles
from nncli.errors import DataError, UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nncli.data.manifest.reader import Manifest

_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


@dataclass(frozen=True)
class Reading:
    """How the user says that data are to be read; everything left out is found out.

    Attributes:
        splits: `data.splits`: the folders of each split, or ``none`` if every folder is a class.
        columns: `data.columns`: what for -> the column of a table.
        usual: The same for tables that have these columns, as that of a training had; others are read by their names.
        label_from: `data.label_from`: a pattern with a group ``label``, which names of images match.
        order: `data.order`: the column of a table that says when; validation images are the last ones.
        transpose: `data.transpose`: exchange rows and columns of arrays.
        task: `data.task`: several labels, or numbers, are told by tables alone.
        side_cameras: `data.side_cameras`: the column of a further picture -> what its target differs by.
        is_training: Refuse data that cannot be trained on: of one class, or with a class that has no image.
    """

    splits: Mapping[str, Sequence[str]] | str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    usual: Mapping[str, Any] = field(default_factory=dict)
    label_from: str | None = None
    order: str | None = None
    transpose: bool = False
    task: str = "classification"
    side_cameras: Mapping[str, float] = field(default_factory=dict)
    is_training: bool = True

    def refuse_without_table(self, path: str | Path, tree: Tree | None = None) -> None:
        """Refuse folders, and arrays, where several labels or numbers are wanted.

        Args:
            path: Of them.
            tree: The folders, in which a table may lie.

        Raises:
            DataError: They are.
        """
        if self.task != "classification":
            told = "labels" if self.task == "multilabel" else "numbers"
            arrays = "" if self.task == "multilabel" else ", or arrays"
            more = (tree and table_hint(tree)) or "; a folder with metadata.csv will do"
            raise DataError(
                f"{printable(str(path))}: data.task {self.task} needs a table (.csv, .jsonl, .parquet, ...) with a "
                f"column of images and one of {told}{arrays}{more}"
            )

    def refuse_but(self, what: str, *allowed: str) -> None:
        """Refuse what has no meaning for this kind of data; but not where it was said of others, those trained on.

        Raises:
            UsageError: It was said.
        """
        if not self.is_training:
            return
        said = {
            "splits": bool(self.splits),
            "columns": bool(self.columns),
            "label_from": self.label_from is not None,
            "order": self.order is not None,
            "transpose": self.transpose,
        }
        for name, is_said in said.items():
            if is_said and name not in allowed:
                raise UsageError(f"data.{name} has no meaning for {what}; remove it")


def read_source(path: str | Path, reading: Reading | None = None) -> ImageSource:
    """The labeled images at a path; none is decoded, but arrays are read.

    Raises:
        DataError: There are none, or they can be read in several ways; the message says what to change.
        UsageError: A table has mistakes, or what was said has no meaning here.
    """
    reading = reading or Reading()
    tree = tree_at(path)
    found = listed_source(path, reading, tree)
    if found:
        return found
    tree = tree or Tree(existing_folder(path))
    reading.refuse_without_table(path, tree)
    reading.refuse_but("class folders", "splits", "label_from")
    pattern = reading.label_from
    return packed_source(tree, scan_tree(tree, reading.splits) if pattern is None else _by_name(tree, pattern))


def tree_at(path: str | Path) -> Tree | None:
    """The folders at a path, which may be an archive; None if there is neither.

    Raises:
        DataError: The archive is damaged, or declares what none of images would.
    """
    if is_archive_name(path) and Path(path).is_file():
        from nncli.data.layout.archive import Archive, ArchiveTree

        return ArchiveTree(Archive(path))
    return Tree(existing_folder(path)) if Path(path).is_dir() else None


def packed_source(tree: Tree, found: ImageSource) -> ImageSource:
    """The images found in a tree, able to open themselves where the tree is an archive."""
    archive = getattr(tree, "archive", None)
    if archive is None:
        return found
    from nncli.data.packed_images import PackedImages

    return PackedImages(tree.root, found.classes, found.splits, found.notes, packed=archive)


def is_archive_name(path: str | Path) -> bool:
    """Whether a file is a zip or tar archive, by its name."""
    return Path(path).name.lower().endswith(ARCHIVES)


def listed_source(path: str | Path, reading: Reading, tree: Tree | None) -> ImageSource | None:
    """The images of a table or of arrays, or of a folder or an archive that holds such; None for class folders.

    Args:
        path: Where they are; ``photos.zip/labels.csv`` is a table in an archive.
        reading: How they are to be read.
        tree: As `tree_at` has found it.

    Raises:
        DataError: There is nothing like that at the path.
        UsageError: A table has mistakes, or what was said has no meaning here.
    """
    name = Path(path).name.lower()
    if tree:
        return None if reading.label_from is not None else _listed_in(tree, reading)
    if not os.path.lexists(path):
        return _elsewhere(str(path), reading) if name.endswith(TABLES) else None
    if name.endswith(".csv") and not reading.columns and reading.task == "classification":
        from nncli.data.numbers import is_number_table, number_source

        if is_number_table(path):
            reading.refuse_but("a table of numbers")
            return number_source(path)
    if name.endswith(TABLES):
        reading.refuse_but("a table", "columns", "order")
        folder = os.path.dirname(path)  # noqa: PTH120 - a leading ./ stays
        siblings = [os.path.join(folder, other) for other in sorted(os.listdir(folder or "."))]  # noqa: PTH118, PTH208
        return read_tables(str(path), _with_siblings(str(path), siblings), reading)
    from nncli.data.arrays.families import is_array_file

    if is_array_file(path):
        return _arrays(path, reading)
    raise DataError(
        f"{printable(str(path))}: neither a folder nor a table ({', '.join(TABLES)}), arrays (.npz, idx, ...) "
        "or an archive (.zip, .tar)"
    )


def _elsewhere(path: str, reading: Reading) -> ImageSource | None:
    """The images of a table in several files, or in an archive, which is named before it; None if there is neither."""
    from nncli.data.manifest.shards import shards_of

    if shards_of(path):
        reading.refuse_but("a table", "columns", "order")
        return read_tables(path, {path: ""}, reading)
    archive = path
    while not is_archive_name(archive):
        archive, _, inner = archive.rpartition("/")
        if not inner or not archive:
            return None
    tree = tree_at(archive)
    if tree is None:
        return None
    reading.refuse_but("a table", "columns", "order")
    beside = tree.listing(os.path.dirname(path)).others  # noqa: PTH120
    return read_tables(archive, _with_siblings(path, beside), reading, tree)


def _listed_in(tree: Tree, reading: Reading) -> ImageSource | None:
    """The images of arrays or tables in a folder; None where class folders are to be read."""
    if not tree.count(tree.root):
        found = _without_images(tree, reading)
        if found:
            return found
    tables = _metadata(tree)
    if not tables or reading.splits:
        return None
    reading.refuse_but("a folder with a metadata file", "columns", "order")
    return read_tables(tree.root, tables, reading, tree)


def _without_images(tree: Tree, reading: Reading) -> ImageSource | None:
    """Arrays or parquet files that lie in a folder, or in its folder data; None if there are none."""
    from nncli.data.arrays.families import is_array_file

    for folder in (tree.root, *tree.folders(tree.root)):
        others = tree.listing(folder).others
        if any(is_array_file(path) for path in others):
            if getattr(tree, "archive", None):
                raise DataError(f"{printable(folder)}: arrays are not read from an archive; unpack it")
            return _arrays(folder, reading)
        shards = [path for path in others if path.lower().endswith(".parquet")]
        if shards:
            reading.refuse_but("parquet files", "columns", "order")
            splits = {path: split_of(Path(path).name.partition("-")[0]) for path in shards}
            return read_tables(folder, splits, reading, tree)
    return None


def _metadata(tree: Tree) -> dict[str, str]:
    """Table -> split, of the tables that Hugging Face and FiftyOne put beside images, where no folder is a class."""
    root = tree.root
    names = {Path(path).name: path for path in tree.listing(root).others}
    holding = tree.with_images(root)
    if "labels.json" in names and [Path(path).name for path in holding] == ["data"]:
        return {names["labels.json"]: ""}
    homes = {root: ""} | {path: split_of(Path(path).name) for path in holding if split_of(Path(path).name)}
    tables = {}
    for home, split in homes.items():
        found = [path for path in tree.listing(home).others if Path(path).name in _METADATA]
        are_classes = (
            len(tree.with_images(home)) > 1 and not tree.images(home) and not (home == root and len(homes) > 1)
        )
        if found and not are_classes:
            tables[found[0]] = split
    return tables


def _by_name(tree: Tree, pattern: str) -> ImageSource:
    """Images whose names begin with their class, wherever they lie in a folder."""
    compiled = compiled_label_pattern(pattern)
    paths = tree.below(tree.root)
    if not paths:
        raise DataError(f"{printable(tree.root)}: no images in it")
    named, without = [], []
    for path in paths:
        match = compiled.search(os.path.basename(path))  # noqa: PTH119
        if match and match["label"]:
            named.append((match["label"], path))
        else:
            without.append(os.path.relpath(path, tree.root))
    if without:
        raise DataError(
            f"{printable(tree.root)}: data.label_from does not match {some(without)}; "
            "change the pattern, or move them away"
        )
    classes = tuple(sorted({label for label, _ in named}, key=natural_key))
    if len(classes) < 2:
        raise DataError(f"{printable(tree.root)}: all images are of the one class {some(classes)} by data.label_from")
    notes = (f"classes from the names of the images: {some(classes)}",)
    return ImageSource(tree.root, classes, {"all": _in_class_order(named, classes)}, notes)


def compiled_label_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern of `data.label_from`.

    Raises:
        UsageError: It is none, or has no group ``label``.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"data.label_from is no regular expression: {error}") from None
    if "label" not in compiled.groupindex:
        raise UsageError("data.label_from has no group called label: write (?P<label>...) around what names the class")
    return compiled


def _in_class_order(named: Sequence[tuple[str, str]], classes: Sequence[str]) -> LabeledFiles:
    index = {name: label for label, name in enumerate(classes)}
    found = sorted(((index[name], path) for name, path in named), key=lambda pair: pair[0])
    return LabeledFiles(tuple(path for _, path in found), tuple(label for label, _ in found))


def _arrays(path: str | Path, reading: Reading) -> ImageSource:
    import numpy as np

    from nncli.data.arrays.reading import read_arrays
    from nncli.data.image_arrays import ImageArrays

    are_numbers = reading.task == "regression"
    if not are_numbers:
        reading.refuse_without_table(path)
    reading.refuse_but("arrays", "transpose")
    found = read_arrays(path, are_numbers=are_numbers)
    start, splits, pieces, groups = 0, {}, [], dict[str, str]()
    width = len(str(sum(len(images) for images, _ in found.splits.values()) - 1))  # names sort as numbers do
    for split, (images, answers) in found.splits.items():
        labels = np.zeros(len(images), np.int64) if are_numbers else answers
        order = np.argsort(labels, kind="stable")  # class by class, as a folder has them
        names = (order + start).tolist()
        targets = tuple(map(tuple, answers.tolist())) if are_numbers else ()
        paths = tuple(f"{name:0{width}d}" for name in names)
        splits[split] = LabeledFiles(paths, tuple(labels[order].tolist()), targets)
        if split in found.groups:
            groups |= zip(paths, (found.groups[split][i] for i in order), strict=True)
        pieces.append(np.swapaxes(images, 1, 2) if reading.transpose else images)
        start += len(images)
    alike = len({piece.shape[1:] for piece in pieces}) == 1
    together = np.concatenate(pieces) if alike else [image for piece in pieces for image in piece]
    if reading.is_training:
        _check_trainable(printable(found.root), splits, () if are_numbers else found.classes)
    origins = sum((found.origins[split] for split in found.splits), ())
    return ImageArrays(str(path), found.classes, splits, found.notes, groups, images=together, origins=origins)


def _check_trainable(root: str, splits: Mapping[str, LabeledFiles], classes: Sequence[str]) -> None:
    """Refuse arrays without anything to train on, or without a class, where there are classes.

    Raises:
        DataError: They are such.
    """
    main = splits.get("all") or splits.get("train")
    if main is None:
        raise DataError(f"{root}: {some(list(splits))} without images to train on")
    there = set(main.labels)
    if missing := [name for label, name in enumerate(classes) if label not in there]:
        raise DataError(f"{root}: no images of class {some(missing)} to train on")
    if len(classes) == 1:
        raise DataError(f"{root}: all images are of class {some(classes)}")


def _with_siblings(table: str, beside: Sequence[str]) -> dict[str, str]:
    """A table that is called train, and those beside it that are called alike but val or test; table -> split."""
    if split_of(Path(table).stem) != "train":
        return {table: ""}
    found = {table: "train"}
    for other in beside:
        split = split_of(Path(other).stem)
        is_alike = Path(other).suffix == Path(table).suffix and split in ("val", "test")
        if is_alike and split not in found.values():
            found[other] = split
    return found if len(found) > 1 else {table: ""}


def read_tables(root: str, tables: Mapping[str, str], reading: Reading, tree: Tree | None = None) -> ImageSource:
    """The images of one table, or of one for each split; in an archive, if the tree is one."""
    from nncli.data.manifest.reading import read_manifest
    from nncli.data.manifest.source import source_of

    archive = getattr(tree, "archive", None)
    root = tree.root if tree and archive else root
    packed: Any = {"tree": tree} if archive else {}
    columns = dict(reading.columns) | ({"order": reading.order} if reading.order is not None else {})
    found: dict[str, list[Manifest]] = {}
    notes = []
    for table, split in tables.items():
        try:
            found.setdefault(split, []).append(
                read_manifest(
                    table,
                    columns,
                    usual=reading.usual,
                    task=reading.task,
                    side_cameras=reading.side_cameras,
                    **packed,
                )
            )
        except UsageError as error:
            if split in ("", "train") or "no column is known to hold the label" not in str(error):
                raise
            notes.append(f"left out {printable(Path(table).name)}: it has no labels")
    if len(found) > 1 and "" in found:
        raise DataError(f"{printable(root)}: tables within the splits and beside them; keep one kind")
    return source_of(root, found, notes, is_training=reading.is_training, archive=archive)
