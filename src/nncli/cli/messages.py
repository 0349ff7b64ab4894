"""Lines for people, on stderr: stdout carries results only.

Nothing here can fail: who closes stderr wants no messages, and that must not cost the results.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Settings:
    """Verbosity set by ``-q`` and ``-v``. One for the process: messages come from threads and after the command.

    Attributes:
        quiet, verbose: As given.
        clear_bar: Wipes out the progress bar that is shown, if one is, so that a line can take its place.
    """

    quiet: bool = False
    verbose: bool = False
    clear_bar: Callable[[], None] | None = None


settings = Settings()

NARROWEST = 40
"""Columns that a terminal has at least; some claim to have none."""


def say(text: str) -> None:
    """Write lines that are nice to know, broken between words on a terminal; ``-q`` suppresses them."""
    if not settings.quiet:
        write_lines("\n".join(fitted(line, sys.stderr) for line in text.split("\n")))


def fitted(line: str, stream: TextIO | None, indent: int = 2) -> str:
    """A line in lines that fit the terminal, if `stream` is one; those after the first are indented."""
    if len(line) <= NARROWEST or stream is None or not stream.isatty():
        return line
    import shutil
    import textwrap

    width = max(shutil.get_terminal_size().columns, NARROWEST)
    space = " " * indent
    return textwrap.fill(line, width, subsequent_indent=space, break_long_words=False, break_on_hyphens=False)


def warn(text: str) -> None:
    """Write lines that must be seen, each after ``nncli:``; ``-q`` does not suppress them."""
    write_lines(text, prefix="nncli: ")


def write_lines(text: str, prefix: str = "") -> None:
    """Write the lines of `text` to stderr, control characters escaped."""
    lines = "".join(f"{prefix}{printable(line)}\n" for line in text.split("\n"))
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
