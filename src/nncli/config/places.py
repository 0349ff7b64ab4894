"""Where a value was written, and how a message points at it.

A message about a config shows what an editor would: file, line, column, the line itself and a caret under the culprit.

    config.yaml:7:3: unknown key 'training.epoch'. Did you mean 'epochs'?
        7 |   epoch: 5
              ^^^^^

A value from the command line has no line: its message begins with the option as it was typed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from nncli.text import printable

LONGEST_LINE = 66
"""Characters of a source line that are shown; a longer line is cut around the caret. With margin and dots: 80."""

LONGEST_QUOTE = 40
"""Characters of a wrong key or value that a message repeats."""


@dataclass(frozen=True)
class Source:
    """A text that holds values: a config file, or a single value from the command line (which has no lines to show)."""

    name: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A piece of a source; line and column count from 1, and line 0 stands for the source as a whole."""

    source: Source
    line: int = 0
    column: int = 0
    width: int = 1

    def describe(self, message: str) -> str:
        """The message with this place in front and, from a file, the source line and a caret below."""
        name = printable(self.source.name)
        if not (self.line and self.source.lines):
            return f"{name}: {printable(message)}"
        line, caret = self._cut()
        margin = f"{self.line:5} | "
        return (
            f"{name}:{self.line}:{self.column}: {printable(message)}\n"
            f"{margin}{printable(line)}\n"
            f"{' ' * (len(margin) + caret[0])}{'^' * caret[1]}"
        )

    def _cut(self) -> tuple[str, tuple[int, int]]:
        """The part of the source line to show, and the columns of the terminal before and under the caret."""
        line = self.source.lines[self.line - 1]
        caret = self.column - 1
        start = 0 if len(line) <= LONGEST_LINE else max(0, caret - LONGEST_LINE // 3)
        end = start + LONGEST_LINE
        before = ("..." if start else "") + line[start:caret]
        token = line[caret : min(caret + self.width, end)]
        after = line[caret + len(token) : end] + ("..." if end < len(line) else "")
        return before + token + after, (columns(before), max(1, columns(token)))


class Problem(NamedTuple):
    """Something wrong at a place."""

    place: Place
    message: str


def shortened(text: str) -> str:
    """The text, or the beginning of a long one."""
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "..."


def columns(text: str) -> int:
    """How many columns of a terminal the shown text fills: two for a Chinese character, none for an accent."""
    return sum(_columns(char) for char in printable(text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
