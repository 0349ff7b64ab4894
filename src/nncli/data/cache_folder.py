"""The folder of kept rows: ``$XDG_CACHE_HOME/nncli``, one file for the pixels or features of a data set.

    rows       one image per row, n_rows * n_values bytes
    about      JSON: what these rows are
    end        length of the JSON, and a magic number

The rows come first so that they begin at a page of memory, and everything is in one file so that renaming it makes it
appear whole. Its time of modification is the time of its last use.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.machine.file_lock import READ, remove_abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = ".rows"
OLD_SUFFIX = ".pixels"
"""Of entries that older versions wrote: nobody reads them any more, but they take room."""

PIXELS, FEATURES, TRIAL = "pixels", "features", "trial"
KEPT = {PIXELS: "decoded images", FEATURES: "features", TRIAL: "what was tried"}
"""Kind of rows -> in words."""

_END = struct.Struct("<Q8s")
_MAGIC = b"nncli\x00\x00\x02"

MOST_ABOUT_BYTES = 1 << 28
MOST_BYTES = 20 * 10**9
"""Limit of all entries together; those not used for the longest time go first."""


@dataclass(frozen=True)
class About:
    """Description of the rows of an entry.

    Attributes:
        kind: pixels, features, or the trial of the recipes.
        source: The folder that the images lie in.
        form: Of a row, in words: the image format, or the feature blocks.
        preprocessing: A digest of everything but the images that the rows depend on.
        n_images: Asked for.
        n_rows: Images that gave a row.
        n_values: Length of a row.
        bad: Place of each other image in the sorted list, and the reason.
    """

    kind: str
    source: str
    form: str
    preprocessing: str
    n_images: int
    n_rows: int
    n_values: int
    bad: list[tuple[int, str]]

    def to_bytes(self) -> bytes:
        """Trailer of an entry."""
        text = json.dumps(asdict(self)).encode()
        return text + _END.pack(len(text), _MAGIC)

    @property
    def n_bytes(self) -> int:
        """Length of the rows."""
        return self.n_rows * self.n_values


@dataclass(frozen=True)
class Entry:
    """A file of the cache, as `entries` found it."""

    path: Path
    n_bytes: int
    last_used: float
    about: About | None


def cache_folder() -> Path:
    """Where entries are kept; it may not exist.

    Raises:
        OSError: The user has no home.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - any other value is to be ignored, says the XDG specification
        return Path(base) / "nncli"
    try:
        return Path.home() / ".cache" / "nncli"
    except RuntimeError as error:
        raise OSError("there is no home folder") from error


def read_about(descriptor: int) -> About | None:
    """Description of an open entry; None if it is damaged or none of ours."""
    try:
        size = os.fstat(descriptor).st_size
        length, magic = _END.unpack(os.pread(descriptor, _END.size, max(size - _END.size, 0)))
        if magic != _MAGIC or length > min(MOST_ABOUT_BYTES, size - _END.size):
            return None
        values = json.loads(os.pread(descriptor, length, size - _END.size - length))
        if not isinstance(values, dict) or set(values) != {field.name for field in fields(About)}:
            return None
        about = About(**{**values, "bad": [(int(i), str(reason)) for i, reason in values["bad"]]})
        counts = about.n_images, about.n_rows, about.n_values
        places = [i for i, _ in about.bad]
        is_sound = (
            all(type(n) is int and n > 0 for n in counts)
            and about.kind in list(KEPT)  # a list, because what is read may not be hashable
            and all(type(text) is str for text in (about.source, about.form, about.preprocessing))
            and places == sorted(set(places) & set(range(about.n_images)))
            and about.n_rows + len(places) == about.n_images
            and about.n_bytes + length + _END.size == size
        )
        return about if is_sound else None
    except (OSError, ValueError, TypeError, ArithmeticError, RecursionError, struct.error):
        return None


def entries() -> Iterator[Entry]:
    """Every entry, the latest used first; damaged ones without `about`.

    Raises:
        OSError: The folder cannot be read.
    """
    folder = cache_folder()
    if not folder.is_dir():
        return
    found = []
    for path in (*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{OLD_SUFFIX}")):
        with contextlib.suppress(OSError):  # another program may remove it at this moment
            descriptor = os.open(path, READ)
            try:
                status = os.fstat(descriptor)
                found.append(Entry(path, status.st_size, status.st_mtime, read_about(descriptor)))
            finally:
                os.close(descriptor)
    yield from sorted(found, key=lambda entry: entry.last_used, reverse=True)


def remove(entry: Entry) -> int:
    """Delete an entry; programs that use it keep what they have. Returns the bytes freed."""
    try:
        entry.path.unlink()
    except OSError:
        return 0
    return entry.n_bytes


def remove_leftovers(folder: Path) -> int:
    """Delete unfinished entries of programs that are gone, which hold no lock any more. Returns the bytes freed."""
    return remove_abandoned(folder, ".*.tmp")


def tidy(newest: Path) -> None:
    """Make room after `newest` was added: what it replaces goes, then the least recently used."""
    with contextlib.suppress(OSError):
        remove_leftovers(newest.parent)
        found = list(entries())
        new = next((entry.about for entry in found if entry.path == newest), None)
        total = sum(entry.n_bytes for entry in found)
        for entry in reversed(found):
            about = entry.about
            is_stale = new and about and (about.source, about.preprocessing) == (new.source, new.preprocessing)
            if entry.path != newest and (is_stale or total > MOST_BYTES):
                total -= remove(entry)
