"""Inputs of `predict`: files, folders, stdin, and lists of names, as one stream of image sources.

A list of names may be a pipe that is still being written to, by ``find`` for example. Whatever has arrived is handed on
before more is waited for: the first record does not wait for the last name, and millions of names need no memory.
"""

from __future__ import annotations

import codecs
import functools
import os
import sys
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.layout.words import ARCHIVES, TABLES
from nncli.errors import DataError, NncliError, UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nncli.data.image.image_format import ImageFormat
    from nncli.data.layout.archive import ArchiveTree

Source = tuple[str, str | bytes]
"""A name to show, and a path or an image's bytes."""

STDIN = "-"

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

MAX_NAME_BYTES = 1 << 20
"""Longest line of a list of names; a path is 4 KB at most."""


def container_of(name: str) -> str:
    """The file that an image lies in, by a name such as `p.zip/a.jpg` or `x.npz[3]`; empty where it lies in none."""
    arrays = name.partition("[")[0]
    if arrays != name and not is_file(name) and _is_arrays(arrays):
        return arrays
    return next((place for place in map(str, Path(name).parents) if is_file(place)), "")


def packed_image(name: str) -> bytes | None:
    """The content of an image in an archive, by a name such as `photos.zip/a.jpg`; None for other names."""
    inside = "" if os.path.lexists(name) else container_of(name)
    if not inside.lower().endswith(ARCHIVES):
        return None
    try:
        return _opened(inside).content(name)
    except DataError:  # decoding says that there is no such file
        return None


@functools.lru_cache(maxsize=1)
def _opened(archive: str) -> ArchiveTree:
    """An archive, listed once for all names in it."""
    from nncli.data.layout.archive import Archive, ArchiveTree

    return ArchiveTree(Archive(archive))


def is_file(name: str) -> bool:
    """Whether there is such a file; no where a name is too long, or behind a closed folder: decoding says so."""
    return os.path.isfile(name)  # noqa: PTH113 - Path.is_file raises errors instead


def check_folders(paths: Sequence[str]) -> None:
    """Look whether every folder and archive among `paths` holds an image: a mistyped one is worth knowing at once.

    Raises:
        DataError: One does not, or cannot be read.
        UsageError: The only one is a list of names.
    """
    if tables := [path for path in paths if path.lower().endswith(".parquet")]:
        shown = printable(tables[0])
        raise UsageError(f"{shown}: a table; nncli evaluate takes it, predict takes images, folders, archives, arrays")
    if len(paths) == 1 and paths[0].lower().endswith(TABLES) and is_file(paths[0]) and not _is_numbers(paths[0]):
        shown = printable(paths[0])
        raise UsageError(f"{shown}: a list, not an image; did you mean --files-from {shown}?")
    for path in paths:
        if path != STDIN and _is_folder(path) and next(_images_of(path), None) is None:
            from nncli.data.unread_images import unread_note

            advice = unread_note(path)
            raise DataError(f"{printable(path)}: no images in this folder{'; ' + advice if advice else ''}")
        if _is_archive(path) and next(_packed(path), None) is None:
            raise DataError(f"{printable(path)}: no images in this archive")


def check_numbers(paths: Sequence[str], image_format: ImageFormat) -> None:
    """Look whether tables of numbers among `paths` have rows as the model takes them.

    Raises:
        DataError, UsageError: One does not, or cannot be read.
    """
    for path in filter(_is_numbers, paths):
        from nncli.data.numbers import refuse_others

        refuse_others(path, image_format)


def unread_notes(paths: Sequence[str]) -> Iterator[str]:
    """A line for each folder among `paths` that holds images of kinds that are not read."""
    folders = [path for path in paths if path != STDIN and _is_folder(path)]
    if not folders:
        return
    from nncli.data.unread_images import unread_note

    for path in folders:
        note = unread_note(path)
        if note:
            yield f"{printable(path)}: {note}"


def broken_links(paths: Sequence[str]) -> list[str]:
    """Links to nothing, named like images, in the folders among `paths`: no image is left out silently."""
    folders = [path for path in paths if path != STDIN and _is_folder(path)]
    if not folders:
        return []
    from nncli.data.folder_walk import links_to_nothing

    return [link for folder in folders for link in links_to_nothing(folder)]


def source_lots(
    paths: Sequence[str], names_from: str | None, separator: bytes, *, labeled: bool = False, transpose: bool = False
) -> Iterator[Iterable[Source]]:
    """All images: those of `paths`, then those of a list of names.

    Args:
        paths: Files, folders, or ``-`` for the bytes of an image on stdin.
        names_from: A file with names of files and folders, ``-`` for stdin, or None.
        separator: What ends a name in it, newline or NUL.
        labeled: A label follows every name, which is left out.
        transpose: Exchange rows and columns of arrays.

    Yields:
        Sources that are known together: all of `paths`, then those of all names that have arrived.

    Raises:
        NncliError: The list or a folder cannot be read.
    """
    yield chain.from_iterable(_expand(path, transpose) for path in paths)
    if names_from is not None:
        for names in _arriving_names(names_from, separator):
            bare = map(_without_label, names) if labeled else names
            yield chain.from_iterable(_expand_name(name, transpose) for name in bare)


