"""Where a run's files go.

    model.npz              the best parameters; alone enough to predict
    last.npz               everything that --resume needs
    config.yaml            the complete config, runnable again
    history.csv            one row per epoch
    metrics.json           how good the model is, and on what
    predictions.csv        path, actual, predicted, probability of every validation image
    confusion_matrix.csv   rows: actual, columns: predicted
    watch.npz              what the network was like while it learned, with --watch

A lock, which the operating system drops when the process ends however it ends, keeps two runs from writing into one
folder.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.natural_order import natural_key
from nncli.errors import NncliError, UsageError
from nncli.machine.atomic_file import DRAFTS
from nncli.machine.file_lock import close_locked, open_locked, remove_abandoned
from nncli.text import printable

if TYPE_CHECKING:
    from types import TracebackType

RUNS = Path("runs")
LOCK = ".lock"
FILES = (
    *("model.npz", "last.npz", "config.yaml", "history.csv"),
    *("metrics.json", "predictions.csv", "confusion_matrix.csv", "watch.npz"),
)


class RunDirectory:
    """A locked run directory; a context manager that gives the lock back.

    Args:
        path: The directory, which exists.
        is_new: Made for this run; it goes again if nothing was written to it.
        replaces: `clear` is to remove the files of the run that was here.

    Raises:
        UsageError: Another run is writing there.
        NncliError: The directory cannot be written.
    """

    def __init__(self, path: Path, *, is_new: bool = False, replaces: bool = False) -> None:
        self.path, self.is_new, self.replaces = path, is_new, replaces
        try:
            self._lock = open_locked(path / LOCK, os.O_CREAT | os.O_RDWR)
        except BlockingIOError as error:
            raise UsageError(f"{printable(str(path))}: another run is writing there; choose another --out") from error
        except OSError as error:
            raise _cannot_write(path, error) from error
        remove_abandoned(path, DRAFTS)  # of a run that was killed

    def __truediv__(self, name: str) -> Path:
        """The path of a file in the directory."""
        return self.path / name

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def clear(self) -> None:
        """Remove the files of the run that this one replaces; not earlier than its own can be written.

        Raises:
            NncliError: One of them cannot be removed.
        """
        try:
            for name in FILES if self.replaces else ():
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def close(self) -> None:
        """Give the lock back."""
        with contextlib.suppress(OSError):
            if self.is_new and not _names_in(self.path):
                for name in ("config.yaml", LOCK):
                    (self.path / name).unlink(missing_ok=True)
                self.path.rmdir()
        close_locked(self._lock)


def create_run(config_name: str, out: Path | None = None, *, force: bool = False) -> RunDirectory:
    """Make the directory of a new run and lock it.

    Args:
        config_name: The config's file name without suffix; the default directory is `runs/<config_name>-N`.
        out: The directory asked for, instead of the next N.
        force: Use `out` even if it holds a run, whose files are removed when this one starts to write.

    Raises:
        UsageError: `out` exists and is not empty, or another run is writing there.
        NncliError: The directory cannot be made or written.
    """
    try:
        if out is None:
            return RunDirectory(_make_next(RUNS, config_name), is_new=True)
        is_new = not out.exists()
        out.mkdir(parents=True, exist_ok=True)
        if not (force or (out / LOCK).exists()):  # a folder that never was a run's stays untouched
            _refuse_unless_empty(out)
    except OSError as error:
        raise _cannot_write(out or RUNS, error) from error
    run = RunDirectory(out, is_new=is_new, replaces=force)
    if not force:
        try:
            _refuse_unless_empty(out)
        except UsageError:
            run.close()
            raise
    return run


def _refuse_unless_empty(out: Path) -> None:
    if _names_in(out):
        shown = printable(str(out))
        raise UsageError(f"{shown}: is not empty; choose another --out, or --force to replace the run there")


def _names_in(folder: Path) -> set[str]:
    names = set(os.listdir(folder))  # noqa: PTH208 - names, no paths
    # A run that was killed before its first checkpoint leaves its lock, and perhaps its config: nothing is lost.
    return set() if LOCK in names and names <= {LOCK, "config.yaml"} else names - {LOCK}


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
    matches = [re.fullmatch(re.escape(name) + r"-(\d+)", entry.name) for entry in parent.iterdir()]
    n = max((int(match[1]) for match in matches if match), default=0) + 1
    while True:
        try:
            (parent / f"{name}-{n}").mkdir()
        except FileExistsError:  # another run was faster
            n += 1
        else:
            return parent / f"{name}-{n}"


def _cannot_write(path: Path, error: OSError) -> NncliError:
    return NncliError(f"{printable(str(path))}: cannot be written: {error.strerror or error}; choose another --out")
