"""The first picture of an animation where it is smaller than the canvas: around it is nothing, as browsers show it.

Pillow fills the rest of a GIF with color 0 of its palette, and that of a WebP with black.

References:
    GIF89a (CompuServe, 1990), 20; WebP Container Specification (Google, 2023), "Animation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

_ANIMATED = 2
"""The flag in the chunk VP8X."""

Box = tuple[int, int, int, int]


def first_picture_box(image: ImageFile, data: bytes) -> Box | None:
    """Where the first picture lies on its canvas, (left, top, right, bottom); None where it fills it.

    Args:
        image: Opened, not loaded.
        data: Its file.
    """
    box = None
    if image.format == "GIF":
        box = image.tile[0].extents if image.tile else None
    elif image.format == "WEBP":
        box = _webp_box(data)
    if box is None or (box[0] <= 0 and box[1] <= 0 and box[2] >= image.width and box[3] >= image.height):
        return None
    return box


def _webp_box(data: bytes) -> Box | None:
    if data[12:16] != b"VP8X" or not data[20] & _ANIMATED:
        return None
    position = 12
    while position + 24 <= len(data):
        if data[position : position + 4] == b"ANMF":
            left, top, right, bottom = (
                int.from_bytes(data[position + 8 + k : position + 11 + k], "little") for k in (0, 3, 6, 9)
            )
            return 2 * left, 2 * top, 2 * left + right + 1, 2 * top + bottom + 1
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + size + size % 2
    return None


def clear_around(image: Image.Image, box: Box, background: str) -> Image.Image:
    """The loaded picture with nothing outside of `box`: full transparency, or, without any, the background."""
    clear = image if image.mode in ("RGB", "RGBA") else image.convert("RGBA")  # in place: canvases may be huge
    nothing = background if image.mode == "RGB" else (0, 0, 0, 0)
    left, top, right, bottom = max(box[0], 0), max(box[1], 0), min(box[2], image.width), min(box[3], image.height)
    sides = (0, 0, image.width, top), (0, bottom, image.width, image.height)
    for side in (*sides, (0, top, left, bottom), (right, top, image.width, bottom)):
        if side[0] < side[2] and side[1] < side[3]:
            clear.paste(nothing, side)
    return clear
