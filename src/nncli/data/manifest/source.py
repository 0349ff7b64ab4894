"""From manifests to a source of images, which splits itself by group or by time where the table says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nncli.data.folder_walk import some
from nncli.data.natural_order import natural_key
from nncli.data.source import ImageSource, LabeledFiles
from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nncli.data.manifest.reading import Manifest, Row


@dataclass(frozen=True)
class ListedImages(ImageSource):
    """Image files that a table names.

    Attributes:
        groups: What images hang together, by path; empty if they do not.
        order: When each image was taken, by path; empty if nobody says.
    """

    groups: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, str] = field(default_factory=dict)

    def split(self, fraction: float, seed: int) -> tuple[LabeledFiles, LabeledFiles]:
        """As of files; but the last images are for validation where there is an order, and groups stay together."""
        if "val" in self.splits or not (self.groups or self.order):
            return super().split(fraction, seed)
        from nncli.data.split import grouped_split, last_split

        files = self.splits.get("all") or self.splits["train"]
        if self.order:
            places = last_split([natural_key(self.order[path]) for path in files.paths], fraction)
        else:
            places = grouped_split(files.labels, [self.groups[path] for path in files.paths], fraction, seed)
        return files.chosen(places[0]), files.chosen(places[1])


def source_of(
    root: str,
    manifests: Mapping[str, Sequence[Manifest]],
    notes: Sequence[str],
    splits: Sequence[str],
    *,
    is_training: bool = True,
) -> ImageSource:
    """The images of one manifest, or of some for each split, with the classes of all.

    Args:
        root: Where they are, for messages.
        manifests: By split; an empty name for one that has a column of splits, or is not split.
        notes: What is known already.
        splits: The names of splits, train first.
        is_training: Refuse what cannot be trained on.

    Raises:
        DataError: There is nothing to train on, or only one class.
    """
    every = [manifest for found in manifests.values() for manifest in found]
    classes = every[0].classes
    if any(manifest.classes != classes for manifest in every):
        classes = tuple(sorted({name for manifest in every for name in manifest.classes}, key=natural_key))
    index = {name: label for label, name in enumerate(classes)}
    rows: dict[str, list[tuple[int, Row]]] = {}
    for split, found in manifests.items():
        for manifest in found:
            for row in manifest.rows:
                rows.setdefault(row.split or split, []).append((index[manifest.classes[row.label]], row))
    notes = [*notes, *(note for manifest in every for note in manifest.notes)]
    if "" in rows and len(rows) > 1:
        notes.append(f"{len(rows['']):,} rows name no split: they are trained on")
        rows["train"] = rows.get("train", []) + rows.pop("")
    if is_training and "" not in rows and "train" not in rows:
        raise DataError(f"{printable(root)}: {some(list(rows))} without images to train on")
    rows = {"all": rows[""]} if "" in rows else {split: rows[split] for split in splits if split in rows}
    found_splits = {split: _files(labeled) for split, labeled in rows.items()}
    main = next(iter(found_splits.values()))
    missing = [name for label, name in enumerate(classes) if label not in set(main.labels)]
    if is_training and (missing or len(classes) < 2):
        what = (
            f"no images of class {some(missing)} to train on" if missing else f"all images are of class {some(classes)}"
        )
        raise DataError(f"{printable(root)}: {what}")
    images = {name: content for manifest in every for name, content in (manifest.images or {}).items()}
    if images:
        from nncli.data.packed_images import PackedImages

        return PackedImages(root, classes, found_splits, tuple(notes), packed=images)
    listed = [row for labeled in rows.values() for _, row in labeled]
    groups = {row.path: row.group for row in listed if row.group}
    if groups:
        groups = {row.path: row.group or row.path for row in listed}
        notes.append(f"{len(set(groups.values())):,} groups of images stay together when validation images are drawn")
    order = {row.path: row.order for row in listed} if any(row.order for row in listed) else {}
    return ListedImages(root, classes, found_splits, tuple(notes), groups, order)


def _files(labeled: list[tuple[int, Row]]) -> LabeledFiles:
    labeled = sorted(labeled, key=lambda pair: pair[0])
    return LabeledFiles(tuple(row.path for _, row in labeled), tuple(label for label, _ in labeled))
