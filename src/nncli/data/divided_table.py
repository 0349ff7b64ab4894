"""A table in several files of which each rank reads its own: a list of images that is nowhere in one place.

    parts/000.csv ... parts/099.csv     with four ranks, rank 0 reads the first 25 of them, rank 1 the next, ...

Every file is read by itself, and then the ranks tell each other which classes they have met, and how many images. Which
images are for validation cannot be drawn from a list that nobody has. It follows from a digest of each name:

    for validation if    digest(seed, name) < validation_split        a digest is a number from 0 to 1

so about that share of every class is. Validation images are known to all ranks. What is chosen by a look at some images
is chosen by those of the first file. So nothing depends on the number of ranks.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from nncli.data.folder_walk import some
from nncli.data.manifest.shards import shards_of
from nncli.data.natural_order import natural_key
from nncli.data.reading import read_tables
from nncli.data.source import NO_GROUPS, ImageSource, LabeledFiles
from nncli.errors import DataError, UsageError
from nncli.machine.ranks import share
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nncli.data.reading import Reading
    from nncli.machine.ranks import Ranks

N_BYTES = 8
"""Of a digest."""

NOBODY = LabeledFiles((), ())


@dataclass(frozen=True)
class Division:
    """Facts that every rank has to know to read its files.

    Attributes:
        path: Of the table, with a ``*`` in its name.
        reading: How to read it.
        fraction: `data.validation_split`.
        seed: Of the run.
    """

    path: str
    reading: Reading
    fraction: float
    seed: int

    def is_for_validation(self, name: str) -> bool:
        """Whether an image of no split is, see above."""
        key = self.seed.to_bytes(N_BYTES, "little")
        digest = hashlib.blake2b(name.encode(errors="surrogateescape"), digest_size=N_BYTES, key=key).digest()
        return int.from_bytes(digest, "little") < int(self.fraction * 256**N_BYTES)


@dataclass(frozen=True)
class DividedTable(ImageSource):
    """The images of a table in several files, split; those for training are this rank's.

    Attributes:
        validation: All images for validation.
        n_first: Training images in the first file, where this rank has it.
    """

    validation: LabeledFiles = NOBODY
    n_first: int = 0

    def split(self, _fraction: float, _seed: int, grouping: str = NO_GROUPS) -> tuple[LabeledFiles, LabeledFiles]:
        """As they were split while they were read.

        Raises:
            UsageError: Images are to be kept together.
        """
        if grouping != NO_GROUPS:
            raise UsageError("groups keeps images together, which takes the whole list; write data.placement: shared")
        return self.splits["all"], self.validation

    def seen(self, training: LabeledFiles) -> LabeledFiles:
        """Those of the first file."""
        return training.chosen(range(self.n_first))


def read_divided(division: Division, ranks: Ranks) -> DividedTable:
    """Read this rank's files; all ranks are to do it together.

    Raises:
        DataError: The files do not go together.
        UsageError: There are fewer files than ranks, or one has mistakes.
    """
    path, files = division.path, shards_of(division.path)
    ranks.from_first(lambda: _refuse_few(path, len(files), ranks.size))  # told once
    reading = replace(division.reading, is_training=False)
    own = [_readable(read_tables(file, {file: ""}, reading)) for file in files[share(ranks, len(files))]]
    every = [classes for found in ranks.gathered([source.classes for source in own]) for classes in found]
    classes = tuple(sorted({name for found in every for name in found}, key=natural_key))
    if len(set(every)) == 1:
        classes = every[0]
    ranks.from_first(lambda: _refuse_classes(path, classes, every, reading.task))
    is_weighted = any(ranks.gathered(any(files.weights for source in own for files in source.splits.values())))
    parts = [_divided(division, source, classes, is_weighted=is_weighted) for source in own]
    training = [part[0] for part in parts]
    listed = _together(training)
    validation = _together(ranks.gathered(_together(part[1] for part in parts)))
    n_elsewhere = sum(ranks.gathered(len(listed.paths))) - len(listed.paths)
    notes = *own[0].notes, f"{len(files):,} files; nobody looks whether two of them name the same image"
    facts: dict[str, Any] = {"splits": {"all": listed}, "notes": notes, "has_labels": reading.task == "multilabel"}
    n_first = len(training[0].paths) if ranks.rank == 0 else 0
    return DividedTable(path, classes, **facts, validation=validation, n_elsewhere=n_elsewhere, n_first=n_first)


def _refuse_few(path: str, n_files: int, n_ranks: int) -> None:
    if n_files < n_ranks:
        raise UsageError(
            f"{printable(path)}: {n_files} files for {n_ranks} ranks, of which each is to read its own; "
            "start fewer ranks, or divide the table into more files"
        )


def _readable(source: ImageSource) -> ImageSource:
    """The source, if each of its images can be used without the others and is a file."""
    if type(source) is not ImageSource:
        raise DataError(f"{printable(source.root)}: holds its images itself; data.placement: shards needs image files")
    if source.groups or source.order or source.sides:
        raise DataError(
            f"{printable(source.root)}: groups, an order or side cameras take the whole list; "
            "write data.placement: shared"
        )
    return source


def _refuse_classes(path: str, classes: Sequence[str], every: Sequence[Sequence[str]], task: str) -> None:
    if task != "classification" and len(set(map(tuple, every))) > 1:
        raise DataError(f"{printable(path)}: not the same labels or numbers in all files")
    if task == "classification" and len(classes) < 2:
        raise DataError(f"{printable(path)}: all images are of class {some(classes)}")


def _divided(
    division: Division, source: ImageSource, classes: Sequence[str], *, is_weighted: bool
) -> tuple[LabeledFiles, LabeledFiles]:
    """The images of a file to train on, and to validate with, with the labels of all files."""
    found = dict(source.splits)
    if "all" in found:
        files, root = found.pop("all"), os.path.dirname(division.path)  # noqa: PTH120 - a leading ./ stays
        is_for_validation = [division.is_for_validation(path.removeprefix(root)) for path in files.paths]
        found["val"] = files.chosen([i for i, is_so in enumerate(is_for_validation) if is_so])
        found["train"] = files.chosen([i for i, is_so in enumerate(is_for_validation) if not is_so])
    label_of = {name: label for label, name in enumerate(classes)}
    labels = [label_of[name] for name in source.classes]

    def with_labels_of_all(files: LabeledFiles) -> LabeledFiles:
        weights = files.weights or (1.0,) * len(files.paths) if is_weighted else ()
        its = files.labels if files.targets else tuple(labels[label] for label in files.labels)
        return replace(files, labels=its, weights=weights)

    return with_labels_of_all(found.get("train", NOBODY)), with_labels_of_all(found.get("val", NOBODY))


def _together(parts: Iterable[LabeledFiles]) -> LabeledFiles:
    """The images of all parts."""
    every = [(part.paths, part.labels, part.targets, part.weights) for part in parts]
    return LabeledFiles(*(tuple(chain.from_iterable(values)) for values in zip(*every, strict=True)))
