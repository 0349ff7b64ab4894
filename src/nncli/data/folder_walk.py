"""Walking through folders that people and their tools have left things in.

Hidden files, system junk, other file types, broken links, loops of links, FIFOs: each is left out, counted and named,
so that the caller can say so. Links are followed. The order is natural and the same on every file system.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.image.kinds import Kind, ignored_note, image_suffixes, unread_kind
from nncli.data.natural_order import natural_key
from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_JUNK = {"__macosx", "__pycache__", "@eadir", "lost+found", "thumbs.db", "desktop.ini"}  # .ipynb_checkpoints is hidden

_FOLDER, _IMAGE = "folder", "image"
_HIDDEN, _OTHER_TYPE, _BROKEN_LINK, _IRREGULAR = (
    "hidden or junk",
    "no image by suffix",
    "a broken link",
    "not a regular file",
)


class Ignored:
    """Files left out of a folder, by reason."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._count: dict[str | Kind, int] = {}
        self._first: dict[str | Kind, list[str]] = {}

    def add(self, reason: str, *paths: str) -> None:
        """Count `paths`, which all lie under the root; images that are not read here by their format."""
        if reason == _OTHER_TYPE:
            for path in paths:
                self._add(unread_kind(path) or reason, path)
        else:
            self._add(reason, *paths)

    def _add(self, reason: str | Kind, *paths: str) -> None:
        self._count[reason] = self._count.get(reason, 0) + len(paths)
        first = self._first.setdefault(reason, [])
        first += [os.path.relpath(path, self._root) for path in paths[: 3 - len(first)]]

    def notes(self) -> list[str]:
        """One printable line for each reason."""
        return [
            ignored_note(reason, count, some(self._first[reason], count))
            if isinstance(reason, Kind)
            else f"ignored {count} as {reason}: {some(self._first[reason], count)}"
            for reason, count in self._count.items()
            if count
        ]


def some(names: Sequence[str], count: int | None = None) -> str:
    """Up to three of `names`, printable, and how many more there are of `count` (by default, of `names`)."""
    shown = names[:3]
    more = (len(names) if count is None else count) - len(shown)
    return ", ".join(printable(name) for name in shown) + (f" and {more} more" if more else "")


def find_images(root: str | Path, *, strict: bool = True) -> Iterator[str]:
    """Paths of all images below `root` in natural order, those of a folder before those of its sub-folders.

    Args:
        root: Where to start.
        strict: Raise for a folder that cannot be read; else it is given in place of its images.

    Raises:
        DataError: `root` is not a folder, or a folder cannot be read.
    """
    folder = existing_folder(root)
    return walk(folder, Ignored(folder), {identify(folder)}, strict=strict)


def existing_folder(root: str | Path) -> str:
    """`root`, if it is a folder.

    Raises:
        DataError: It is not; the message suggests a neighbor with a similar name.
    """
    folder = Path(root)
    try:
        if folder.is_dir():
            return os.fspath(root)
        if folder.exists():
            raise DataError(f"{printable(str(root))}: not a folder")
        siblings = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    except OSError as error:
        raise _unreadable(str(root), error) from error
    import difflib

    close = difflib.get_close_matches(folder.name, siblings, n=1)
    hint = f"; did you mean {printable(str(folder.with_name(close[0])))}?" if close else ""
    raise DataError(f"{printable(str(root))}: no such folder{hint}")


@dataclass(frozen=True)
class Listing:
    """The entries directly in a folder, each kind in natural order.

    Attributes:
        images, folders: Their paths.
        left_out: Reason and path of everything else.
    """

    images: list[str]
    folders: list[str]
    left_out: list[tuple[str, str]]

    @property
    def others(self) -> list[str]:
        """Paths of regular files that are no images by their suffix."""
        return [path for reason, path in self.left_out if reason == _OTHER_TYPE]