def _expand(path: str, transpose: bool) -> Iterator[Source]:
    """The sources that one argument stands for."""
    if path == STDIN:
        yield STDIN, _read_stdin()
    else:
        yield from _expand_name(path, transpose)


def _expand_name(path: str, transpose: bool) -> Iterator[Source]:
    """A file as it is; the images of a folder, an archive or arrays; the rows of a table of numbers.

    A folder without images is a source that will fail, for one record.
    """
    is_empty = True
    for source in _sources_within(path, transpose):
        is_empty = False
        yield source
    if is_empty:
        yield path, path


def _sources_within(path: str, transpose: bool) -> Iterable[Source]:
    """The sources that a name stands for beside itself; none where it is that of an image file."""
    if _is_archive(path):
        return _packed(path)
    if _is_numbers(path):
        from nncli.data.numbers import number_rows

        return number_rows(path)
    if _is_arrays(path):
        from nncli.data.arrays.unlabeled import array_images

        return array_images(path, transpose=transpose)
    if _is_folder(path):
        return ((image, image) for image in _images_of(path))
    image = packed_image(path)
    if image is None and path.endswith("]"):
        from nncli.data.arrays.unlabeled import array_image

        image = array_image(path, transpose=transpose)
    return () if image is None else ((path, image),)


def _is_archive(path: str) -> bool:
    return path.lower().endswith(ARCHIVES) and is_file(path)


def _is_numbers(path: str) -> bool:
    if not path.lower().endswith(".csv"):
        return False
    from nncli.data.numbers import is_number_table

    return is_number_table(path)


def _is_arrays(path: str) -> bool:
    from nncli.data.arrays.families import is_array_file

    return is_array_file(path) and is_file(path)


def _packed(path: str) -> Iterator[Source]:
    """The images of an archive, as their folder would have them, each with what its file would hold."""
    from nncli.data.layout.archive import Archive, ArchiveTree
    from nncli.data.packed_images import PackedImages

    tree = ArchiveTree(Archive(path))
    return PackedImages(path, (), {}, packed=tree.archive).opened(tree.below(tree.root))


def _images_of(folder: str) -> Iterator[str]:
    from nncli.data.folder_walk import find_images

    return find_images(folder, strict=False)


def _is_folder(path: str) -> bool:
    try:
        return path != "" and Path(path).is_dir()
    except OSError:  # a name too long, or behind a closed folder: decoding will say so
        return False


def _read_stdin() -> bytes:
    from nncli.data.image.decoding import MAX_FILE_BYTES

    if sys.stdin is None:
        raise NncliError("standard input is closed")
    return sys.stdin.buffer.read(MAX_FILE_BYTES)


def _arriving_names(names_from: str, separator: bytes) -> Iterator[list[str]]:
    """The names in a file or on stdin, in lists of what has arrived together."""
    shown = "standard input" if names_from == STDIN else printable(names_from)
    rest = b""
    try:
        with _open_unbuffered(names_from) as file:
            chunk = file.read(1 << 16)  # unbuffered, it returns what there is
            if chunk.startswith(UTF16_MARKS):
                yield _decoded((chunk + file.read()).decode("utf-16").encode().split(separator), separator)
                return
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
            while chunk:
                if separator == b"\n" and b"\0" in chunk:
                    raise UsageError(f"{shown}: a list with NUL bytes; add -0 for what find -print0 writes")
                *names, rest = (rest + chunk).split(separator)
                if len(rest) > MAX_NAME_BYTES:
                    raise DataError(f"{shown}: not a list of names: one is longer than {MAX_NAME_BYTES} bytes")
                yield _decoded(names, separator)
                chunk = file.read(1 << 16)
    except UnicodeError as error:
        raise DataError(f"{shown}: begins like UTF-16 text and is none; save it as UTF-8") from error
    except OSError as error:
        raise NncliError(f"{shown}: cannot be read: {error.strerror or error}") from error
    yield _decoded([rest], separator)


def _open_unbuffered(names_from: str) -> FileIO:
    return FileIO(0, closefd=False) if names_from == STDIN else FileIO(names_from)


def _decoded(names: list[bytes], separator: bytes) -> list[str]:
    """Names as Python has them, whatever their bytes; lines may end as in Windows, and empty ones are skipped."""
    if separator == b"\n":
        names = [name.removesuffix(b"\r") for name in names]
    return [_as_here(os.fsdecode(name)) for name in names if name]


def _without_label(line: str) -> str:
    """The name in a line of a name and a label, between which is a tab, else a comma, else blanks: the last of them."""
    between = next((each for each in ("\t", ",") if each in line), None)
    return line.rstrip().rsplit(between, 1)[0].rstrip()


def _as_here(name: str) -> str:
    """A name with backslashes between folders, as Windows writes it, where it is no name as it stands."""
    if "\\" not in name or os.sep == "\\" or os.path.lexists(name):
        return name
    return name.replace("\\", "/")
