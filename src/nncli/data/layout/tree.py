"""A tree of folders, each listed once however often it is asked about.

Deciding how a tree is to be read takes many questions ("does this folder hold an image at any depth?"), and so does
reading it; the disk is asked once.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.folder_walk import Ignored, Listing, identify, list_entries, walk
from nncli.text import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TEXT_BYTES = 1 << 26
"""Largest list read."""

_RUN_FILES = ("last.npz", "model.npz", "history.csv")
"""The files of a run directory beside its config.yaml."""


def text_lines(path: str) -> list[str]:
    """The lines of a text file that are not empty; none if it is too large or no text."""
    try:
        file = Path(path)
        if not file.is_file() or file.stat().st_size > MAX_TEXT_BYTES:
            return []
        return [line for line in lines_of(file.read_text(encoding="utf-8-sig")) if line.strip()]
    except (OSError, UnicodeDecodeError, ValueError):
        return []


class Tree:
    """The folders below a root.

    Args:
        root: The folder.

    Attributes:
        root: As given.
        ignored: What reading leaves out.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.ignored = Ignored(root)
        self._listings: dict[str, Listing] = {}
        self._counts: dict[str, int] = {}

    def identity(self, folder: str) -> tuple[int, int]:
        """The same for two ways to one folder.

        Raises:
            DataError: It has gone.
        """
        return identify(folder)

    def holds(self, path: str | Path) -> bool:
        """Whether a path is the root, or lies below it."""
        return Path(path) == Path(self.root) or Path(self.root) in Path(path).parents

    def head(self, path: str, n_bytes: int) -> bytes:
        """The first bytes of a file; none if it cannot be read."""
        try:
            with Path(path).open("rb") as file:
                return file.read(n_bytes)
        except (OSError, ValueError):
            return b""

    def text_lines(self, path: str) -> list[str]:
        """The lines of a text file that are not empty; none if it is too large or no text."""
        return text_lines(path)

    def walked(self, folder: str, visited: set[tuple[int, int]], ignored: Ignored | None = None) -> list[str]:
        """Images at any depth of a folder, in natural order; see `folder_walk.walk`."""
        ignored = Ignored(self.root) if ignored is None else ignored
        return list(walk(folder, ignored, visited, listed=self.listing, identified=self.identity))

    def listing(self, folder: str) -> Listing:
        """The entries directly in a folder.

        Raises:
            DataError: It cannot be read.
        """
        if folder not in self._listings:
            self._listings[folder] = list_entries(folder)
        return self._listings[folder]

    def images(self, folder: str) -> list[str]:
        """Images directly in a folder."""
        return self.listing(folder).images

    def folders(self, folder: str) -> list[str]:
        """Folders directly in a folder."""
        return self.listing(folder).folders

    def below(self, folder: str, without: Iterable[str] = ()) -> list[str]:
        """Images at any depth of a folder, in natural order, those below folders of `without` left out."""
        return self.walked(folder, {*map(self.identity, (self.root, folder, *without))})

    def count(self, folder: str) -> int:
        """Images at any depth of a folder."""
        if folder not in self._counts:
            self._counts[folder] = len(self.below(folder))
        return self._counts[folder]

    def with_images(self, folder: str) -> list[str]:
        """Folders directly in a folder that hold an image at any depth."""
        return [path for path in self.folders(folder) if self.count(path)]

    def is_run(self, folder: str, depth: int = 1) -> bool:
        """Whether a folder is a run directory, or holds nothing but such: known by what it holds, not by its name."""
        names = {Path(path).name for path in self.listing(folder).others}
        if "config.yaml" in names and names & set(_RUN_FILES):
            return True
        if not depth or self.images(folder):
            return False
        are_runs = [self.is_run(path, depth - 1) for path in self.folders(folder)]
        return any(are_runs) and all(
            is_run or not self.count(path) for is_run, path in zip(are_runs, self.folders(folder), strict=True)
        )

    def contents(self, folder: str) -> str:
        """Other files at any depth in words: "3 .xml, 2 without suffix"; at most three kinds."""
        counts: Counter[str] = Counter()
        stack, visited = [folder], {self.identity(self.root), self.identity(folder)}
        while stack:
            here = self.listing(stack.pop())
            counts.update(Path(path).suffix.lower() or "without suffix" for path in here.others)
            for path in here.folders:
                if (identity := self.identity(path)) not in visited:
                    visited.add(identity)
                    stack.append(path)
        shown = [f"{count:,} {suffix}" for suffix, count in counts.most_common(3)]
        more = [f"{sum(counts.values()) - sum(n for _, n in counts.most_common(3)):,} more"] if len(counts) > 3 else []
        return ", ".join(shown + more)
