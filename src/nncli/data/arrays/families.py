"""Which arrays belong together, by their names: images and labels, train and test.

The same words name arrays within a file (``x_train``, ``train_images``) and files in a folder
(``t10k-labels-idx1-ubyte.gz``, ``kmnist-test-imgs.npz``, ``train_X.bin``). What is left of a name without these words
is the family: ``emnist-letters`` and ``emnist-digits`` in one folder are two sets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.layout.words import SPLIT_OF_WORD

if TYPE_CHECKING:
    from collections.abc import Iterable

_IMAGES = {"x", "images", "image", "imgs", "img", "data", "features", "pixels", "inputs", "arr"}
_LABELS = {"y", "labels", "label", "target", "targets", "lbl", "lbls", "classes", "outputs", "cat", "ans"}
_SPLITS = SPLIT_OF_WORD | {"t10k": "test", "t10": "test", "unlabeled": "unlabeled", "extra": "extra"}
_FILLING = {
    "ubyte",
    "idx1",
    "idx2",
    "idx3",
    "idx4",
    "idx",
    "gz",
    "npy",
    "npz",
    "bin",
    "mat",
    "int",
    "float",
    "h5",
    "hdf5",
}

SEVERAL = (".npz", ".mat", ".h5", ".hdf5")
"""Files that may hold several arrays, each with a name."""

_PACKED = re.compile(r"\.(bz2|gz|xz)$")
_TEXT_ROWS = re.compile(r"(usps|mnist)(\.scale)?(\.t)?|zip\.(train|test)|.+\.(libsvm|svm|svmlight)")
_NORB = re.compile(r".*norb.*-(training|testing)(-\d+)?-(dat|cat|info)\.mat(\.gz)?")


@dataclass
class Family:
    """Names of arrays that belong together.

    Attributes:
        images, labels: By split; ``all`` for names without a split.
    """

    images: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether images have their labels."""
        return bool(set(self.images) & set(self.labels))


def families(names: Iterable[str]) -> dict[str, Family]:
    """Families by what their names have in common; names that say neither images nor labels are left out."""
    found: dict[str, Family] = {}
    for name in names:
        split, kind, rest = parsed(name)
        if kind:
            family = found.setdefault(rest, Family())
            (family.images if kind == "images" else family.labels).setdefault(split, name)
    return found


def parsed(name: str) -> tuple[str, str, str]:
    """Split (or ``all``), kind (``images``, ``labels`` or empty) and what is left of a name."""
    words = [word.lower() for word in re.findall(r"t10k|idx\d|[A-Za-z]+|\d+", name)]
    split = next((_SPLITS[word] for word in words if word in _SPLITS), "all")
    kinds = ["images" if word in _IMAGES else "labels" for word in words if word in _IMAGES or word in _LABELS]
    rest = [word for word in words if word not in _SPLITS and word not in _IMAGES | _LABELS | _FILLING]
    return split, kinds[0] if kinds else "", " ".join(rest)


def is_array_file(path: str | Path) -> bool:
    """Whether a file may hold arrays, by its name alone."""
    name = Path(path).name.lower()
    if name.endswith((*SEVERAL, ".npy")) or "-idx" in name or is_text_rows(name):
        return True
    return (
        is_batch(name)
        or bool(norb_kind(name)[1])
        or (name.endswith((".bin", ".idx", ".gz", ".bz2")) and bool(parsed(name)[1]))
    )


def is_batch(name: str) -> bool:
    """Whether a file is one of CIFAR's, by its name in small letters: binary, or a Python batch."""
    stem = name.removesuffix(".bin")
    return stem == "test_batch" or stem.startswith("data_batch_") or (name in ("train.bin", "test.bin"))


def is_text_rows(name: str) -> bool:
    """Whether a file may hold rows of a label and its values, by its name alone."""
    return _TEXT_ROWS.fullmatch(unpacked_name(name)) is not None


def unpacked_name(name: str) -> str:
    """A name in small letters, without what says that the file is compressed."""
    return _PACKED.sub("", name.lower())


def norb_kind(name: str) -> tuple[str, str]:
    """Split and kind (``dat``, ``cat`` or ``info``) of a file of NORB by its name; both empty if it is none."""
    match = _NORB.fullmatch(name.lower())
    return ("train" if match[1] == "training" else "test", match[3]) if match else ("", "")
