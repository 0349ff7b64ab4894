"""Ways to damage a file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def flip(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A few bits, half of the time near the start, where headers are."""
    reach = len(data) if rng.random() < 0.5 else min(len(data), 200)
    for position in rng.integers(0, reach, rng.integers(1, 9)):
        data[position] ^= 1 << int(rng.integers(0, 8))
    return data


def cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    """The end is missing: at least 25 bytes."""
    return data[: int(rng.integers(0, max(len(data) - 25, 1)))]


def swap(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Two pieces change places."""
    a, b, c = sorted(int(x) for x in rng.integers(0, len(data) + 1, 3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def lie(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A number, perhaps a length, becomes another."""
    value = INTERESTING[int(rng.integers(len(INTERESTING)))]
    form = ("<H", ">H", "<I", ">I")[int(rng.integers(4))]
    size = struct.calcsize(form)
    if len(data) > size:
        struct.pack_into(form, data, int(rng.integers(0, min(len(data), 400) - size)), value & (256**size - 1))
    return data


def blank(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Zeros in the middle, as after an interrupted download."""
    start = int(rng.integers(0, len(data)))
    length = min(int(rng.integers(1, max(len(data) // 4, 2))), len(data) - start)
    data[start : start + length] = bytes(length)
    return data


def append(data: bytearray, rng: np.random.Generator) -> bytearray:
    """More behind the end."""
    return data + bytearray(rng.bytes(int(rng.integers(1, 3000))))


def insert(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Noise in the middle."""
    place = int(rng.integers(0, len(data)))
    return data[:place] + bytearray(rng.bytes(int(rng.integers(1, 60)))) + data[place:]


def remove(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A piece in the middle is missing."""
    place = int(rng.integers(0, len(data)))
    return data[:place] + data[place + int(rng.integers(1, 200)) :]


MUTATIONS: dict[str, Callable[[bytearray, np.random.Generator], bytearray]] = {
    each.__name__: each for each in (flip, cut, swap, lie, blank, append, insert, remove)
}


def mutated(data: bytes, rng: np.random.Generator, kind: str = "") -> tuple[str, bytes]:
    """`data` damaged in a way that is drawn, or is `kind`; the way and the result."""
    kind = kind or list(MUTATIONS)[int(rng.integers(len(MUTATIONS)))]
    return kind, bytes(MUTATIONS[kind](bytearray(data), rng))
