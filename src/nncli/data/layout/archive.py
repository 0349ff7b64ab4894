"""Image folders in zip and tar archives, read in place: a tree by the names of the members.

An archive may come from anyone. Members that are absolute or climb out are refused, links and devices are no images,
and sizes are checked before anything is unpacked: an archive that would grow to more than two hundred times its size is
taken for a bomb, for images hardly compress at all. Nothing is written to the disk.
"""

from __future__ import annotations

import lzma
import os
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nncli.data.folder_walk import Listing, sorted_listing
from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.data.layout.tree import MAX_TEXT_BYTES, Tree
from nncli.errors import DataError
from nncli.text import lines_of, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MAX_RATIO, FREE_BYTES = 200, 1 << 28
MAX_MEMBER_BYTES = 1 << 30
MOST_MEMBERS = 5_000_000
_DAMAGES = (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)


class Archive:
    """The files of a zip or tar archive, by their names with `/`.

    Args:
        path: The archive.

    Attributes:
        members: Name -> what the archive knows of it; hard links of tar are what they are links to.
        no_files: Names of links, devices and the like.

    Raises:
        DataError: It cannot be read, is damaged, or declares what an archive of images would not.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self.members, self.no_files = str(path), dict[str, Any](), list[str]()
        self._shown, self._total, self._n_seen = printable(str(path)), 0, 0
        try:
            if not Path(path).is_file():
                raise DataError(f"{self._shown}: {'not a regular file' if Path(path).exists() else 'no such file'}")
            self._limit = max(FREE_BYTES, MAX_RATIO * Path(path).stat().st_size)
            self._is_zip = zipfile.is_zipfile(path)
            if self._is_zip:
                self._list_zip()
            else:
                self._list_tar()
        except (*_DAMAGES, ValueError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        if isinstance(error, tarfile.ReadError) and not self.members:
            way_out = "it is empty, cut off, or of another kind; fetch it again"
            return DataError(f"{self._shown}: neither a zip nor a tar archive: {way_out}")
        reason = printable(str(error).partition("\n")[0])[:80]
        return DataError(f"{self._shown}: not readable as an archive ({reason or type(error).__name__})")

    def _list_zip(self) -> None:
        with zipfile.ZipFile(self.path) as archive:
            for info in archive.infolist():
                name = info.filename.replace("\\", "/")
                if info.flag_bits & 1:
                    raise DataError(f"{self._shown}: {printable(name)} is encrypted; unpack it first")
                is_folder = info.is_dir() or name.endswith("/")
                self._add(name, info, info.file_size, is_file=info.external_attr >> 28 != 0xA, is_folder=is_folder)

    def _list_tar(self) -> None:
        with tarfile.open(self.path) as archive:
            for info in archive:
                target = self.members.get(_cleaned(info.linkname)) if info.islnk() else None
                is_file = info.isreg() or target is not None
                self._add(info.name, target or info, info.size, is_file=is_file, is_folder=info.isdir())

    def _add(self, name: str, info: Any, size: int, *, is_file: bool, is_folder: bool) -> None:
        """Keep a member that is a file, and the name of one that is neither that nor a folder.

        Raises:
            DataError: It lies elsewhere, or is too large.
        """
        if name.startswith("/") or ".." in name.split("/") or "\0" in name or (len(name) > 1 and name[1] == ":"):
            raise DataError(f"{self._shown}: a member leads out of the archive: {printable(name)}")
        self._total += max(size, 0)
        self._n_seen += 1
        if size > MAX_MEMBER_BYTES or self._total > self._limit:
            raise DataError(
                f"{self._shown}: {printable(name)} declares {size:,} bytes; too much for an archive of its size"
            )
        if self._n_seen > MOST_MEMBERS:
            raise DataError(f"{self._shown}: more than {MOST_MEMBERS:,} members")
        if is_file and not is_folder:
            self.members[_cleaned(name)] = info
        elif not is_folder:
            self.no_files.append(_cleaned(name))

    def in_order(self, names: Sequence[str]) -> list[str]:
        """Names of members in the order in which they lie in the archive."""
        return sorted(names, key=lambda name: self._offset(self.members[name]))

    def contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | str]]:
        """Name and contents of members, in the order of the archive; a reason as text where one is damaged."""
        ordered = self.in_order(names)
        with zipfile.ZipFile(self.path) if self._is_zip else tarfile.open(self.path) as archive:
            for name in ordered:
                try:
                    with self._opened(archive, self.members[name]) as file:
                        yield name, file.read(MAX_MEMBER_BYTES)
                except (
                    zipfile.BadZipFile,
                    tarfile.TarError,
                    OSError,
                    EOFError,
                    zlib.error,
                    NotImplementedError,
                ) as error:
                    yield name, f"damaged in the archive ({printable(str(error))[:80]})"

    @staticmethod
    def _offset(info: Any) -> int:
        return int(info.header_offset if isinstance(info, zipfile.ZipInfo) else info.offset)

    @staticmethod
    def _opened(archive: Any, info: Any) -> IO[bytes]:
        opened: Callable[[Any], IO[bytes]] = archive.open if isinstance(info, zipfile.ZipInfo) else archive.extractfile
        return opened(info)

    def read(self, name: str) -> bytes:
        """The content of one member; nothing if it is damaged or there is none."""
        for _, content in self.contents([name] if name in self.members else []):
            if isinstance(content, bytes):
                return content
        return b""


def _cleaned(name: str) -> str:
    """A member's name without the parts that say nothing: ``./cat//1.jpg``."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


