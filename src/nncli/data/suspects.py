"""Image files that are probably not what they seem, told by a look at some of them.

one of many     animations, stacks, streams: of these the first picture counts
inks            CMYK among others
odd sizes       far smaller or far larger than the others: thumbnails, scans of whole pages
bright icons    transparent pictures that are blank on white
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.image.frames import more_than_one
from nncli.data.image.image_format import SEVERAL_SUFFIXES
from nncli.data.image.image_plugins import open_image
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST = 2000
"""Files looked at, evenly chosen."""

HEAD = 1 << 18
"""Bytes read of files that hold one picture by their name."""

HEAD_OF_PNG = 1 << 13

MOST_READ = 1 << 26
"""Larger files that may hold several pictures are not looked through."""

MUCH = 10
"""Times the median side, up or down, that make a size odd."""

NAMED = 3


@dataclass
class Suspects:
    """Files by what is odd about them.

    Attributes:
        several: Path and word of those that hold more than one picture.
        inks: Paths of CMYK files.
        sizes: Path, width and height of every file whose header could be read.
        n_looked_at: How many files were.
    """

    several: list[tuple[str, str]] = field(default_factory=list)
    inks: list[str] = field(default_factory=list)
    sizes: list[tuple[str, int, int]] = field(default_factory=list)
    n_looked_at: int = 0

    def lines(self) -> Iterator[str]:
        """A line for each thing that is odd."""
        if self.several:
            yield one_counts(self.several)
        if self.inks and len(self.inks) < self.n_looked_at:
            yield f"{counted(len(self.inks), 'file')} in CMYK among others: {_named(self.inks)}"
        sides = sorted(max(width, height) for _, width, height in self.sizes)
        usual = sides[len(sides) // 2] if sides else 0
        small = [path for path, width, height in self.sizes if max(width, height) * MUCH <= usual]
        large = [path for path, width, height in self.sizes if max(width, height) >= MUCH * usual]
        for paths, word in ((small, "smaller"), (large, "larger")):
            if paths:
                yield f"{counted(len(paths), 'file')} {MUCH} times {word} than the others, or more: {_named(paths)}"


def look_for_suspects(paths: Sequence[str]) -> Suspects:
    """Look at the headers of some of the files; what cannot be read is named when it is decoded."""
    found = Suspects()
    for path in paths[:: max(1, -(-len(paths) // MOST))]:
        with contextlib.suppress(Exception), Path(path).open("rb") as file, open_image(file.read(HEAD)) as image:
            found.n_looked_at += 1
            found.sizes.append((path, *image.size))
            if image.mode == "CMYK":
                found.inks.append(path)
    found.several = list(several_pictures(paths))
    return found


def several_pictures(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Path and word of the files that hold more than one picture, among those that may by their name."""
    chosen = [path for path in paths if path.lower().endswith(SEVERAL_SUFFIXES)]
    for path in chosen[:: max(1, -(-len(chosen) // MOST))]:
        with contextlib.suppress(OSError, ValueError):
            file = Path(path)
            if not file.is_file() or file.stat().st_size > MOST_READ:
                continue
            with file.open("rb") as stream:
                head = stream.read(HEAD_OF_PNG)
                is_png = head.startswith(b"\x89PNG")  # says it before its pixels
                word = more_than_one(head if is_png else head + stream.read())
            if word:
                yield path, word


def one_counts(several: Sequence[tuple[str, str]]) -> str:
    """A line about files that hold more than one picture."""
    words = sorted({word for _, word in several})
    named = _named([path for path, _ in several])
    files = counted(len(several), "file")
    return f"{files} with more than one picture ({', '.join(words)}), of which the first counts: {named}"


def _named(paths: Iterable[str]) -> str:
    paths = list(paths)
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(printable(path) for path in paths[:NAMED]) + more