def list_entries(folder: str) -> Listing:
    """The entries directly in `folder`.

    Raises:
        DataError: The folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: natural_key(entry.name))
    except OSError as error:
        raise _unreadable(folder, error) from error
    images, folders, left_out = [], [], []
    for entry in found:
        kind = _kind(entry)
        if kind == _IMAGE:
            images.append(entry.path)
        elif kind == _FOLDER:
            folders.append(entry.path)
        else:
            left_out.append((kind, entry.path))
    return Listing(images, folders, left_out)


def _noted(listing: Listing, ignored: Ignored) -> tuple[list[str], list[str]]:
    for reason, path in listing.left_out:
        ignored.add(reason, path)
    return listing.images, listing.folders


def walk(
    folder: str,
    ignored: Ignored,
    visited: set[tuple[int, int]],
    *,
    strict: bool = True,
    listed: Callable[[str], Listing] = list_entries,
    identified: Callable[[str], tuple[int, int]] | None = None,
) -> Iterator[str]:
    """Paths of the images in `folder` and all folders below it.

    Args:
        folder: Where to start.
        ignored: Gets what is left out.
        visited: Identities of folders not to enter; those entered are added.
        strict: As in `find_images`.
        listed: Lists a folder.
        identified: Tells which folders are the same one; by default `identify`.

    Raises:
        DataError: A folder cannot be read.
    """
    identified = identified or identify
    stack = [folder]  # not recursive: folders may nest deeper than Python's calls
    while stack:
        folder = stack.pop()
        try:
            images, folders = _noted(listed(folder), ignored)
            identities = [identified(path) for path in folders]
        except DataError:
            if strict:
                raise
            yield folder
            continue
        yield from images
        new = []
        for path, identity in zip(folders, identities, strict=True):
            if identity in visited:
                ignored.add("a link to a folder that is read anyway", path)
            else:
                visited.add(identity)
                new.append(path)
        stack += reversed(new)


def links_to_nothing(root: str) -> list[str]:
    """Links below `root` that are named like images and lead nowhere, sorted; a folder's entries tell which are links.

    Folders that cannot be read, and those behind links, are not looked into.
    """
    found, stack = [], [root]
    while stack:
        with contextlib.suppress(OSError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                if not entry.is_symlink():
                    stack += [entry.path] * entry.is_dir()
                elif entry.name.lower().endswith(image_suffixes()) and not os.path.exists(entry.path):  # noqa: PTH110
                    found.append(entry.path)
    return sorted(found)


def identify(folder: str) -> tuple[int, int]:
    """Device and inode: what stays the same whichever link leads there.

    Raises:
        DataError: The folder has gone or cannot be reached.
    """
    try:
        status = Path(folder).stat()
    except OSError as error:
        raise _unreadable(folder, error) from error
    return status.st_dev, status.st_ino


def _unreadable(folder: str, error: OSError) -> DataError:
    return DataError(f"{printable(folder)}: this folder cannot be read: {error.strerror}")


def sorted_listing(files: Iterable[str], folders: Iterable[str]) -> Listing:
    """The entries of a folder of an archive, by the names alone.

    Args:
        files: Their paths.
        folders: Theirs.
    """
    listing = Listing([], [], [])
    for path in sorted(folders, key=natural_key):
        if _is_junk(os.path.basename(path)):  # noqa: PTH119
            listing.left_out.append((_HIDDEN, path))
        else:
            listing.folders.append(path)
    for path in sorted(files, key=natural_key):
        if _is_junk(os.path.basename(path)):  # noqa: PTH119
            listing.left_out.append((_HIDDEN, path))
        elif path.lower().endswith(image_suffixes()):
            listing.images.append(path)
        else:
            listing.left_out.append((_OTHER_TYPE, path))
    return listing


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in _JUNK


def _kind(entry: os.DirEntry[str]) -> str:
    if _is_junk(entry.name):
        return _HIDDEN
    try:
        if entry.is_dir():
            return _FOLDER
        is_file = entry.is_file()
    except OSError:  # a link to itself
        return _BROKEN_LINK
    if is_file:
        return _IMAGE if entry.name.lower().endswith(image_suffixes()) else _OTHER_TYPE
    return _BROKEN_LINK if entry.is_symlink() and not Path(entry.path).exists() else _IRREGULAR
