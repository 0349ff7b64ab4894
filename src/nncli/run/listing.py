"""The runs in a folder, each in a few words; nothing of a model is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from nncli.config import load_config
from nncli.errors import ConfigError
from nncli.run.files import figures_of, read_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG, CROSSVAL = "config.yaml", "crossval.json"


@dataclass(frozen=True)
class ListedRun:
    """A run in few words.

    Attributes:
        path: Its directory.
        data: `data.path` of its config; empty where that cannot be read.
        accuracy, interval, images: As metrics.json has them; None where there is none yet.
        folds: Of a cross-validation that is finished, which has no model; else None.
        ended: When something was last written: metrics.json at the end, before that the checkpoint.
    """

    path: Path
    data: str
    accuracy: float | None
    interval: tuple[float, float] | None
    images: int | None
    folds: int | None
    ended: datetime


def run_folders(folder: Path) -> Iterator[Path]:
    """The run directories in `folder`, and itself if it is one: what was learned, or a cross-validation."""
    for path in (folder, *sorted(folder.iterdir())):
        if (path / CONFIG).is_file() and any((path / name).is_file() for name in ("model.npz", "last.npz", CROSSVAL)):
            yield path


def listed_run(path: Path) -> ListedRun:
    """The run in `path`.

    Raises:
        DataError: Its metrics.json is damaged.
    """
    metrics = read_metrics(path)
    folds = metrics.get("folds")
    try:
        data = str(load_config(path / CONFIG).config.data.path)
    except ConfigError:
        data = ""
    files = [path / name for name in ("metrics.json", "last.npz", CONFIG)]
    ended = next(file for file in files if file.exists()).stat().st_mtime
    n_folds = folds if isinstance(folds, int) else None
    return ListedRun(path, data, *figures_of(metrics), n_folds, datetime.fromtimestamp(ended).astimezone())
