"""Lines for people, on stderr: stdout carries results only.

Nothing here can fail: who closes stderr wants no messages, and that must not cost the results.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable


class Settings:
    """How and as who to speak. One for the process: messages come from threads and after the command.

    Attributes:
        quiet, verbose: Set by ``-q`` and ``-v``.
        speaker: Which process this is, where it is not the first of several: "rank 1 on node7: ".
        clear_bar: Wipes out the progress bar that is shown, if one is, so that a line can take its place.
    """

    quiet: bool = False
    verbose: bool = False
    speaker: str = ""
    clear_bar: Callable[[], None] | None = None


settings = Settings()

NARROWEST = 40
"""Columns that a terminal has at least; some claim to have none."""


def say(text: str) -> None:
    """Write lines that are nice to know, broken between words on a terminal; ``-q`` suppresses them."""
    if not settings.quiet:
        write_lines(fitted(text, sys.stderr))


def fitted(text: str, stream: TextIO | None, indent: int = 2) -> str:
    """Lines that fit the terminal, if `stream` is one: broken between words and nowhere else, so names stay whole.

    Args:
        text: Lines for people; those for programs are not to be broken.
        stream: Where they will be written.
        indent: Column in which what is left of a line goes on, if that is further in than the line's own beginning.
    """
    if stream is None or not stream.isatty():
        return text
    width = max(terminal_width(), NARROWEST)
    return "\n".join(line if len(line) <= width else _broken(line, width, indent) for line in text.split("\n"))


def terminal_width() -> int:
    """Columns of the terminal; 80 where nobody knows."""
    import shutil

    return shutil.get_terminal_size().columns


def _broken(line: str, width: int, indent: int) -> str:
    import textwrap

    space = " " * max(indent, len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, width, subsequent_indent=space, break_long_words=False, break_on_hyphens=False)


def warn(text: str) -> None:
    """Write lines that must be seen, each after ``nncli:``, broken as those of `say`; ``-q`` does not suppress them."""
    lines = (fitted(f"nncli: {settings.speaker}{printable(line)}", sys.stderr) for line in text.split("\n"))
    write_lines("\n".join(lines))


def write_lines(text: str) -> None:
    """Write the lines of `text` to stderr, control characters escaped."""
    lines = "".join(f"{printable(line)}\n" for line in text.split("\n"))
    try:
        if settings.clear_bar:
            settings.clear_bar()
        sys.stderr.write(lines)
        sys.stderr.flush()
    except OSError:
        abandon(2)


def abandon(descriptor: int) -> None:
    """Point a broken standard stream at nothing, or Python's own flush at the end fails on it once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
