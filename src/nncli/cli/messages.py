"""Lines for people, on stderr: stdout carries results only.

Nothing here can fail: who closes stderr wants no messages, and that must not cost the results.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from nncli.text import printable


@dataclass
class Settings:
    """How and as who to speak. One for the process: messages come from threads and after the command.

    Attributes:
        quiet, verbose: Set by ``-q`` and ``-v``.
        speaker: Which process this is, where it is not the first of several: "rank 1 on node7: ".
    """

    quiet: bool = False
    verbose: bool = False
    speaker: str = ""


settings = Settings()


def say(text: str) -> None:
    """Write lines that are nice to know; ``-q`` suppresses them."""
    if not settings.quiet:
        write_lines(text)


def warn(text: str) -> None:
    """Write lines that must be seen, each after ``nncli:``; ``-q`` does not suppress them."""
    write_lines(text, prefix=f"nncli: {settings.speaker}")


def write_lines(text: str, prefix: str = "") -> None:
    """Write the lines of `text` to stderr, control characters escaped."""
    lines = "".join(f"{prefix}{printable(line)}\n" for line in text.split("\n"))
    try:
        sys.stderr.write(lines)
        sys.stderr.flush()
    except OSError:
        abandon(2)


def abandon(descriptor: int) -> None:
    """Point a broken standard stream at nothing, or Python's own flush at the end fails on it once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
