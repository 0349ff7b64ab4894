"""How large image files are, told by their headers; no pixel is decoded."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.image.image_plugins import open_image

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = 1 << 18
"""Bytes read of a file: metadata come first and are rarely longer."""

MOST = 2000
"""Files looked at, evenly chosen: enough to know, and a second at most."""


def sizes_of(paths: Sequence[str]) -> Counter[tuple[int, int]]:
    """How often each (width, height) occurs among at most `MOST` of the files; unreadable headers are left out."""
    step = -(-len(paths) // MOST) or 1
    sizes: Counter[tuple[int, int]] = Counter()
    for path in paths[::step]:
        # Broken headers raise nearly anything; what cannot be read is named when it is decoded.
        with contextlib.suppress(Exception), Path(path).open("rb") as file, open_image(file.read(HEAD)) as image:
            sizes[image.size] += 1
    return sizes


def described(sizes: Counter[tuple[int, int]]) -> str:
    """Width x height in words: the one there is, or the smallest, the most frequent and the largest."""
    if len(sizes) < 2:
        return "".join(f"{width}x{height}" for width, height in sizes)
    by_area = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    (usual, count), total = sizes.most_common(1)[0], sizes.total()
    (small, large), often = (by_area[0], by_area[-1]), f"{count / total:.0%} are {usual[0]}x{usual[1]}"
    return f"{small[0]}x{small[1]} to {large[0]}x{large[1]} (width x height), {len(sizes)} different; {often}"
