"""TIFF files of any kind, tag by tag."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_IS_WHITE, MIN_IS_BLACK, RGB, CMYK, YCBCR = 0, 1, 2, 5, 6
FORMATS = {"u": 1, "i": 2, "f": 3}


def tiff_of_tags(
    tags: dict[int, tuple[int, ...]], strips: list[bytes], *, order: str = "<", big: bool = False
) -> bytes:
    """A file with these tags, all of them unsigned numbers, and these strips; offsets and sizes are filled in."""
    word = "Q" if big else "I"
    tags = tags | {273: (0,) * len(strips), 279: tuple(map(len, strips))}
    head, entry, inline = (16, 20, 8) if big else (8, 12, 4)
    at = head + (8 if big else 2) + entry * len(tags) + (8 if big else 4)
    tails = {tag: struct.pack(f"{order}{len(v)}{word}", *v) for tag, v in tags.items()}
    places = {}
    for tag, tail in tails.items():
        places[tag] = at
        at += len(tail) if len(tail) > inline else 0
    offsets = tuple(at + sum(map(len, strips[:k])) for k in range(len(strips)))
    tails[273] = struct.pack(f"{order}{len(offsets)}{word}", *offsets)
    directory = struct.pack(order + ("Q" if big else "H"), len(tags))
    for tag in sorted(tags):
        value = tails[tag] if len(tails[tag]) <= inline else struct.pack(order + word, places[tag])
        directory += struct.pack(f"{order}HH{word}", tag, 16 if big else 4, len(tags[tag])) + value.ljust(inline, b"\0")
    start = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    mark = b"II" if order == "<" else b"MM"
    extra = b"".join(tail for tail in tails.values() if len(tail) > inline)
    return mark + start + directory + bytes(8 if big else 4) + extra + b"".join(strips)


def tiff(
    samples: NDArray[Any],
    photometric: int,
    *,
    order: str = "<",
    big: bool = False,
    planar: bool = False,
    deflate: bool = False,
    more: dict[int, tuple[int, ...]] | None = None,
) -> bytes:
    """A file of (height, width, samples), in strips of five rows; `more` are further tags."""
    height, width, n = samples.shape
    kind = samples.dtype.kind
    stored = samples.astype(f"{order}{kind}{samples.itemsize}")
    planes = [stored[..., k] for k in range(n)] if planar else [stored]
    strips = [np.ascontiguousarray(plane[row : row + 5]).tobytes() for plane in planes for row in range(0, height, 5)]
    if deflate:
        strips = [zlib.compress(strip) for strip in strips]
    tags: dict[int, tuple[int, ...]] = {256: (width,), 257: (height,), 258: (8 * samples.itemsize,) * n}
    tags |= {259: (8 if deflate else 1,), 262: (photometric,), 277: (n,), 278: (5,), 284: (1 + planar,)}
    tags |= {339: (FORMATS[kind],) * n}
    return tiff_of_tags(tags | (more or {}), strips, order=order, big=big)
