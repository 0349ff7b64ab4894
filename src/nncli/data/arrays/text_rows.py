"""Rows of text with a label and its values: LIBSVM's collection (usps.bz2, mnist.bz2), and USPS as zip.train.gz.

    7 1:-1 2:-0.85 256:-1       label, then index:value, indices from 1; a value left out is 0 (LIBSVM's README)
    6.0 -1.0 -0.63 ... -1.0     label, then every value (Hastie, Tibshirani and Friedman 2009, data of "zip codes")

A file with the ending .t, or zip.test, holds the test images.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.arrays.families import is_text_rows, unpacked_name
from nncli.data.arrays.pairs import Pair, Pairs
from nncli.data.arrays.raw import limit_of, read_file
from nncli.data.arrays.values import as_images
from nncli.data.folder_walk import some
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def text_pairs(home: Path, names: Sequence[str], chosen: str, notes: list[str], listed: list[str]) -> Pairs:
    """The images of such files in a folder; nothing if there are none.

    Args:
        home: The folder.
        names: Files in it.
        chosen: The one whose set is wanted; empty for that of all of them.
        notes: Told how they are read.
        listed: Gets the names of the classes, where the set is known.

    Raises:
        DataError: There are several sets, or a file cannot be read.
    """
    files = [name for name in ([chosen] if chosen else names) if is_text_rows(name)]
    sets = list(dict.fromkeys(_split_and_set(name)[1] for name in files))
    if not sets:
        return {}
    if len(sets) > 1:
        raise DataError(
            f"{printable(str(home))}: holds several sets ({some(sets)}); choose one: "
            f"data.path: {printable(str(home / files[0]))}"
        )
    found: Pairs = {}
    for name in (*files, *filter(is_text_rows, names)):
        split, own = _split_and_set(name)
        if own == sets[0] and split not in found:
            values, labels = parse_text_rows(read_file(home / name), name)
            images = as_images(values, None, printable(name), notes)
            found[split] = Pair(images, labels, ((str(home / name), len(images)),), printable(name))
    if sets[0] == "usps" and all(pair.labels.min() >= 1 and pair.labels.max() == 10 for pair in found.values()):
        notes.append("labels count from 1: label 1 stands for the digit 0 (USPS)")
        listed += map(str, range(10))
    if len(found) == 1:
        return {"all": next(iter(found.values()))}
    return {split: found[split] for split in ("train", "test")}


def _split_and_set(name: str) -> tuple[str, str]:
    """``test`` or ``train`` by a file's name, and what files of the same set are called alike."""
    stem = unpacked_name(name)
    is_test = stem.endswith((".t", ".test"))
    return "test" if is_test else "train", re.sub(r"\.(t|train|test)$", "", stem)


def parse_text_rows(data: bytes, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Values, (m, n), and labels, (m,).

    Where values are left out, n is the smallest size of a square picture, gray or in three channels, that holds all.

    Raises:
        DataError: A line is no such row, or declares more values than a file of its size should.
    """
    shown = printable(name)
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    is_sparse = any(b":" in line for _, line in lines[:10])
    rows, labels = [], []
    for number, line in lines:
        try:
            row = np.array(line.replace(b":", b" ").split(), np.float32)
        except ValueError:
            row = np.empty(0, np.float32)
        if len(row) < 2 or not np.isfinite(row).all() or (is_sparse and not len(row) % 2):
            raise DataError(f"{shown}:{number}: not a label and values: {printable(repr(line[:40])[2:-1])}")
        labels.append(row[0])
        rows.append(row[1:])
        if not is_sparse and len(row) - 1 != len(rows[0]):
            raise DataError(
                f"{shown}:{number}: {counted(len(row) - 1, 'value')}, where the first row has {len(rows[0])}"
            )
    if not rows:
        raise DataError(f"{shown}: no rows in it")
    values = _spread(rows, len(data), shown) if is_sparse else np.array(rows, np.float32)
    return values, np.array(labels)


def _spread(rows: list[NDArray[np.float32]], n_bytes: int, shown: str) -> NDArray[np.float32]:
    """Values at their indices, and 0 elsewhere."""
    n = int(max(row[::2].max() for row in rows))
    least = min(row[::2].min() for row in rows)
    if least < 1 or any((row[::2] % 1).any() for row in rows):
        raise DataError(f"{shown}: an index that is no whole number from 1 on")
    if 4 * n * len(rows) > limit_of(n_bytes):
        raise DataError(
            f"{shown}: declares {counted(len(rows), 'row')} of {counted(n, 'value')}; too much for a file of its size"
        )
    gray, color = math.isqrt(n - 1) + 1, math.isqrt((n - 1) // 3) + 1
    values = np.zeros((len(rows), min(gray**2, 3 * color**2)), np.float32)
    for row, own in zip(values, rows, strict=True):
        row[own[::2].astype(np.intp) - 1] = own[1::2]
    return values
