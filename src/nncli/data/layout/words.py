"""Names that mean something: folders of splits, masks, images without a label, and what lies beside a data set; the
suffixes of tables and archives.

Names are compared as words: case, digits, `_`, `-` and the filling words of data sets (set, images, data, ...) do not
count, so that `Training_Set`, `train2`, `x_train` and `seg_train` all say train.
"""

from __future__ import annotations

import re

SPLITS = ("train", "val", "test")

TABLES = (".csv", ".tsv", ".txt", ".lst", ".jsonl", ".ndjson", ".json", ".parquet")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Suffixes, in small letters."""

_SAID = {
    "train": ("train", "training", "trn", "trainset", "trainingset", "trainval"),
    "val": ("val", "valid", "validation", "dev", "valset", "validset", "validationset", "devset"),
    "test": ("test", "testing", "tst", "eval", "evaluation", "holdout", "testset", "testingset", "evalset"),
}
SPLIT_OF_WORD = {word: split for split, words in _SAID.items() for word in words}
"""Word -> train, val or test."""

_FILLING = {
    *("set", "sets", "data", "dataset", "images", "image", "imgs", "img", "pics", "pictures", "photos", "x", "seg"),
    *("bounding", "box", "split", "folder", "part"),
}
_WORD = re.compile("[a-z]+")
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z])")

WITHOUT_LABEL = frozenset(("nolabel", "nolabels", "unlabeled", "unlabelled", "unlabeleddata", "backgroundgoogle"))
"""Folders that tools make for images that nobody has labeled, and the one for pictures of anything."""

TEST_WITHOUT_LABEL = WITHOUT_LABEL | {"unknown", "test", "images", "image", "all", "imgs", "img"}
"""The same within a test folder."""

MASKS = {
    *("mask", "masks", "segmentation", "segmentations", "segmented", "seg", "segs", "trimap", "trimaps", "annotation"),
    *("annotations", "label", "labels", "groundtruth", "gt", "matte", "mattes", "instances", "segmentationclass"),
    *("segmentationobject",),
}
"""Folders whose pictures say which pixels are what."""

BESIDE = {
    "annotations": "annotations",
    "annotation": "annotations",
    "labels": "labels",
    "label": "labels",
    "meta": "lists",
    "metadata": "lists",
    "imagesets": "lists of splits",
    "bblandmark": "boxes and landmarks",
    "devkit": "the set's own programs",
    "imdb": "a database",
    "attributes": "attributes",
    "parts": "parts",
    "lists": "lists",
    "splits": "lists of splits",
    "groundtruth": "the truth in another form",
    "xml": "annotations",
    "json": "annotations",
    "xmls": "annotations",
    "docs": "texts",
    "poses": "poses",
    "boxes": "boxes",
    "scripts": "programs",
    "code": "programs",
}
"""Folders that lie beside a data set and are no class -> what they are for."""


def squeezed(name: str) -> str:
    """Letters and digits of a name, in lower case."""
    return "".join(char for char in name.lower() if char.isalnum())


def split_of(name: str) -> str:
    """``train``, ``val`` or ``test`` if the name says just that, else nothing."""
    if squeezed(name) in {"holdout", "holdoutset"}:
        return "test"
    splits, rest = split_and_rest(name)
    if splits == {"train", "val"} and not rest:
        return "train"  # trainval: everything that is not for testing
    return min(splits) if len(splits) == 1 and not rest else ""


def split_and_rest(name: str) -> tuple[set[str], tuple[str, ...]]:
    """The splits that the words of a name say, and its other words without those that only fill."""
    words = _WORD.findall(_CAMEL.sub("_", name).lower()) if not name.isupper() else _WORD.findall(name.lower())
    splits = {SPLIT_OF_WORD[word] for word in words if word in SPLIT_OF_WORD}
    rest = tuple(word for word in words if word not in SPLIT_OF_WORD and word not in _FILLING)
    return splits, rest
