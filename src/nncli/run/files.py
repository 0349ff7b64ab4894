"""Files of a run directory about the training that made its model, read as a stranger's files.

Every file may be missing: a model can lie anywhere, and a run may be under way. A file that is there and cannot be
understood is an error that names it.
"""

from __future__ import annotations

import csv
import json
import math
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nncli.errors import DataError
from nncli.run.watched import WATCH, Watched, read_watched
from nncli.text import printable

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 26
"""Largest file read: half a million predictions."""

Curve = dict[str, list[float | None]]
"""Column of history.csv -> its value after each epoch; None where there is none."""


@dataclass(frozen=True)
class RunFiles:
    """The texts of a run directory.

    Attributes:
        folder: Where they lie.
        history: One list per column of history.csv, all of the same length.
        metrics: What metrics.json holds.
        config: The text of config.yaml.
        watched: What watch.npz holds; None if there is none.
    """

    folder: Path
    history: Curve = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    config: str = ""
    watched: Watched | None = None


@dataclass(frozen=True)
class SavedPrediction:
    """A line of predictions.csv, with class names."""

    path: str
    actual: str
    predicted: str
    probability: float


def read_run(folder: Path) -> RunFiles:
    """History, metrics, config and what was watched of the run in `folder`, as far as they are there.

    Raises:
        DataError, ModelFileError: One of them cannot be read or is damaged.
    """
    history, config = _parse_history(folder / "history.csv"), _text(folder / "config.yaml")
    return RunFiles(folder, history, read_metrics(folder), config, read_watched(folder / WATCH))


def read_metrics(folder: Path) -> dict[str, Any]:
    """Contents of metrics.json; nothing if there is no such file.

    Raises:
        DataError: It cannot be read or is damaged.
    """
    path = folder / "metrics.json"
    text = _text(path)
    try:
        metrics = json.loads(text) if text else {}
        if not isinstance(metrics, dict):
            raise ValueError("it is not a mapping")
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    return metrics


def figures_of(metrics: dict[str, Any]) -> tuple[float | None, tuple[float, float] | None, int | None]:
    """Accuracy, its interval and the number of images, each as far as it makes sense: the file may be anyone's."""
    accuracy, interval, images = (metrics.get(name) for name in ("accuracy", "interval", "images"))
    limits = [each for each in interval if isinstance(each, int | float)] if isinstance(interval, list) else []
    return (
        float(accuracy) if isinstance(accuracy, int | float) else None,
        (limits[0], limits[1]) if len(limits) == 2 else None,
        images if isinstance(images, int) else None,
    )


def read_predictions(folder: Path) -> list[SavedPrediction]:
    """The lines of predictions.csv; none if there is no such file.

    Raises:
        DataError: It cannot be read or is damaged.
    """
    path = folder / "predictions.csv"
    names = ("path", "actual", "predicted", "probability")
    rows = _rows(path, names)
    try:
        return [
            SavedPrediction(row["path"], row["actual"], row["predicted"], float(row["probability"])) for row in rows
        ]
    except ValueError as error:
        raise _damaged(path, error) from error


def read_answers(folder: Path, names: tuple[str, ...]) -> list[tuple[str, list[float]]]:
    """Path and right numbers of each line of the predictions.csv of a model that tells numbers, or labels as 0 and 1.

    Args:
        folder: The run; without such a file there are none.
        names: Of the numbers or labels.

    Raises:
        DataError: As `read_predictions`.
    """
    path, columns = folder / "predictions.csv", [f"actual_{name}" for name in names]
    rows = _rows(path, ("path", *columns))
    try:
        return [(row["path"], [float(row[column]) for column in columns]) for row in rows]
    except ValueError as error:
        raise _damaged(path, error) from error


def _parse_history(path: Path) -> Curve:
    rows = _rows(path, ("epoch", "loss"))
    try:
        return {name: [_number(row[name]) for row in rows] for name in (rows[0] if rows else ())}
    except ValueError as error:
        raise _damaged(path, error) from error


def _number(text: str) -> float | None:
    if not text:
        return None
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a finite number")
    return number


def _rows(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """The lines of a table below its header, which has at least the `needed` columns."""
    reader = csv.reader(_text(path).splitlines(), strict=True)
    try:
        header = next(reader, [])
        if header and not set(needed) <= set(header):
            raise ValueError(f"its first line has no {', '.join(name for name in needed if name not in header)}")
        return [dict(zip(header, row, strict=True)) for row in reader]
    except (csv.Error, ValueError) as error:
        raise _damaged(path, error) from error


def _text(path: Path) -> str:
    """Text of the file; empty if there is none."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:  # a named pipe would wait for ever
            raise DataError(f"{printable(str(path))}: is not a regular file of at most {MAX_BYTES >> 20} MB")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise DataError(f"{printable(str(path))}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{printable(str(path))}: is damaged: {printable(str(error))[:100]}; remove it, or train again")
