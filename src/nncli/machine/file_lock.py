"""Files locked by the process that works on them.

The operating system drops such a lock when the process ends, however it ends: a lock left by a killed process blocks no
one, and a temporary file without a lock has no owner any more. A lock lasts as long as any process has the file open,
so a process forked from this one closes its copies at once; else a helper that outlives its killed parent for a moment
would hold them on. Where the operating system has no such locks (`HAS_LOCKS`), files are opened without: two programs
in one run directory do not notice each other, and files left behind are not removed.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # there is nothing that lasts as long as a process: files are opened without a lock
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_held: set[int] = set()
"""Descriptors of the files that this process has locked."""


def _close_inherited() -> None:
    """Close what this process, just forked, has got of its parent's locks, which stay the parent's."""
    while _held:
        close_locked(_held.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)

BINARY = getattr(os, "O_BINARY", 0)
"""Flag where bytes are not kept without it."""

READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY
"""Flags to read with; a pipe nobody writes to is not waited for."""

HAS_LOCKS = fcntl is not None
"""Whether files can be locked here."""


def open_locked(path: Path, flags: int, mode: int = 0o666, *, is_required: bool = True) -> int:
    """Open `path` and lock it; returns the descriptor, which `close_locked` closes.

    Args:
        path: The file.
        flags: As for `os.open`.
        mode: As for `os.open`.
        is_required: Otherwise a file system without locks gives the file without a lock.

    Raises:
        BlockingIOError: Another process has the lock.
        OSError: The file cannot be opened, or not be locked.
    """
    while True:
        descriptor = os.open(path, flags | BINARY, mode)
        try:
            _lock(descriptor)
        except OSError as error:
            if is_required or isinstance(error, BlockingIOError):
                os.close(descriptor)
                raise
        if _is_at(path, descriptor):
            _held.add(descriptor)
            return descriptor
        os.close(descriptor)  # its last owner removed it between the two calls: a lock on nothing


def close_locked(descriptor: int) -> None:
    """Close the file and give the lock back."""
    _held.discard(descriptor)
    with contextlib.suppress(OSError):  # what was written was flushed before; now nothing can be lost
        os.close(descriptor)


def remove_abandoned(folder: Path, pattern: str) -> int:
    """Delete files that match `pattern` and that nobody has locked; returns the bytes freed."""
    freed = 0
    if not HAS_LOCKS:  # nobody knows whose they are
        return freed
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, READ)
            try:
                _lock(descriptor)
                size = os.fstat(descriptor).st_size
                path.unlink()
                freed += size
            finally:
                os.close(descriptor)
    return freed


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Wait until nobody else has `folder`, and have it for a while.

    Raises:
        OSError: It is not there.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if HAS_LOCKS:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    if HAS_LOCKS:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
