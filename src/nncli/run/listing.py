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

CONFIG = "config.yaml"


@dataclass(frozen=True)
class ListedRun:
    """A run in few words.

    Attributes:
        path: Its directory.
        data: `data.path` of its config; empty where that cannot be read.
        accuracy, interval, images: As metrics.json has them; None where there is none yet.
        ended: When something was last written: metrics.json at the end, before that the checkpoint.
    """

    path: Path
    data: str
    accuracy: float | None
    interval: tuple[float, float] | None
    images: int | None
    ended: datetime


def run_folders(folder: Path) -> Iterator[Path]:
    """The run directories in `folder`, and itself if it is one: those that hold a config and what was learned."""
    for path in (folder, *sorted(folder.iterdir())):
        if (path / CONFIG).is_file() and any((path / name).is_file() for name in ("model.npz", "last.npz")):
            yield path


def listed_run(path: Path) -> ListedRun:
    """The run in `path`.

    Raises:
        DataError: Its metrics.json is damaged.
    """
    figures = figures_of(read_metrics(path))
    try:
        data = str(load_config(path / CONFIG).config.data.path)
    except ConfigError:
        data = ""
    files = [path / name for name in ("metrics.json", "last.npz", CONFIG)]
    ended = next(file for file in files if file.exists()).stat().st_mtime
    return ListedRun(path, data, *figures, datetime.fromtimestamp(ended).astimezone())