class ArchiveTree(Tree):
    """The folders in an archive; their paths begin with the archive's own.

    Args:
        archive: The archive.
    """

    def __init__(self, archive: Archive) -> None:
        super().__init__(archive.path)
        self.archive = archive
        files: dict[str, list[str]] = {self.root: []}
        folders: dict[str, set[str]] = {self.root: set()}
        for name in archive.members:
            path = f"{self.root}/{name}"
            folder = os.path.dirname(path)  # noqa: PTH120
            files.setdefault(folder, []).append(path)
            while folder != self.root:
                parent = os.path.dirname(folder)  # noqa: PTH120
                is_known = folder in folders.setdefault(parent, set())
                folders[parent].add(folder)
                if is_known:
                    break
                folder = parent
        images = [f"{self.root}/{name}" for name in archive.no_files if name.lower().endswith(IMAGE_SUFFIXES)]
        if images:
            self.ignored.add("a link, or no file, in the archive", *images)
        for folder in {*files, *folders}:
            self._listings[folder] = sorted_listing(files.get(folder, ()), folders.get(folder, ()))

    def member(self, path: str) -> str:
        """The member's name of a path; empty if it does not lie in the archive."""
        return path[len(self.root) + 1 :] if path.startswith(f"{self.root}/") else ""

    def is_folder(self, path: str) -> bool:
        """Whether there is such a folder in the archive."""
        return path in self._listings

    def content(self, path: str) -> bytes:
        """The content of a file of the archive.

        Raises:
            DataError: There is no such file, or it is damaged.
        """
        name = self.member(path)
        if name not in self.archive.members:
            raise DataError(f"{printable(path)}: no such file in the archive")
        for _, content in self.archive.contents([name]):
            if isinstance(content, bytes):
                return content
            raise DataError(f"{printable(path)}: {content}")
        return b""

    def listing(self, folder: str) -> Listing:
        """See `Tree.listing`."""
        return self._listings.get(folder) or Listing([], [], [])

    def identity(self, folder: str) -> tuple[int, int]:
        """See `Tree.identity`; an archive has one way to each folder."""
        return hash(folder), len(folder)

    def head(self, path: str, n_bytes: int) -> bytes:
        """See `Tree.head`."""
        return self.archive.read(self.member(path))[:n_bytes]

    def text_lines(self, path: str) -> list[str]:
        """See `Tree.text_lines`."""
        data = self.archive.read(self.member(path))
        if len(data) > MAX_TEXT_BYTES:
            return []
        return [line for line in lines_of(data.decode("utf-8-sig", errors="replace")) if line.strip()]
