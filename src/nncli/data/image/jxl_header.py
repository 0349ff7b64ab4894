"""How large a JPEG XL picture is, told by its first bits: its plugin decodes when it opens, and that is too late.

References:
    ISO/IEC 18181-1:2024, 5.2 (SizeHeader); ISO/IEC 18181-2:2024, 4 (boxes).
"""

from __future__ import annotations

_RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_BITS = (9, 13, 18, 30)


def jxl_size(data: bytes) -> tuple[int, int]:
    """Width and height of the picture of a JPEG XL file.

    Raises:
        ValueError: There is none.
    """
    stream = data if data.startswith(b"\xff\x0a") else _codestream(data)
    if not stream.startswith(b"\xff\x0a"):
        raise ValueError("no codestream")
    bits = int.from_bytes(stream[2:16], "little")

    def take(n: int) -> int:
        nonlocal bits
        value = bits & ((1 << n) - 1)
        bits >>= n
        return value

    def side(is_small: bool) -> int:
        return 8 * (take(5) + 1) if is_small else take(_BITS[take(2)]) + 1

    is_small = bool(take(1))
    height = side(is_small)
    ratio = take(3)
    across, down = _RATIOS[ratio]
    return (height * across // down if ratio else side(is_small)), height


def _codestream(data: bytes) -> bytes:
    """The beginning of the first box with image data."""
    position = 0
    for _ in range(10_000):
        size, kind = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        start = position + 8
        if size == 1:
            size, start = int.from_bytes(data[start : start + 8]), start + 8
        if kind == b"jxlc":
            return data[start : start + 16]
        if kind == b"jxlp":  # a part, behind its number
            return data[start + 4 : start + 20]
        if size < start - position:
            break
        position += size
    raise ValueError("no codestream")
