"""Files that are written whole or not at all.

Everything goes to a temporary file in the same folder, which is flushed to the disk and then renamed over the old one:
whatever happens in between, a reader finds the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.errors import NncliError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO, TextIO


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically and durably.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is untouched.
    """
    with open_atomically(path) as file:
        file.write(text)


def open_atomically(path: Path) -> AbstractContextManager[TextIO]:
    """A text file to write to in a `with` block, which becomes `path` when the block ends without an exception.

    What UTF-8 cannot say, an odd byte of a file name for example, is written as an escape.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is untouched.
    """
    return _replace(path, mode="w", encoding="utf-8", errors="backslashreplace", newline="")


def open_bytes_atomically(path: Path) -> AbstractContextManager[BinaryIO]:
    """As `open_atomically`, a binary file."""
    return _replace(path, mode="wb")


@contextmanager
def _replace(path: Path, **how_to_open: Any) -> Iterator[Any]:
    target = Path(os.path.realpath(path))  # a link stays a link
    # A device or pipe, such as /dev/stdout, is written to and not replaced.
    is_special = target.exists() and not target.is_file()
    destination = target if is_special else target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with destination.open(**how_to_open) as file:
            yield file
            file.flush()
            if not is_special:
                os.fsync(file.fileno())
        if not is_special:
            destination.replace(target)
            _sync_folder(target.parent)
    except BaseException as error:
        if not is_special:
            with contextlib.suppress(OSError):
                destination.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            reason = error.strerror or str(error)
            raise NncliError(f"{printable(str(path))}: cannot be written: {reason}") from error
        raise


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
