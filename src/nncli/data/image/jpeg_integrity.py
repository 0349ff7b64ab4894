"""JPEG damage that libjpeg passes over in silence: image data that end too early, or that are not used up.

libjpeg paints what it has no data for in gray, and skips what it has no use for; it counts both as warnings, which
Pillow does not show. But Pillow hands it a file in pieces. So the last bytes of the image data are held back:

    all but the last 32 bytes     done already?  Then more than 32 bytes are left over.
    the rest and a little filler  not done yet?  Then some are missing, more than two blocks of 8x8 pixels need.

It costs no second decoding. It works where the decoder can be done before it has seen the end mark: for one scan of
sequential coding, as most JPEGs have; of a progressive file only missing scans can be noticed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile

HELD_BACK = 32
"""Bytes. Encoders leave none behind the last block; some fill up to a round number."""

FILLER = b"\xff\x00" * 8
"""Data of all ones, which is no code: as far as the decoder likes to look ahead."""

_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_FRAMES = (*_SEQUENTIAL, _PROGRESSIVE)
SCAN, _END, _RESTART_INTERVAL = 0xDA, 0xD9, 0xDD


class _Segment(NamedTuple):
    marker: int
    content: bytes
    end: int


def watch_jpeg(image: ImageFile, data: bytes) -> None:
    """Look through the structure of a JPEG, and have its loading fail where image data are missing or left over.

    Args:
        image: Opened, not loaded.
        data: Its file.

    Raises:
        OSError: Scans or restart markers are missing.
    """
    kind, frame, interval, scans = 0, bytes(6), 0, []
    for marker, content, end in segments(data):
        if marker in _FRAMES:
            kind, frame = marker, content
        elif marker == _RESTART_INTERVAL:
            interval = int.from_bytes(content[:2])
        elif marker == SCAN and kind in _SEQUENTIAL and content[:1] == frame[5:6]:  # all components: the only scan
            _watch_scan(image, data, end, -(-_n_blocks(frame) // interval) - 1 if interval else 0)
            return
        elif marker == SCAN:
            scans.append(content)
    if kind == _PROGRESSIVE:
        _check_progression(scans, n_components=frame[5])


def segments(data: bytes) -> Iterator[_Segment]:
    """The segments up to the end of the first image; `end` is where what follows begins."""
    position = 2
    while match := _MARKER.search(data, position):
        marker, start = match[0][-1], match.end()
        if marker == _END:
            return
        position = start + int.from_bytes(data[start : start + 2])
        yield _Segment(marker, data[start + 2 : position], position)


def _check_progression(scans: list[bytes], n_components: int) -> None:
    """Every coefficient of every component needs a scan that brings its last bit (ITU-T T.81, G.1.1)."""
    finished: set[int] = set()
    for scan in scans:
        n = scan[0]
        components = {2 * i + 1: scan[2 * i + 1] for i in range(n)}.values()
        first, last, bits = scan[2 * n + 1 : 2 * n + 4]
        if bits & 15 == 0:
            finished.update(64 * component + k for component in components for k in range(first, last + 1))
    if len(finished) < 64 * n_components:
        raise OSError("image data end early: scans are missing")


def _n_blocks(frame: bytes) -> int:
    """Minimum coded units of a scan with all components."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    samplings = frame[7::3]
    if len(samplings) == 1:
        return -(-height // 8) * -(-width // 8)
    across, down = max(each >> 4 for each in samplings), max(each & 15 for each in samplings)
    return -(-height // (8 * max(down, 1))) * -(-width // (8 * max(across, 1)))


def _watch_scan(image: ImageFile, data: bytes, start: int, n_restarts: int) -> None:
    """Replace how `image` reads its file, the image data of which begin at `start`."""
    end = data.find(b"\xff\xd9", start)
    if end < 0:
        raise OSError("no end mark")
    if n_restarts:
        found = b"".join(match[1] for match in _RESTART.finditer(data, start, end))
        if found != bytes(0xD0 + i % 8 for i in range(n_restarts)):
            raise OSError("restart markers are missing or out of order")
    if end > HELD_BACK:
        image.load_read = _Pieces(data[: end - HELD_BACK], data[end - HELD_BACK : end] + FILLER)  # type: ignore[attr-defined]


class _Pieces:
    """Pieces that the decoder reads, and how often."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.n_read = 0

    def __call__(self, _size: int) -> bytes:
        """The next piece, where Pillow asks for `_size` bytes.

        Raises:
            OSError: There is none.
        """
        if self.n_read == len(self._pieces):
            raise OSError("image data end early")
        self.n_read += 1
        return self._pieces[self.n_read - 1]


def check_used_up(image: ImageFile) -> None:
    """Look whether the decoder needed all data of an image that was watched and loaded.

    Raises:
        OSError: It was content with less.
    """
    pieces = getattr(image, "load_read", None)
    if isinstance(pieces, _Pieces) and pieces.n_read == 1:
        raise OSError("image data left over")
