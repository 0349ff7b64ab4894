"""From a name in a manifest to a file below one folder, and to nowhere else.

A manifest may come from anyone. A name that is absolute, climbs with `..` or passes through a link to somewhere else is
refused with its reason. Each folder is listed once: 100,000 names cost a dozen questions to the disk, not as many.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from nncli.data.folder_walk import some
from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.data.layout.words import SPLITS, split_and_rest, split_of
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.data.layout.archive import ArchiveTree

_REMOTE = re.compile(r"^([a-z][a-z0-9+.-]*)://[^/]*/")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_TASK_PREFIXES = ("/data/local-files/?d=", "/data/upload/")
"""How Label Studio names the files that it serves."""

IMAGE_FOLDERS = ("images", "image", "imgs", "img", "JPEGImages", "data", "photos", "pictures")
_MOST_FOLDERS = 100
_DEEPEST = 3
_TRIED = 50


class NameError_(ValueError):  # noqa: N801, N818 - Python's own NameError is about variables
    """A name that leads to no file here; the text says why."""


class Finder:
    """The files below a folder, by the names that a manifest gives them.

    Args:
        base: The folder.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self._real_base = os.path.realpath(base)
        self._listings: dict[str, dict[str, bool] | None] = {}
        self._stems: dict[str, dict[str, str]] = {}

    def find(self, name: str) -> str:
        """The path of a file.

        Raises:
            NameError_: With the reason: there is none, or the name leads out of the folder.
        """
        relative = self._relative(name)
        folder, _, file = relative.rpartition("/")
        listing = self._listing(folder)
        if listing is None:
            raise NameError_(f"no such file: {printable(relative)}")
        if file not in listing:
            file = self._with_suffix(folder, file, listing)
        path = f"{self.base}/{folder}/{file}" if folder else f"{self.base}/{file}"
        if listing[file]:
            self._check_inside(path)
        return path

    def _relative(self, name: str) -> str:
        """A name without what servers put before it.

        Raises:
            NameError_: It is none, or leads out of the folder.
        """
        if not name or "\0" in name or "\n" in name:
            raise NameError_("a file name with a NUL byte or a line break" if name else "no file name")
        for prefix in _TASK_PREFIXES:
            if name.startswith(prefix):
                name = unquote(name[len(prefix) :])
        name = _REMOTE.sub("", name, count=1).removeprefix(self._real_base + "/")
        if name.startswith("/") or _WINDOWS.match(name):
            raise NameError_(f"an absolute path: {printable(name)}; name it from the table's folder")
        if "\\" in name and "/" not in name:
            name = name.replace("\\", "/")
        if ".." in name and ".." in name.split("/"):
            raise NameError_(f"a path that climbs out: {printable(name)}")
        return name.removeprefix("./")

    def _listing(self, folder: str) -> dict[str, bool] | None:
        """Name of each file in a folder -> whether it is a link; None if there is no such folder in the base."""
        if folder not in self._listings:
            path = f"{self.base}/{folder}" if folder else self.base
            try:
                self._check_inside(path)
                with os.scandir(path) as entries:
                    files = (entry for entry in entries if not entry.is_dir())
                    self._listings[folder] = {entry.name: entry.is_symlink() for entry in files}
            except (OSError, ValueError) as error:
                if isinstance(error, NameError_):
                    raise
                self._listings[folder] = None
        return self._listings[folder]

    def _check_inside(self, path: str) -> None:
        real = os.path.realpath(path)
        if real != self._real_base and not real.startswith(self._real_base.rstrip("/") + "/"):
            raise NameError_(f"a link that leads out of the folder: {printable(os.path.relpath(path, self.base))}")

    def _with_suffix(self, folder: str, name: str, listing: dict[str, bool]) -> str:
        """The image that a name without suffix means."""
        if folder not in self._stems:
            stems: dict[str, str] = {}
            for file in listing:
                stem, suffix = os.path.splitext(file)  # noqa: PTH122
                if suffix.lower() in IMAGE_SUFFIXES:
                    stems[stem] = "" if stem in stems else file
            self._stems[folder] = stems
        found = self._stems[folder].get(name)
        where = f"{folder}/{name}" if folder else name
        if found is None:
            raise NameError_(f"no such file: {printable(where)}")
        if not found:
            raise NameError_(f"several files are called {printable(where)} with different suffixes; write the suffix")
        return found


