"""Files that are written whole or not at all.

Everything goes to a draft, a temporary file in the same folder, which is flushed to the disk and then renamed over the
old one: whatever happens in between, a reader finds the old file or the new one, never half of one. A draft is locked
by the process that writes it; those of killed processes have no lock, and the next write into the folder removes them.
"""

from __future__ import annotations

import contextlib
import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.errors import NncliError
from nncli.machine.file_lock import HAS_LOCKS, close_locked, open_locked, remove_abandoned
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO, TextIO

DRAFTS = ".nncli-*.tmp"


def write_text_atomically(path: Path, text: str, when_written: Callable[[], None] = lambda: None) -> None:
    """Write `text` to `path` as UTF-8, atomically and durably.

    Args:
        path: The file.
        text: What it is to hold.
        when_written: Called when everything is on the disk, before the rename; if it fails, nothing is renamed.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is untouched.
    """
    with _replace(path, when_written, mode="w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)


def open_atomically(path: Path) -> AbstractContextManager[TextIO]:
    """A text file to write to in a `with` block, which becomes `path` when the block ends without an exception.

    What UTF-8 cannot say, an odd byte of a file name for example, is written as an escape.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is untouched.
    """
    return _replace(path, mode="w", encoding="utf-8", errors="backslashreplace", newline="")


def open_bytes_atomically(
    path: Path, when_written: Callable[[], None] = lambda: None
) -> AbstractContextManager[BinaryIO]:
    """As `open_atomically`, a binary file; `when_written` as for `write_text_atomically`."""
    return _replace(path, when_written, mode="wb")


@contextmanager
def _replace(path: Path, when_written: Callable[[], None] = lambda: None, **how_to_open: Any) -> Iterator[Any]:
    target = Path(os.path.realpath(path))  # a link stays a link
    try:
        if target.exists() and not target.is_file():  # a device or pipe, such as /dev/stdout
            with target.open(**how_to_open) as file:
                yield file
        else:
            with _draft_of(target, when_written, how_to_open) as file:
                yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise NncliError(f"{printable(str(path))}: cannot be written: {reason}") from error


@contextmanager
def _draft_of(target: Path, when_written: Callable[[], None], how_to_open: dict[str, Any]) -> Iterator[Any]:
    remove_abandoned(target.parent, DRAFTS)
    draft, descriptor = _new_draft(target.parent)
    try:
        try:
            with open(descriptor, closefd=False, **how_to_open) as file:
                yield file
                file.flush()
                os.fsync(descriptor)
                when_written()
                if HAS_LOCKS:
                    draft.replace(target)  # while it is locked
        finally:
            close_locked(descriptor)
        if not HAS_LOCKS:  # such a system may not rename an open file
            draft.replace(target)
        _sync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _new_draft(folder: Path) -> tuple[Path, int]:
    """A new file in `folder`, with the mode that the umask allows, and its descriptor."""
    while True:
        draft = folder / f".nncli-{os.urandom(4).hex()}.tmp"  # not by process id: two containers can share a folder
        try:
            return draft, open_locked(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, is_required=False)
        except BlockingIOError:  # another process found it before it was locked, and is removing it
            continue


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the file system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written to but not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot
            raise
    finally:
        os.close(descriptor)
