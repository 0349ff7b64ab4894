"""From a file of arrays, or a folder of such files, to images with their labels, by split.

A file stands for the whole set that it belongs to: ``train-images-idx3-ubyte`` brings its labels and the test files
beside it, ``data_batch_1`` the other batches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.arrays.families import SEVERAL, Family, families, is_array_file, is_batch, norb_kind, parsed
from nncli.data.arrays.idx import is_idx, parse_idx
from nncli.data.arrays.norb import norb_pairs
from nncli.data.arrays.npz import read_npy, read_npz
from nncli.data.arrays.pairs import Origins, Pair, Pairs, joined
from nncli.data.arrays.raw import checked_size, read_file
from nncli.data.arrays.records import STL_PIXELS, cifar_batch, cifar_records, stl_images
from nncli.data.arrays.text_rows import text_pairs
from nncli.data.arrays.values import as_images, as_labels, as_targets, count
from nncli.data.folder_walk import some
from nncli.data.layout.spelling import check_names
from nncli.data.layout.tree import text_lines
from nncli.data.layout.words import SPLITS
from nncli.data.natural_order import natural_key
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SUFFIXES = (*SEVERAL, ".npy", ".bin", ".idx", ".gz", ".bz2", ".xz")
_CLASS_LISTS = ("batches.meta.txt", "fine_label_names.txt", "class_names.txt", "classes.txt")
_CLASS_ARRAYS = ("list_classes", "class_names", "label_names", "target_names", "classes", "names")


@dataclass(frozen=True)
class ArraySet:
    """Images and labels of a set.

    Attributes:
        root: The file or folder.
        classes: By label.
        splits: Split -> images, (m, h, w) or (m, h, w, c) uint8, and labels, (m,), or the numbers of a regression,
            (m, k); `classes` are names for these.
        notes: How it was read.
        origins: Split -> the array that its images come from, or the arrays one after the other: a name such as
            ``mnist.npz[x_test]`` and how many images each has.
        groups: Split -> what each image hangs together with; empty where nothing is known.
    """

    root: str
    classes: tuple[str, ...]
    splits: dict[str, tuple[NDArray[np.uint8], NDArray[Any]]]
    notes: tuple[str, ...]
    origins: dict[str, Origins] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_arrays(path: str | Path, *, are_numbers: bool = False) -> ArraySet:
    """The set that a file or a folder of files holds.

    Args:
        path: Of it.
        are_numbers: Read labels as numbers to be told.

    Raises:
        DataError: There are no images with labels in it, or it cannot be read, or holds several sets.
        UsageError: An extra is needed that is not installed.
    """
    file, notes, listed = Path(path), list[str](), list[str]()
    is_folder = file.is_dir()
    home = file if is_folder else file.parent
    if not is_folder:
        checked_size(file)
    names = sorted((entry.name for entry in home.iterdir() if entry.is_file()), key=natural_key)
    names = [name for name in names if not is_folder or is_array_file(name)]
    found = _batches(home, names if is_folder or is_batch(file.name.lower()) else [], notes)
    found = found or norb_pairs(home, names if is_folder or norb_kind(file.name)[1] else [], notes, listed)
    found = found or text_pairs(home, names, "" if is_folder else file.name, notes, listed)
    if not found and not is_folder and file.suffix.lower() in SEVERAL:
        found = _within(file, notes, listed)
    if not found:
        found = _files(home, names, None if is_folder else file.name, notes)
    if not found and is_folder:
        found = _within_folder(home, names, notes, listed)
    extra = [split for split in found if split not in (*SPLITS, "all")]
    notes += [f"left out {split}: {counted(len(found[split].images), 'image')}" for split in extra]
    splits = {split: found[split] for split in ("all", *SPLITS) if split in found}
    if not splits:
        raise DataError(f"{printable(str(path))}: no images with labels in it")
    if "all" in splits and len(splits) > 1:
        raise DataError(f"{printable(str(path))}: {some(list(splits)[1:])} beside arrays of no split; keep one kind")
    if are_numbers:
        classes, labels = _targets(splits)
    else:
        labels = {split: as_labels(pair.labels, pair.shown, notes) for split, pair in splits.items()}
        classes, labels = _numbered(home, labels, notes, listed)
    pairs, origins = {s: (splits[s].images, labels[s]) for s in splits}, {s: splits[s].origins for s in splits}
    groups = {split: pair.groups for split, pair in splits.items() if pair.groups}
    return ArraySet(str(path), classes, pairs, tuple(notes), origins, groups)


def _batches(home: Path, names: list[str], notes: list[str]) -> Pairs:
    """CIFAR's files, if there are any: binary or pickled."""
    chosen = [name for name in names if is_batch(name.lower())]
    if any(name.endswith(".bin") for name in chosen):
        chosen = [name for name in chosen if name.endswith(".bin")]
    if not chosen:
        return {}
    pieces: dict[str, list[Pair]] = {}
    for name in chosen:
        read = cifar_records if name.endswith(".bin") else cifar_batch
        images, labels = read(read_file(home / name), name)
        pair = Pair(images, labels, ((str(home / name), len(images)),), printable(name))
        pieces.setdefault("test" if "test" in name.lower() else "train", []).append(pair)
    notes.append(f"read {counted(len(chosen), 'file')} of CIFAR: {some(chosen)}")
    return joined(pieces)


