"""Images decoded once: the second time their pixels are mapped into memory from a file.

The name of the file is a digest of all that the pixels depend on: the image format, the version of the decoder, and
path, size and times of every image file. If anything changes, the name changes, and the images are decoded anew. No
entry is ever changed: a new one is written beside it and renamed when it is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import PIL

from nncli.data.cache_folder import SUFFIX, About, cache_folder, read_about, tidy
from nncli.data.image.decoding import DECODER_VERSION
from nncli.data.loading import BadImage, LoadedImages, load_images
from nncli.data.pixel_rows import map_rows
from nncli.machine.file_lock import close_locked, open_locked
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nncli.data.image.image_format import ImageFormat


def load_cached(
    paths: Sequence[str],
    image_format: ImageFormat,
    source: str | Path,
    on_progress: Callable[[int], None] | None = None,
    on_note: Callable[[str], None] = lambda _note: None,
) -> LoadedImages:
    """What `load_images` returns for `paths`, from the cache if it is there, else from the files and then kept.

    Args:
        paths: The files, sorted.
        image_format: The size and the color mode to bring them to.
        source: The folder they lie in.
        on_progress: Called with the number of files just finished.
        on_note: Told in a line why pixels could not be kept.

    Raises:
        DataError: As `load_images`.
    """
    preprocessing = _digest(json.dumps([image_format.to_dict(), DECODER_VERSION, PIL.__version__]))
    folder = os.path.abspath(source)  # noqa: PTH100 - a link stays a link
    wanted = About(folder, str(image_format), preprocessing, len(paths), 0, image_format.n_features, [])
    try:
        path = cache_folder() / (_digest(preprocessing, *_states(paths)) + SUFFIX)
        found = open_entry(path, paths, wanted)
        if found:
            if on_progress:
                on_progress(len(paths))
            return found
        draft = Draft(path, (len(paths), image_format.n_features)) if paths else None
    except OSError as error:
        on_note(_not_kept(error))
        draft = None
    if draft is None:
        return load_images(paths, image_format, on_progress)
    try:
        loaded = load_images(paths, image_format, on_progress, pixels=draft.pixels)
        loaded.pixels.flags.writeable = False
        if len(loaded.pixels) and not any(image.may_pass for image in loaded.bad):
            try:
                draft.keep(wanted, loaded)
            except OSError as error:
                on_note(_not_kept(error))
        return loaded
    finally:
        draft.close()


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\0".join(texts).encode(errors="surrogateescape"), digest_size=20).hexdigest()


def _not_kept(error: OSError) -> str:
    where = f"{printable(os.fsdecode(error.filename))}: " if error.filename else ""
    return f"decoded images are not kept for the next time: {where}{error.strerror or error}"


def _states(paths: Sequence[str]) -> list[str]:
    """A line for each file that is another one after any change to the file.

    The time of the last change of the status tells what size and time of modification do not: another file moved here.
    """
    here = os.getcwd()  # noqa: PTH109
    lines = []
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - a Path costs more than the question
            state = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        except (OSError, ValueError):
            state = "missing"
        lines.append(f"{path if path.startswith('/') else f'{here}/{path}'}\0{state}")
    return lines


def open_entry(path: Path, paths: Sequence[str], wanted: About) -> LoadedImages | None:
    """The entry at `path`, if it is there and sound."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        about = read_about(descriptor)
        if about is None or _kind(about) != _kind(wanted):
            return None
        with contextlib.suppress(OSError):
            os.utime(descriptor)
        pixels = map_rows(descriptor, (about.n_images, about.n_features))
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)
    kept = np.delete(np.arange(about.n_files), [i for i, _ in about.bad])
    bad = tuple(BadImage(paths[i], reason) for i, reason in about.bad)
    return LoadedImages(pixels, kept, bad)


def _kind(about: About) -> tuple[str, int, int]:
    return about.preprocessing, about.n_files, about.n_features


class Draft:
    """An entry on its way: a locked temporary file, mapped into memory to be decoded into.

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
            self.pixels = map_rows(self._file, shape, writable=True)
        except BaseException:
            self.close()
            raise

    def keep(self, wanted: About, loaded: LoadedImages) -> None:
        """Make it an entry."""
        bad = set(range(wanted.n_files)) - set(loaded.kept.tolist())
        reasons = [(i, image.reason) for i, image in zip(sorted(bad), loaded.bad, strict=True)]
        about = replace(wanted, n_images=len(loaded.kept), bad=reasons)
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
