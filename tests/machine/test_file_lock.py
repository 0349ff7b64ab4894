"""Locks that end with their process, and files whose owner is gone."""

from __future__ import annotations

import errno
import os
import signal
import time
from typing import TYPE_CHECKING, NoReturn

import pytest

from nncli.machine.file_lock import close_locked, open_locked, remove_abandoned
from nncli.machine.forking import Helpers

fcntl = pytest.importorskip("fcntl")

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = os.O_CREAT | os.O_RDWR


def test_a_locked_file_is_locked(tmp_path: Path) -> None:
    """Until it is closed."""
    path = tmp_path / "a"
    descriptor = open_locked(path, FLAGS)
    with pytest.raises(BlockingIOError):
        open_locked(path, FLAGS)
    close_locked(descriptor)
    close_locked(open_locked(path, FLAGS))


def test_a_helper_does_not_hold_the_lock_on(tmp_path: Path) -> None:
    """It may live for a moment when its parent is killed, and must not block the next run."""
    path = tmp_path / "a"
    descriptor = open_locked(path, FLAGS)
    started, start = os.pipe()

    def work() -> None:
        os.write(start, b".")
        signal.pause()

    with Helpers() as helpers:
        helpers.start(work)
        assert b"." == os.read(started, 1)
        close_locked(descriptor)
        close_locked(open_locked(path, FLAGS))
    os.close(started)
    os.close(start)


def test_a_closed_file_is_not_closed_again_in_helpers(tmp_path: Path) -> None:
    """Its number may be another file's by then."""
    close_locked(open_locked(tmp_path / "a", FLAGS))
    descriptor = os.open(tmp_path / "b", FLAGS)
    with Helpers() as helpers:
        helpers.start(lambda: os._exit(os.write(descriptor, b"still open")))
        while not (codes := helpers.ended()):
            time.sleep(0.01)
    assert [10] == list(codes.values())
    os.close(descriptor)


def test_a_lock_on_a_file_that_was_removed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between opening and locking, its last owner may remove it: the one who comes next makes another file."""
    path, flock = tmp_path / "a", fcntl.flock

    def after_a_removal(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        path.unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", after_a_removal)
    descriptor = open_locked(path, FLAGS)
    assert os.path.samestat(path.stat(), os.fstat(descriptor))
    with pytest.raises(BlockingIOError):
        open_locked(path, FLAGS)
    close_locked(descriptor)


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error, or good enough, as the caller says; no file stays open."""

    def flock(_descriptor: int, _operation: int) -> NoReturn:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    n_open = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a number
    with pytest.raises(OSError, match="No locks available"):
        open_locked(tmp_path / "a", FLAGS)
    assert n_open == len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    close_locked(open_locked(tmp_path / "a", FLAGS, is_required=False))


def test_only_files_without_an_owner_are_removed(tmp_path: Path) -> None:
    """And of those only the ones with the right name; a pipe of that name does not make it wait."""
    for name, text in (("x.tmp", "abandoned"), ("x.txt", "other")):
        (tmp_path / name).write_text(text)
    descriptor = open_locked(tmp_path / "y.tmp", FLAGS)
    (tmp_path / "folder.tmp").mkdir()
    os.mkfifo(tmp_path / "pipe.tmp")
    assert len("abandoned") == remove_abandoned(tmp_path, "*.tmp")
    assert {"x.txt", "y.tmp", "folder.tmp"} == {path.name for path in tmp_path.iterdir()}
    close_locked(descriptor)


def test_a_lock_that_cannot_be_closed_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems report an error of the past then, when everything is done."""
    descriptor, close = open_locked(tmp_path / "a", FLAGS), os.close

    def broken(number: int) -> NoReturn:
        close(number)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "close", broken)
    close_locked(descriptor)