def arrays_of(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file that may hold several, by name.

    Raises:
        DataError: It cannot be read.
        UsageError: An extra is needed that is not installed.
    """
    suffix = file.suffix.lower()
    if suffix == ".mat":
        from nncli.data.arrays.mat import read_mat

        return read_mat(file)
    if suffix == ".npz":
        return read_npz(file)
    from nncli.data.arrays.hdf5 import read_h5

    return read_h5(file)


def _within(file: Path, notes: list[str], listed: list[str]) -> Pairs:
    """The pairs within one file; nothing if it holds a single array, whose labels lie in another file."""
    arrays = arrays_of(file)
    listed += _names_among(arrays)
    whole = [family for family in families(arrays).values() if family.is_whole]
    if len(whole) == 1:
        split = parsed(file.name)[0]
        pairs = _pairs(whole[0], arrays.__getitem__, file, notes)
        if split == "all" or set(pairs) not in ({"all"}, {split}):
            return pairs
        return _with_neighbors(file, pairs.get("all") or pairs[split], split, notes)
    if set(arrays) == {"arr_0", "arr_1"}:
        notes.append("read arr_0 as images, arr_1 as labels")
        return _pairs(Family({"all": "arr_0"}, {"all": "arr_1"}), arrays.__getitem__, file, notes)
    if len(arrays) > 1:
        raise DataError(
            f"{printable(str(file))}: cannot tell images and labels among {some(list(arrays))}; "
            "name them x_train and y_train, or images and labels"
        )
    return {}


def _within_folder(home: Path, names: list[str], notes: list[str], listed: list[str]) -> Pairs:
    """The pairs within the one file of a folder that holds several arrays, or within train.h5, val.h5 and test.h5."""
    files = {parsed(name)[0]: name for name in names if name.lower().endswith(SEVERAL)}
    are_one_set = len({parsed(name)[2] for name in files.values()}) == 1 and len(files) == len(names)
    return _within(home / files.get("train", names[0]), notes, listed) if are_one_set else {}


def _names_among(arrays: dict[str, NDArray[Any]]) -> list[str]:
    """Names of the classes, taken away from `arrays`: a list of text that is called so, beside images and labels."""
    for name in _CLASS_ARRAYS:
        found = arrays.get(name)
        if found is not None and found.ndim == 1 and found.dtype.kind in "US":
            others = families(other for other in arrays if other != name)
            if any(family.is_whole for family in others.values()):
                return [str(each) for each in as_labels(arrays.pop(name), name, [])]
    return []


def _with_neighbors(file: Path, pair: Pair, split: str, notes: list[str]) -> Pairs:
    """A pair of one split, and those of the files beside it that are called alike but for the split: SVHN."""
    found = {split: pair}
    for other in sorted(file.parent.iterdir()):
        other_split, _, rest = parsed(other.name)
        if other != file and other.suffix == file.suffix and rest == parsed(file.name)[2] and other_split not in found:
            inner = _within_alone(other, other_split, notes)
            if inner is not None:
                found[other_split] = inner
    return found


def _within_alone(file: Path, split: str, notes: list[str]) -> Pair | None:
    arrays = arrays_of(file)
    _names_among(arrays)
    whole = [family for family in families(arrays).values() if family.is_whole]
    pairs = _pairs(whole[0], arrays.__getitem__, file, notes) if len(whole) == 1 else {}
    return pairs.get("all") or pairs.get(split)


def _files(home: Path, names: list[str], chosen: str | None, notes: list[str]) -> Pairs:
    """The pairs in files that hold one array each."""
    kinds = families(name for name in names if name.lower().endswith(_SUFFIXES) or "-idx" in name.lower())
    whole = {rest: family for rest, family in kinds.items() if family.is_whole}
    if chosen is not None:
        rest = parsed(chosen)[2]
        if rest not in whole:
            raise DataError(
                f"{printable(str(home / chosen))}: no file of labels beside it; expected one that is called the same, "
                "with labels in place of images"
            )
        whole = {rest: whole[rest]}
    if len(whole) > 1:
        first = next(iter(whole.values()))
        raise DataError(
            f"{printable(str(home))}: holds several sets ({some(sorted(whole))}); choose one: "
            f"data.path: {printable(str(home / next(iter(first.images.values()))))}"
        )
    for family in whole.values():
        return _pairs(family, lambda name: one_array(home / name, notes), home, notes)
    return {}


def one_array(file: Path, notes: list[str]) -> Any:
    """The array of a file that holds one.

    Raises:
        DataError: It holds several, or none that is known, or cannot be read.
    """
    if file.suffix.lower() == ".npy":
        return read_npy(file)
    if file.suffix.lower() in SEVERAL:
        arrays = arrays_of(file)
        if len(arrays) == 1:
            return next(iter(arrays.values()))
        raise DataError(f"{printable(str(file))}: {counted(len(arrays), 'array')}, expected one")
    data = read_file(file)
    if is_idx(data):
        return parse_idx(data, file.name, notes)
    if file.suffix.lower() == ".bin" and parsed(file.name)[1] == "images" and len(data) % STL_PIXELS == 0:
        return stl_images(data, file.name)
    if file.suffix.lower() == ".bin" and parsed(file.name)[1] == "labels":
        return np.frombuffer(data, np.uint8)
    if data.startswith(b"\x89HDF"):
        raise DataError(f"{printable(str(file))}: a packed HDF5 file; unpack it, with gunzip for example")
    raise DataError(f"{printable(str(file))}: neither idx nor a file of STL-10")


def _pairs(family: Family, array_of: Any, place: Path, notes: list[str]) -> Pairs:
    """Images and labels of each split that has both; `place` is a file with several arrays, or a folder of files."""
    found: Pairs = {}
    for split, name in family.images.items():
        if split not in family.labels:
            notes.append(f"left out {printable(name)}: no labels for it")
            continue
        where = f"{printable(place.name)}: {printable(name)}"
        labels = array_of(family.labels[split])
        images = as_images(array_of(name), count(labels), where, notes)
        if len(images) != count(labels):
            other = printable(family.labels[split])
            raise DataError(
                f"{where} has {counted(len(images), 'image')} and {other} {counted(count(labels), 'label')}"
            )
        if not len(images):
            if split in ("all", "train"):
                raise DataError(f"{where}: no images in it")
            notes.append(f"left out {printable(name)}: no images in it")
            continue
        origin = str(place / name) if place.is_dir() else origin_within(place, name, list(family.images.values()))
        of_labels = f"{printable(place.name)}: {printable(family.labels[split])}"
        found[split] = Pair(images, labels, ((origin, len(images)),), of_labels)
    return found


def origin_within(file: str | Path, name: str, others: Sequence[str]) -> str:
    """Name of the images of an array in a file: that of the file alone, where it has no `others`."""
    return f"{file}[{name}]" if len(others) > 1 else str(file)


def _targets(splits: Pairs) -> tuple[tuple[str, ...], dict[str, NDArray[Any]]]:
    """Names for numbers, which arrays do not have, and the numbers of each image by split."""
    targets = {split: as_targets(pair.labels, pair.shown) for split, pair in splits.items()}
    widths = {each.shape[1] for each in targets.values()}
    if len(widths) > 1:
        raise DataError(f"{next(iter(splits.values())).shown}: not as many numbers for each image in every split")
    n = widths.pop()
    return tuple(f"target {k + 1}" for k in range(n)) if n > 1 else ("target",), targets


def _numbered(
    home: Path, labels: dict[str, NDArray[Any]], notes: list[str], listed: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, NDArray[np.int64]]]:
    """Class names, by the list beside the arrays or else among them (`listed`), and labels from 0 on."""
    values = sorted({value for found in labels.values() for value in np.unique(found).tolist()}, key=_label_order)
    names = tuple(str(value) for value in values)
    if values == list(range(1, 11)) and any("32x32" in name.lower() for name in _names(home)):
        notes.append("label 10 stands for the digit 0 (SVHN)")
        values, names = [10, *range(1, 10)], tuple(map(str, range(10)))
    elif values and all(isinstance(value, int) for value in values):
        listed = _class_names(home) or tuple(listed)
        first = 1 if values[0] == 1 and values[-1] == len(listed) else 0
        if listed and values[0] >= first and values[-1] < len(listed) + first:
            values, names = list(range(first, first + len(listed))), listed
    check_names(names, printable(str(home)))
    index = {value: label for label, value in enumerate(values)}
    return names, {
        split: np.asarray([index[value] for value in found.tolist()], np.int64) for split, found in labels.items()
    }


def _label_order(value: Any) -> Any:
    return natural_key(str(value)) if isinstance(value, str) else ("", value)


def _names(home: Path) -> list[str]:
    return [entry.name for entry in home.iterdir()] if home.is_dir() else []


def _class_names(home: Path) -> tuple[str, ...]:
    for name in _CLASS_LISTS:
        lines = text_lines(str(home / name))
        if lines:
            return tuple(line.strip() for line in lines)
    return ()
