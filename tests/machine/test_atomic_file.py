"""Text files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from nncli.errors import NncliError
from nncli.machine.atomic_file import open_atomically, write_text_atomically
from tests.without import needs_locks


def test_text_is_written_as_utf8(tmp_path: Path) -> None:
    """Whatever the locale, and without touching line ends."""
    write_text_atomically(tmp_path / "a.txt", "ผัดไทย\r\n")
    assert "ผัดไทย\r\n".encode() == (tmp_path / "a.txt").read_bytes()


def test_a_lone_surrogate_is_escaped(tmp_path: Path) -> None:
    """An undecodable file name does not stop the file that lists it."""
    write_text_atomically(tmp_path / "a.txt", "\udcff")
    assert "\\udcff" == (tmp_path / "a.txt").read_text()


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """Not even a temporary file stays behind."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), open_atomically(path) as file:
        file.write("new")
        raise KeyboardInterrupt
    assert [path] == list(tmp_path.iterdir())
    assert "old" == path.read_text()


def test_the_old_file_is_there_until_the_end(tmp_path: Path) -> None:
    """A reader never sees half of the new one."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    with open_atomically(path) as file:
        file.write("new")
        file.flush()
        assert "old" == path.read_text()
    assert "new" == path.read_text()


def test_the_mode_follows_the_umask(tmp_path: Path) -> None:
    """Not the 0600 of a temporary file."""
    before = os.umask(0o027)
    try:
        write_text_atomically(tmp_path / "a.txt", "")
    finally:
        os.umask(before)
    assert 0o640 == stat.S_IMODE((tmp_path / "a.txt").stat().st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file it points to is replaced."""
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    write_text_atomically(link, "new")
    assert link.is_symlink()
    assert "new" == target.read_text()


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """A FIFO or a device such as /dev/null is not replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()), daemon=True)
    reader.start()
    write_text_atomically(pipe, "new")
    reader.join(10)
    assert ["new"] == received
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["missing/a.txt", "folder"])
def test_what_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    """A missing folder, or a folder instead of a file."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(NncliError, match=f"{name}: cannot be written: "):
        write_text_atomically(tmp_path / name, "")


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    """The error says why."""

    def fail(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os if function == "fsync" else Path, function, fail)
    with pytest.raises(NncliError, match=r"a\.txt: cannot be written: No space left on device"):
        write_text_atomically(path, "new")
    monkeypatch.undo()
    assert [path] == list(tmp_path.iterdir())
    assert "old" == path.read_text()


@needs_locks
def test_drafts_of_killed_processes_go_with_the_next_write(tmp_path: Path) -> None:
    """Those of processes that still write stay, and so do other files."""
    for name in (".nncli-01234567.tmp", ".other.tmp"):
        (tmp_path / name).write_text("half")
    with open_atomically(tmp_path / "a.txt") as file:
        file.write("a")
        write_text_atomically(tmp_path / "b.txt", "b")
    assert {".other.tmp", "a.txt", "b.txt"} == {path.name for path in tmp_path.iterdir()}
    assert "a" == (tmp_path / "a.txt").read_text()


def test_a_draft_that_is_taken_for_abandoned_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may look between the making and the locking of it, and hold its lock for a moment."""
    import fcntl

    flock, drafts = fcntl.flock, list[Path]()

    def busy_at_first(descriptor: int, operation: int) -> None:
        drafts.extend(tmp_path.glob(".nncli-*"))
        if len(drafts) == 1:
            raise BlockingIOError
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", busy_at_first)
    write_text_atomically(tmp_path / "a.txt", "new")
    assert "new" == (tmp_path / "a.txt").read_text()


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    """The temporary file's name does not grow with it."""
    path = tmp_path / ("n" * 255)
    write_text_atomically(path, "new")
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(("number", "is_error"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_file_systems_that_cannot_flush_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_error: bool
) -> None:
    """Some network file systems cannot; a broken disk is another matter."""
    fsync = os.fsync

    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    if is_error:
        with pytest.raises(NncliError, match=r"a\.txt: cannot be written: Input/output error"):
            write_text_atomically(tmp_path / "a.txt", "new")
    else:
        write_text_atomically(tmp_path / "a.txt", "new")
    assert "new" == (tmp_path / "a.txt").read_text()


def test_what_is_to_be_done_between_writing_and_renaming(tmp_path: Path) -> None:
    """It sees the old file; if it fails, the old file stays."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    seen: list[str] = []
    write_text_atomically(path, "new", lambda: seen.append(path.read_text()))
    assert ["old", "new"] == [*seen, path.read_text()]

    def fail() -> None:
        raise NncliError("something else went wrong")

    with pytest.raises(NncliError, match=r"^something else went wrong$"):
        write_text_atomically(path, "newer", fail)
    assert [path] == list(tmp_path.iterdir())
    assert "new" == path.read_text()
