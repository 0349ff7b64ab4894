"""Text in pictures: names that fit their place, in a font that can show them.

Pillow brings a font for ASCII; DejaVu Sans, where it is installed, knows the other alphabets of Europe and more. A
character that the font does not know is written as an escape: an empty box would say nothing.
"""

from __future__ import annotations

import functools

from PIL import ImageFont

from nncli.text import printable

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

UNKNOWN = "\uffff"
"""No font has it: this is how the box for an unknown character looks."""


@functools.cache
def font(size: int) -> Font:
    """The best font at hand, `size` pixels high."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except (OSError, ImportError):  # not installed, or Pillow without FreeType
        return ImageFont.load_default(size)


def legible(text: str, size: int) -> str:
    """`text` in one line, with escapes for what the font cannot show."""
    box = _mask(UNKNOWN, size)
    return "".join(
        char if char == " " or (char.isprintable() and _mask(char, size) != box) else _escape(char)
        for char in printable(text)
    )


def fitted(text: str, size: int, width: float) -> str:
    """`text` legible and cut to `width` pixels, with dots in the middle where something was left out."""
    text = legible(text, size)
    if text_width(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        head, tail = text[: (kept + 1) // 2], text[len(text) - kept // 2 :]
        if text_width(f"{head}..{tail}", size) <= width:
            return f"{head}..{tail}"
    return ""


def cut(text: str, size: int, width: float) -> str:
    """`text` legible and cut to `width` pixels, with dots at the end where something was left out."""
    text = legible(text, size)
    kept = len(text)
    while kept and text_width(text[:kept] + ".." * (kept < len(text)), size) > width:
        kept -= 1
    return text[:kept] + ".." * (kept < len(text)) if kept else ""


def wrapped(text: str, size: int, width: float) -> list[str]:
    """`text` legible in lines of at most `width` pixels, broken between words; a longer word is cut."""
    lines = [""]
    for word in legible(text, size).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines += [cut(word, size, width)]
    return [line for line in lines if line]


def text_width(text: str, size: int) -> float:
    """Its width in pixels."""
    return font(size).getlength(text)


@functools.cache
def _mask(char: str, size: int) -> bytes:
    return bytes(font(size).getmask(char))


def _escape(char: str) -> str:
    return char.encode("ascii", "backslashreplace").decode()
