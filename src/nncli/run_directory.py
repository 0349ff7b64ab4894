"""Where a run's files go.

    model.npz              the best parameters; alone enough to predict
    last.npz               everything that --resume needs
    config.yaml            the complete config, runnable again
    history.csv            one row per epoch
    metrics.json           how good the model is, and on what
    predictions.csv        path, actual, predicted, probability of every validation image
    confusion_matrix.csv   rows: actual, columns: predicted

A lock, which the operating system drops when the process ends however it ends, keeps two runs from writing into one folder.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.errors import NncliError, UsageError
from nncli.data.natural_order import natural_key
from nncli.text import printable

if TYPE_CHECKING:
    from types import TracebackType

RUNS = Path("runs")
FILES = ("model.npz", "last.npz", "config.yaml", "history.csv", "metrics.json", "predictions.csv", "confusion_matrix.csv")


class RunDirectory:
    """A locked run directory; a context manager that gives the lock back.

    Args:
        path: The directory, which exists.

    Raises:
        UsageError: Another run is writing there.
        NncliError: The directory cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._lock = os.open(path / ".lock", os.O_CREAT | os.O_RDWR, 0o666)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise UsageError(f"{printable(str(path))}: another run is writing there; choose another --out") from error
        for leftover in path.glob(".*.tmp"):  # of a run that was killed while it wrote; the lock says it is gone
            leftover.unlink(missing_ok=True)

    def __truediv__(self, name: str) -> Path:
        """The path of a file in the directory."""
        return self.path / name

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._lock)


def create_run(config_name: str, out: Path | None = None, *, force: bool = False) -> RunDirectory:
    """Make the directory of a new run and lock it.

    Args:
        config_name: The config's file name without suffix; the default directory is `runs/<config_name>-N`, N counting up.
        out: The directory asked for.
        force: Write into `out` even if it holds a run; that run's files are removed.

    Raises:
        UsageError: `out` exists and is not empty, or another run is writing there.
        NncliError: The directory cannot be made or written.
    """
    try:
        if out is None:
            return RunDirectory(_make_next(RUNS, config_name))
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(out or RUNS, error) from error
    run = RunDirectory(out)
    present = [name for name in os.listdir(out) if name != ".lock"]  # noqa: PTH208 - names, no paths
    if present and not force:
        raise UsageError(f"{printable(str(out))}: is not empty; choose another --out, or --force to replace the run there")
    for name in set(present) & set(FILES):
        (out / name).unlink()
    return run


def latest_run(config_name: str | None = None) -> Path | None:
    """The newest directory in `runs/` that can be resumed: of this config, or of any."""
    candidates = [
        path.parent
        for path in RUNS.glob("*/last.npz")
        if config_name is None or re.fullmatch(re.escape(config_name) + r"-\d+", path.parent.name)
    ]
    return max(candidates, key=lambda path: (path.stat().st_mtime_ns, natural_key(path.name)), default=None)


def _make_next(parent: Path, name: str) -> Path:
    """Make `parent/name-N` with the smallest N above all that are there."""
    parent.mkdir(parents=True, exist_ok=True)
    taken = [int(match[1]) for entry in parent.iterdir() if (match := re.fullmatch(re.escape(name) + r"-(\d+)", entry.name))]
    n = max(taken, default=0) + 1
    while True:
        try:
            (parent / f"{name}-{n}").mkdir()
        except FileExistsError:  # another run was faster
            n += 1
        else:
            return parent / f"{name}-{n}"


def _cannot_write(path: Path, error: OSError) -> NncliError:
    return NncliError(f"{printable(str(path))}: cannot be written: {error.strerror or error}; choose another --out")
