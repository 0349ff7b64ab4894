"""Cache of decoded images and features: the second time their rows of bytes are mapped into memory from a file.

The name of the file is a digest of all that the rows depend on. If anything changes, the name changes, and they are
made anew. Of decoded images these are the image format, the version of the decoder, and path, size and times of every
image file. No entry is ever changed: a new one is written beside it and renamed when it is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import PIL

from nncli.data.cache_folder import KEPT, PIXELS, SUFFIX, About, cache_folder, read_about, tidy
from nncli.data.image.decoding import DECODER_VERSION
from nncli.data.loading import BadImage, LoadedImages, load_images
from nncli.data.pixel_rows import map_rows
from nncli.machine.file_lock import READ, close_locked, open_locked
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat


class Rows(NamedTuple):
    """Contents of an entry.

    Attributes:
        values: One row for each image that gave one, (m, n).
        bad: Place of each other image in the list, and the reason.
        is_final: Whether the same images will give the same rows; only then they are kept.
    """

    values: NDArray[np.uint8]
    bad: Sequence[tuple[int, str]] = ()
    is_final: bool = True


def load_cached(
    paths: Sequence[str],
    image_format: ImageFormat,
    source: str | Path,
    on_progress: Callable[[int], None] | None = None,
    on_note: Callable[[str], None] = lambda _note: None,
    *,
    load: Callable[..., LoadedImages] | None = None,
    state: str | None = None,
    part: str = "",
) -> LoadedImages:
    """Result of `load_images` for `paths`, from the cache if it is there, else from the files and then kept.

    Args:
        paths: The files, sorted.
        image_format: The size and the color mode to bring them to.
        source: The folder they lie in.
        on_progress: Called with the number of files just finished.
        on_note: Told in a line why pixels could not be kept.
        load: Called where they have to be decoded, instead of `load_images`.
        state: A text that is another one after any change to the images, where these are no files of their own.
        part: Which part of the source they are, where others are kept beside it.

    Raises:
        DataError: As `load_images`.
    """

    def decode(memory: NDArray[np.uint8] | None) -> Rows:
        loaded = (load or load_images)(paths, image_format, on_progress, pixels=memory)
        places = sorted(set(range(len(paths))) - set(loaded.kept.tolist()))
        bad = [(place, image.reason) for place, image in zip(places, loaded.bad, strict=True)]
        return Rows(loaded.pixels, bad, not any(image.may_pass for image in loaded.bad))

    preprocessing = _digest(json.dumps([image_format.to_dict(), DECODER_VERSION, PIL.__version__]))
    folder = os.path.abspath(source) + part  # noqa: PTH100 - a link stays a link
    wanted = About(PIXELS, folder, str(image_format), preprocessing, len(paths), 0, image_format.n_features, [])
    states = _states(paths) if state is None else [state, *paths]
    rows = cached(_digest(preprocessing, *states), wanted, decode, on_progress, on_note)
    kept = np.delete(np.arange(len(paths)), [place for place, _ in rows.bad])
    return LoadedImages(rows.values, kept, tuple(BadImage(paths[place], reason) for place, reason in rows.bad))


def cached(
    name: str,
    wanted: About,
    make: Callable[[NDArray[np.uint8] | None], Rows],
    on_progress: Callable[[int], None] | None,
    on_note: Callable[[str], None],
) -> Rows:
    """Rows from the cache if they are there, else made and then kept.

    Args:
        name: Of the entry: a digest of all that the rows depend on.
        wanted: What the entry is; its rows are not yet counted.
        make: Makes the rows in the memory that it is given, (n_images, n_values), or in memory of its own.
        on_progress: Told the number of images if they are there.
        on_note: Told in a line why they could not be kept.
    """

    def note(error: OSError) -> None:
        where = f"{printable(os.fsdecode(error.filename))}: " if error.filename else ""
        on_note(f"{KEPT[wanted.kind]} are not kept for the next time: {where}{error.strerror or error}")

    draft = None
    try:
        path = cache_folder() / (name + SUFFIX)
        if found := _open_entry(path, wanted):
            if on_progress:
                on_progress(wanted.n_images)
            return found
        if wanted.n_images:
            draft = Draft(path, (wanted.n_images, wanted.n_values))
    except OSError as error:
        note(error)
    if draft is None:
        return make(None)
    try:
        rows = make(draft.rows)
        rows.values.flags.writeable = False
        if len(rows.values) and rows.is_final:
            try:
                draft.keep(replace(wanted, n_rows=len(rows.values), bad=list(rows.bad)))
            except OSError as error:
                note(error)
        return rows
    finally:
        draft.close()


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\0".join(texts).encode(errors="surrogateescape"), digest_size=20).hexdigest()


def _states(paths: Sequence[str]) -> list[str]:
    """A line for each file that is another one after any change to the file.

    The time of the last change of the status tells what size and time of modification do not: another file moved here.
    """
    lines = []
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - a Path costs more than the question
            state = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        except (OSError, ValueError):
            state = "missing"
        lines.append(f"{path if path.startswith('/') else f'{os.getcwd()}/{path}'}\0{state}")  # noqa: PTH109
    return lines


def _open_entry(path: Path, wanted: About) -> Rows | None:
    """The entry at `path`, if it is there and sound."""
    try:
        descriptor = os.open(path, READ)
    except OSError:
        return None
    try:
        about = read_about(descriptor)
        if about is None or replace(about, source=wanted.source, n_rows=0, bad=[]) != replace(wanted, n_rows=0):
            return None
        with contextlib.suppress(OSError):
            os.utime(descriptor)
        return Rows(map_rows(descriptor, (about.n_rows, about.n_values)), about.bad)
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)


class Draft:
    """An entry on its way: a locked temporary file, mapped into memory to be filled there.

    Raises:
        OSError: It cannot be written, or there is not enough room for it.
    """

    def __init__(self, path: Path, shape: tuple[int, int]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        # Not by process id: two containers can share a cache, and have the same ones.
        self._draft = path.with_name(f".{os.urandom(4).hex()}-{path.name}.tmp")
        self._file = open_locked(self._draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            size = shape[0] * shape[1]
            if hasattr(os, "posix_fallocate"):  # writing to a map finds a full disk too late to say so
                os.posix_fallocate(self._file, 0, size)
            else:
                os.ftruncate(self._file, size)
            self.rows = map_rows(self._file, shape, writable=True)
        except BaseException:
            self.close()
            raise

    def keep(self, about: About) -> None:
        """Make it an entry."""
        os.ftruncate(self._file, about.n_bytes)
        ending = about.to_bytes()
        if os.pwrite(self._file, ending, about.n_bytes) != len(ending):
            raise OSError("the disk is full")
        os.fsync(self._file)  # else a loss of power can leave an entry of zeros
        self._draft.replace(self._path)
        tidy(self._path)

    def close(self) -> None:
        """Remove what was not kept; the map stays as long as somebody uses it."""
        with contextlib.suppress(OSError):
            self._draft.unlink(missing_ok=True)
        close_locked(self._file)
