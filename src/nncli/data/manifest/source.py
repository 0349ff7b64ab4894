"""From manifests to a source of images, which knows its groups and its order where the table says so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from nncli.data.folder_walk import some
from nncli.data.layout.words import SPLITS
from nncli.data.natural_order import natural_key
from nncli.data.source import ImageSource, LabeledFiles
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nncli.data.layout.archive import Archive
    from nncli.data.manifest.reader import Manifest, Row


def source_of(
    root: str,
    manifests: Mapping[str, Sequence[Manifest]],
    notes: Sequence[str],
    *,
    is_training: bool = True,
    archive: Archive | None = None,
) -> ImageSource:
    """The images of one manifest, or of some for each split, with the classes of all.

    Args:
        root: Where they are, for messages.
        manifests: By split; an empty name for one that has a column of splits, or is not split.
        notes: What is known already.
        is_training: Refuse what cannot be trained on.
        archive: What holds the tables and their images.

    Raises:
        DataError: There is nothing to train on, or only one class.
    """
    every = [manifest for found in manifests.values() for manifest in found]
    notes = [*notes, *(note for manifest in every for note in manifest.notes)]
    classes, task = _all_classes(every), every[0].task
    if task == "regression" and any(manifest.classes != classes for manifest in every):
        raise DataError(f"{printable(root)}: the tables do not have the same columns of numbers")
    rows = _by_split(manifests, classes, notes)
    if is_training and "" not in rows and "train" not in rows:
        raise DataError(f"{printable(root)}: {some(list(rows))} without images to train on")
    rows = {"all": rows[""]} if "" in rows else {split: rows[split] for split in SPLITS if split in rows}
    weighted = any(row.weight != 1 for labeled in rows.values() for _, row in labeled)
    files = {split: _files(labeled, weighted=weighted) for split, labeled in rows.items()}
    if is_training:
        _check_main(root, task, classes, next(iter(files.values())), notes)
    listed = [row for labeled in rows.values() for _, row in labeled]
    groups = {row.path: row.group or row.path for row in listed} if any(row.group for row in listed) else {}
    if groups and "val" not in files:
        n_groups = counted(len(set(groups.values())), "group")
        notes.append(f"images of a group, of {n_groups}, stay together when validation images are drawn")
    order = _in_time({row.path: row.order for row in listed}) if any(row.order for row in listed) else {}
    sides = {row.path: _sides(row, weighted=weighted) for row in listed if row.sides}
    images = {name: content for manifest in every for name, content in (manifest.images or {}).items()}
    packed = images or archive
    facts = (root, classes, files, tuple(notes), groups, order, sides, task == "multilabel")
    if not packed:
        return ImageSource(*facts)
    from nncli.data.packed_images import PackedImages

    return PackedImages(*facts, packed=packed)


def _all_classes(manifests: Sequence[Manifest]) -> tuple[str, ...]:
    """The classes of all manifests: those of each if they are the same ones, else in natural order."""
    classes = manifests[0].classes
    if any(manifest.classes != classes for manifest in manifests):
        return tuple(sorted({name for manifest in manifests for name in manifest.classes}, key=natural_key))
    return classes


def _by_split(
    manifests: Mapping[str, Sequence[Manifest]], classes: Sequence[str], notes: list[str]
) -> dict[str, list[tuple[int, Row]]]:
    """Label and row of each image by split; an empty name for images of no split, if none has one."""
    index = {name: label for label, name in enumerate(classes)}
    rows: dict[str, list[tuple[int, Row]]] = {}
    for split, found in manifests.items():
        for manifest in found:
            for row in _with_labels_of(manifest, classes):
                label = 0 if row.targets else index[manifest.classes[row.label]]
                rows.setdefault(row.split or split, []).append((label, row))
    if "" in rows and len(rows) > 1:
        notes.append(f"without a split, so trained on: {counted(len(rows['']), 'row')}")
        rows["train"] = rows.get("train", []) + rows.pop("")
    return rows


def _with_labels_of(manifest: Manifest, classes: Sequence[str]) -> Sequence[Row]:
    """The rows of a manifest, with the labels of all manifests."""
    if manifest.task != "multilabel" or manifest.classes == tuple(classes):
        return manifest.rows
    places = [manifest.classes.index(name) if name in manifest.classes else -1 for name in classes]
    return [replace(row, targets=tuple(0.0 if k < 0 else row.targets[k] for k in places)) for row in manifest.rows]


def _check_main(root: str, task: str, classes: Sequence[str], main: LabeledFiles, notes: list[str]) -> None:
    """Refuse images that cannot be trained on, and say which labels none of them has.

    Raises:
        DataError: They weigh nothing, are of one class, or there is none of a class.
    """
    if main.weights and not any(main.weights):
        raise DataError(f"{printable(root)}: every image to train on has the weight 0")
    if task == "multilabel":
        counts = [sum(column) for column in zip(*main.targets, strict=True)]
        if missing := [name for name, count in zip(classes, counts, strict=True) if not count]:
            notes.append(f"no image to train on has {some(missing)}: it cannot be learned")
    if task == "classification":
        labels = set(main.labels)
        if missing := [name for label, name in enumerate(classes) if label not in labels]:
            raise DataError(f"{printable(root)}: no images of class {some(missing)} to train on")
        if len(classes) < 2:
            raise DataError(f"{printable(root)}: all images are of class {some(classes)}")


def _in_time(order: Mapping[str, str]) -> Mapping[str, str]:
    """Path -> a text that natural order puts where the image belongs: of numbers 10.25 before 10.5, -2 before -1."""
    try:
        moments = {path: Decimal(text) for path, text in order.items()}
    except InvalidOperation:
        return order  # names of files, dates
    if not all(moment.is_finite() for moment in moments.values()):
        return order
    rank = {moment: str(k) for k, moment in enumerate(sorted(set(moments.values())))}
    return {path: rank[moment] for path, moment in moments.items()}


def _sides(row: Row, *, weighted: bool) -> LabeledFiles:
    """The further pictures of a row, which weigh as it does."""
    paths, targets = zip(*row.sides, strict=True)
    return LabeledFiles(paths, (0,) * len(paths), targets, (row.weight,) * len(paths) if weighted else ())


def _files(labeled: list[tuple[int, Row]], *, weighted: bool) -> LabeledFiles:
    labeled = sorted(labeled, key=lambda pair: pair[0])
    targets = tuple(row.targets for _, row in labeled if row.targets)
    weights = tuple(row.weight for _, row in labeled) if weighted else ()
    return LabeledFiles(tuple(row.path for _, row in labeled), tuple(label for label, _ in labeled), targets, weights)