class PackedFinder(Finder):
    """The members of an archive below one of its folders, which has no links.

    Args:
        base: The folder; its path begins with the archive's.
        tree: The archive.
    """

    def __init__(self, base: str, tree: ArchiveTree) -> None:
        super().__init__(base)
        self._tree = tree

    def _listing(self, folder: str) -> dict[str, bool] | None:
        if folder not in self._listings:
            listing = self._tree.listing(f"{self.base}/{folder}" if folder else self.base)
            self._listings[folder] = {Path(path).name: False for path in (*listing.images, *listing.others)}
        return self._listings[folder]


class SeveralFinders:
    """The files below several folders, none of which holds all that a manifest names.

    Args:
        finders: Of each.
    """

    def __init__(self, finders: Sequence[Finder]) -> None:
        self._finders = finders

    def find(self, name: str) -> str:
        """The path of a file.

        Raises:
            NameError_: With the reason: there is none, or more than one, or the name leads out of the folder.
        """
        found = [finder for finder in self._finders if _is_found(finder, name)]
        if len(found) > 1:
            first, second = (printable(finder.base) for finder in found[:2])
            raise NameError_(f"{printable(name)} lies both in {first} and in {second}; name the folder, too")
        return (found or self._finders)[0].find(name)


def choose_finder(
    manifest: str, names: Sequence[str], tree: ArchiveTree | None = None
) -> tuple[Finder | SeveralFinders, str]:
    """The folder that a manifest names its images from, and what there is to say about it.

    Tried are the manifest's own folder, one called like the manifest, those beside it, and the images folder beside its
    own folder. The one that has the most of some names is taken, or one before it that has half as many. Where they
    divide the names among them, all of these are.

    Args:
        manifest: The file.
        names: As it has them.
        tree: The archive that holds it.
    """
    home = os.path.dirname(manifest)  # noqa: PTH120 - a leading ./ stays, which an archive's paths begin with
    step = max(1, len(names) // _TRIED)
    some_names = list(names[::step])[:_TRIED]
    tried: list[tuple[set[str], Finder]] = []
    for base in _bases(home, Path(manifest).name.split(".")[0], tree):
        finder = PackedFinder(base, tree) if tree else Finder(base)
        tried.append(({name for name in some_names if _is_found(finder, name)}, finder))
        if len(tried[-1][0]) == len(set(some_names)):
            break
    most = max(len(found) for found, _ in tried)
    hits, best = next(each for each in tried if 2 * len(each[0]) >= most)
    n_together, n_each = len(set().union(*(found for found, _ in tried))), sum(len(found) for found, _ in tried)
    if len(hits) < n_together == n_each:  # no name lies in two of them, as in train/ and test/ that both count from 1
        several = [finder for found, finder in tried if found]
        return SeveralFinders(several), f"images are read from {some([finder.base for finder in several])}"
    return best, "" if best.base == (home or ".") else f"images are read from {printable(best.base)}"


def _is_found(finder: Finder, name: str) -> bool:
    try:
        return bool(finder.find(name))
    except NameError_:
        return False


def _bases(home: str, stem: str, tree: ArchiveTree | None) -> list[str]:
    parent = os.path.dirname(home) if tree else os.path.normpath(os.path.join(home, ".."))  # noqa: PTH118, PTH120
    beside = _folders_in(home or ".", tree)
    said = split_and_rest(stem)[0]

    def doubt(name: str) -> tuple[bool, int, str]:
        """Of trainLabels.csv beside train/ and test/, which hold the same names, it is not test/."""
        own = split_of(name)
        return name not in IMAGE_FOLDERS, 0 if own in said else 1 + SPLITS.index(own) if own else 1, name

    beside = sorted(beside, key=doubt)[:_MOST_FOLDERS]
    inner = [os.path.join(home, name) for name in (stem, *beside)]  # noqa: PTH118
    above = [os.path.join(parent, name) for name in IMAGE_FOLDERS]  # noqa: PTH118
    every = dict.fromkeys((home or ".", *inner, *(_innermost(base, tree) for base in inner), *above, parent))
    return [base for base in every if (tree.is_folder(base) if tree else Path(base).is_dir())]


def _innermost(base: str, tree: ArchiveTree | None) -> str:
    """The folder below those that hold one folder alone: images/images."""
    for _ in range(_DEEPEST):
        folders = _folders_in(base, tree)
        if len(folders) != 1:
            break
        base = os.path.join(base, folders[0])  # noqa: PTH118
    return base


def _folders_in(home: str, tree: ArchiveTree | None) -> list[str]:
    if tree:
        return [Path(path).name for path in tree.folders(home)]
    try:
        with os.scandir(home) as entries:
            return [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:
        return []
