"""Names from strangers, shown safely; numbers of things and sizes, in words.

A file name on Linux is any bytes but NUL and slash: it may hold a newline that fakes a second line of output, an escape
sequence that repaints the terminal, or bytes that are no UTF-8. Names are kept as they are, and escaped where they are
shown.
"""

from __future__ import annotations

import io

JOINERS = "\u200c\u200d"
"""Invisible, harmless and part of ordinary words in Persian and Hindi, and of many emoji."""


def printable(text: str) -> str:
    r"""`text` in one line that a terminal shows as it is.

    Control characters, newlines, bidirectional marks and undecodable bytes become escapes such as ``\x1b``, ``\x0a``,
    ``\u202e`` and ``\xff``. All others stay, the backslash too, so that applying it twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in JOINERS else _escape(ord(char)) for char in text)


def _escape(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is no UTF-8 ("surrogateescape")
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def lines_of(text: str, *, keepends: bool = False) -> list[str]:
    """The lines of a text, which end as on Unix, Windows or old Macs.

    `str.splitlines` also divides at form feeds, U+0085 and U+2028, which may stand within a name or a JSON string.
    """
    lines = io.StringIO(text, newline="")
    return list(lines) if keepends else [line.rstrip("\r\n") for line in lines]


def counted(n: int, noun: str) -> str:
    """A number of things: ``1 image``, ``2 images``, ``1,000 classes``."""
    if n == 1:
        return f"1 {noun}"
    return f"{n:,} {noun}{'es' if noun.endswith(('s', 'tch')) else 's'}"


def size_in_words(n_bytes: int) -> str:
    """As it is said of files: 36.1 MB, 17 kB."""
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 100_000 else f"{max(n_bytes / 1e3, 1):.0f} kB"
