"""Text files that are written whole or not at all.

As in `nncli.npz_file`: everything goes to a temporary file in the same folder, which is flushed to the disk and then
renamed over the old one. A reader finds the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.errors import NncliError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically and durably.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is untouched.
    """
    with open_atomically(path) as file:
        file.write(text)


@contextmanager
def open_atomically(path: Path) -> Iterator[TextIO]:
    """A text file to write to in a `with` block, which becomes `path` when the block ends without an exception.

    What UTF-8 cannot say, an odd byte of a file name for example, is written as an escape.

    Raises:
        NncliError: The file cannot be written. What was at `path` before is untouched.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    # A device or pipe, such as /dev/stdout, is written to and not replaced.
    is_special = target.exists() and not target.is_file()
    destination = target if is_special else target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with destination.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
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
