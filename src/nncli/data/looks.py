"""Look of the images of a folder, from a few of them: size, color, drawings or photos."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from nncli.data.image.image_sizes import sizes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

N_LOOKED_AT = 64

LOOK = ImageFormat(28, 28, "rgb", "stretch")
"""Format in which they are looked at."""

COLORLESS = 3.0
"""Mean difference between the channels, in gray levels, up to which an image is gray."""

NEAR = 16
"""Gray levels that count as background together."""


@dataclass(frozen=True)
class Looks:
    """Look of some of the images.

    Attributes:
        height, width: Medians, in pixels.
        is_gray: Whether none of them has color.
        outline: Median share of what is in an image that lies at its outline: large for lines, small for areas.
    """

    height: int
    width: int
    is_gray: bool
    outline: float

    def __str__(self) -> str:
        return f"{'gray' if self.is_gray else 'color'} images of about {self.height}x{self.width}"


def look_at(paths: Sequence[str]) -> Looks | None:
    """Look at some of the images, evenly chosen; None if none of these can be read."""
    chosen, images = evenly_chosen(paths), []
    for path in chosen:
        with contextlib.suppress(ImageError):
            images.append(decode_image(path, LOOK))
    return looks_of(images, list(sizes_of(chosen).elements()))


def evenly_chosen(paths: Sequence[str]) -> Sequence[str]:
    """Those to look at."""
    return paths[:: max(1, len(paths) // N_LOOKED_AT)]


def looks_of(rows: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], sizes: Sequence[tuple[int, int]]) -> Looks | None:
    """Look of images in the format `LOOK`, one per row, whose original widths and heights are `sizes`."""
    if not len(rows) or not sizes:
        return None
    images = [row.reshape(-1, 3).astype(np.float32) for row in rows]
    spread = [float(np.ptp(image, axis=1).mean()) for image in images]
    return Looks(
        height=round(statistics.median(height for _, height in sizes)),
        width=round(statistics.median(width for width, _ in sizes)),
        is_gray=max(spread) <= COLORLESS,
        outline=statistics.median(map(_outline, images)),
    )


def _outline(image: NDArray[np.float32]) -> float:
    """The share of the pixels that differ from the background which lie next to it: all of a line, little of a shirt.

    The background are the most frequent gray levels.
    """
    gray = image.mean(axis=1).astype(np.intp)
    window = np.convolve(np.bincount(gray, minlength=256), np.ones(NEAR, np.intp), mode="valid")
    level = int(window.argmax())
    background = ((gray >= level) & (gray < level + NEAR)).reshape(LOOK.height, LOOK.width)
    padded = np.pad(background, 1)
    beside = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    drawn = ~background
    return float((drawn & beside).sum() / max(drawn.sum(), 1))
