"""The text of a config file, or one line about why there is none."""

from __future__ import annotations

import stat
from difflib import get_close_matches
from typing import TYPE_CHECKING

from nncli.errors import ConfigError
from nncli.text import printable

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 100_000
"""Bytes. A config with every option and a comment on each is 4 KB."""

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> str:
    """The text of the file, without a byte order mark.

    Raises:
        ConfigError: if it is not there, not a regular file (a pipe could keep us waiting for ever), large or not UTF-8.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError([_not_a_file(path)])
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigError([f"{printable(str(path))}: no such file{_similar(path)}"]) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError([f"{printable(str(path))}: cannot be read: {reason}"]) from None
    if len(content) > LARGEST_FILE:
        raise ConfigError([f"{printable(str(path))}: larger than {LARGEST_FILE // 1000} KB, which no config is"])
    return _decoded(path, content)


def _decoded(path: Path, content: bytes) -> str:
    name = printable(str(path))
    if content.startswith(UTF16_MARKS):
        raise ConfigError([f"{name}: the file is UTF-16 text; save it as UTF-8"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, byte = before.count(b"\n") + 1, content[error.start]
        raise ConfigError([f"{name}:{line}: the byte 0x{byte:02X} is not UTF-8 text; save the file as UTF-8"]) from None


def _not_a_file(path: Path) -> str:
    name = printable(str(path))
    if not path.is_dir():
        return f"{name}: not a regular file"
    inside = path / "config.yaml"
    return f"{name}: a folder, not a config file{_did_you_mean(inside) if inside.is_file() else ''}"


def _similar(path: Path) -> str:
    """A hint at a file with nearly this name in the same folder."""
    try:
        neighbors = {each.stem: each for each in path.parent.iterdir() if each.suffix in {".yaml", ".yml"}}
    except OSError:
        return ""
    nearest = get_close_matches(path.stem, neighbors, n=1)
    return _did_you_mean(neighbors[nearest[0]]) if nearest else ""


def _did_you_mean(path: Path) -> str:
    return f". Did you mean '{printable(str(path))}'?"
