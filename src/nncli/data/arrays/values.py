"""From arrays of any origin to images of bytes and whole numbers as labels; a note on every turn.

images    (m, h, w), (m, h, w, c), also with the channels first or the examples last; (m, n) where n is a square
values    0..255, or scaled to that: 0..1, -1..1, 0..16 (scikit-learn's digits), 0..65535
labels    (m,), (m, 1), (m, 1, 1, 1), one-hot (m, k), or QMNIST's (m, 8), whose first column is the class
targets   of a regression: numbers, (m,) or (m, k)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import DataError, UsageError
from nncli.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHANNELS = (1, 3, 4)

MOST_NAMED = 1000
"""Wrong targets named in one message."""


def as_images(values: NDArray[Any], n_labels: int | None, shown: str, notes: list[str]) -> NDArray[np.uint8]:
    """Images, (m, h, w) or (m, h, w, c), uint8.

    Args:
        values: As read.
        n_labels: How many labels there are, to tell which axis counts the examples.
        shown: Where they come from, printable.
        notes: Told of every turn.

    Raises:
        DataError: They are no images.
    """
    if n_labels is not None and values.ndim > 1 and values.shape[0] != n_labels == values.shape[-1]:
        values = np.moveaxis(values, -1, 0)
        notes.append(f"{shown}: the last axis counts the images")
    if values.ndim == 2:
        values = _unrolled(values, shown, notes)
    if values.ndim == 4 and values.shape[1] in _CHANNELS and values.shape[-1] not in _CHANNELS:
        values = np.moveaxis(values, 1, -1)
        notes.append(f"{shown}: channels come before rows and columns")
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim not in (3, 4) or (values.ndim == 4 and values.shape[-1] not in (3, 4)) or 0 in values.shape[1:]:
        raise DataError(f"{shown}: an array of {' x '.join(map(str, values.shape))} is no set of images")
    return _as_bytes(values, shown, notes)


def _unrolled(values: NDArray[Any], shown: str, notes: list[str]) -> NDArray[Any]:
    """Rows of values as square pictures."""
    m, n = values.shape
    side = math.isqrt(n)
    if side * side == n:
        notes.append(f"{shown}: {counted(n, 'value')} in a row, read as {side}x{side} pixels")
        return values.reshape(m, side, side)
    side = math.isqrt(n // 3)
    if side * side * 3 == n:
        notes.append(f"{shown}: {counted(n, 'value')} in a row, read as three channels of {side}x{side} pixels")
        return np.moveaxis(values.reshape(m, 3, side, side), 1, -1)
    raise DataError(
        f"{shown}: {counted(n, 'value')} in a row, no square picture; save the array as (images, height, width)"
    )


def _as_bytes(values: NDArray[Any], shown: str, notes: list[str]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype.kind not in "biuf":
        raise DataError(f"{shown}: values of type {values.dtype} are no pixels")
    if values.dtype.kind == "b":
        return np.ascontiguousarray(values.astype(np.uint8) * 255)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DataError(f"{shown}: holds values that are no finite numbers")
    offset, scale = _scale(values, low, high, shown)
    if (offset, scale) != (0.0, 1.0):
        notes.append(f"{shown}: values from {low:g} to {high:g}, made 0 to 255")
    images = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), 1024):  # a whole set as floating-point numbers would take eight times its room
        piece = values[start : start + 1024].astype(np.float32)
        np.rint((piece + np.float32(offset)) * np.float32(scale), out=piece)
        images[start : start + 1024] = piece
    return images


def _scale(values: NDArray[Any], low: float, high: float, shown: str) -> tuple[float, float]:
    """The summand, and the factor that follows it."""
    if values.dtype.kind != "f":
        if low >= 0 and high <= 255:
            return 0.0, 1.0
        if low >= 0 and high <= 65535 and values.dtype == np.uint16:
            return 0.0, 255 / 65535
    elif low >= 0 and high <= 1:
        return 0.0, 255.0
    elif -1 <= low < 0 and high <= 1:
        return 1.0, 127.5
    elif low >= 0 and high == 16 and np.array_equal(values, np.rint(values)):
        return 0.0, 255 / 16
    elif low >= 0 and high <= 255:
        return 0.0, 1.0
    raise DataError(f"{shown}: values from {low:g} to {high:g}; save them as bytes from 0 to 255")


def as_labels(values: NDArray[Any], shown: str, notes: list[str]) -> NDArray[Any]:
    """Labels, (m,): whole numbers or text.

    Raises:
        DataError: They are no labels.
    """
    if values.ndim > 1 and max(values.shape[1:]) == 1:
        values = values.reshape(len(values))
    elif values.ndim == 2 and values.shape[0] == 1:
        values = values[0]
    elif values.ndim == 2 and values.shape[1] == 8 and values.dtype.kind == "i" and values.dtype.itemsize == 4:
        notes.append(f"{shown}: eight numbers a label, of which the first is the class")
        values = values[:, 0]
    elif values.ndim == 2 and values.size and _is_one_hot(values):
        values = values.argmax(axis=1)
    if values.ndim != 1:
        raise DataError(f"{shown}: an array of {' x '.join(map(str, values.shape))} is no list of labels")
    if values.dtype.kind in "US":
        names = np.char.decode(values, "latin-1") if values.dtype.kind == "S" else values
        for i in np.flatnonzero(names == "")[:1]:
            raise DataError(f"{shown}[{i}]: no label; leave out this image, or give it one")
        return names
    with np.errstate(invalid="ignore"):
        labels: NDArray[np.int64] = values.astype(np.int64)
    for i in np.flatnonzero(labels != values)[:1]:  # a fraction, no number, or one that is too large
        way_out = "where numbers are to be told, write data.task: regression"
        raise DataError(f"{shown}[{i}]: label {values[i]:g}, no whole number; {way_out}")
    return labels


def count(values: NDArray[Any]) -> int:
    """Images that labels or targets are for: a list of one row is one of as many columns."""
    return len(values) if values.ndim > 1 and 1 not in values.shape else values.size


def as_targets(values: NDArray[Any], shown: str) -> NDArray[np.float64]:
    """Numbers to be told, (m, k).

    Raises:
        DataError: They are none.
        UsageError: Some are not finite, as a cell of a table that is none.
    """
    if values.ndim not in (1, 2) or values.dtype.kind not in "biuf":
        shape = " x ".join(map(str, values.shape))
        raise DataError(f"{shown}: an array of {shape} values of type {values.dtype} are no numbers to be told")
    targets = values.astype(np.float64).reshape(count(values), -1)
    bad = np.flatnonzero(~np.isfinite(targets).all(axis=1))
    if bad.size:
        wrong = [(i, targets[i][~np.isfinite(targets[i])][0]) for i in bad[:MOST_NAMED].tolist()]
        lines = [f"{shown}[{i}]: target {number:g}, not a finite number" for i, number in wrong]
        more = [f"... and {bad.size - MOST_NAMED:,} more"] if bad.size > MOST_NAMED else []
        raise UsageError("\n".join([*lines, *more, f"{shown}: correct these targets, or remove them and their images"]))
    return targets


def _is_one_hot(values: NDArray[Any]) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())
