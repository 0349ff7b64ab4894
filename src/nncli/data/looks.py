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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

N_LOOKED_AT = 64

LOOK = ImageFormat(28, 28, "rgb", "stretch")
"""Format in which they are looked at."""

COLORLESS = 3.0
"""Mean difference between the channels, in gray levels, up to which an image is gray, where no part of it has color."""

FULL_SIDE = 1024
"""Most height and width at which color is looked for: a lamp of a few pixels has none left in `LOOK`."""

VIVID = 60
"""Difference between the channels, in gray levels, that noise and JPEG do not give a gray pixel."""

FEW_VIVID = 6
"""Vivid pixels from which on an image has color."""

ELONGATED = 2.0
"""How often the shorter side goes into the longer one where a square would distort what is shown."""

NEAR = 16
"""Gray levels that count as background together."""

FRAMED_ALIKE = 0.8
"""Variation up to which images are framed alike; sets of photos of many places have more than 1."""

FEWEST_FRAMED = 16
"""Images that say something about it."""


@dataclass(frozen=True)
class Looks:
    """Look of some of the images.

    Attributes:
        height, width: Medians, in pixels.
        is_gray: Whether none of them has color.
        outline: Median share of what is in an image that lies at its outline: large for lines, small for areas.
        n_vivid: Most colored pixels of an image that is gray as a whole; 0 where there is color everywhere.
        variation: How much the images differ at a pixel, as a share of how much the pixels of an image differ, as
            variances: small where all are taken from one place, or every thing is drawn in the middle.
    """

    height: int
    width: int
    is_gray: bool
    outline: float
    n_vivid: int = 0
    variation: float = 1.0

    @property
    def is_framed_alike(self) -> bool:
        """Whether every image shows its thing in the same place, of the same size, in the same light."""
        return self.variation <= FRAMED_ALIKE

    @property
    def is_elongated(self) -> bool:
        """Whether most are much longer than wide, or wider than long."""
        return max(self.height, self.width) >= ELONGATED * min(self.height, self.width)

    def __str__(self) -> str:
        spots = f", gray but for {self.n_vivid} colored pixels or fewer" if self.n_vivid else ""
        return f"{'gray' if self.is_gray else 'color'} images of about {self.height}x{self.width}{spots}"


def look_at(paths: Sequence[str]) -> Looks | None:
    """Look at some of the images, evenly chosen; None if none of these can be read."""
    chosen, images = evenly_chosen(paths), []
    for path in chosen:
        with contextlib.suppress(ImageError):
            images.append(decode_image(path, LOOK))
    sizes = list(sizes_of(chosen).elements())
    return looks_of(images, sizes, lambda shape: _decoded(chosen, shape))


def _decoded(sources: Sequence[str | bytes], image_format: ImageFormat) -> Iterator[NDArray[np.uint8]]:
    """Those that can be read."""
    for source in sources:
        with contextlib.suppress(ImageError):
            yield decode_image(source, image_format)


def evenly_chosen(paths: Sequence[str]) -> Sequence[str]:
    """Those to look at."""
    return paths[:: max(1, len(paths) // N_LOOKED_AT)]


def looks_of(
    rows: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    sizes: Sequence[tuple[int, int]],
    larger: Callable[[ImageFormat], Iterable[NDArray[np.uint8]]],
) -> Looks | None:
    """Look of some images.

    Args:
        rows: They in the format `LOOK`, one per row.
        sizes: Their original widths and heights.
        larger: They in another format; asked only where they are gray as a whole.
    """
    if not len(rows) or not sizes:
        return None
    images = [row.reshape(-1, 3).astype(np.float32) for row in rows]
    is_gray = max(float(np.ptp(image, axis=1).mean()) for image in images) <= COLORLESS
    n_vivid = 0
    if is_gray:
        side = [min(FULL_SIDE, max(sides)) for sides in zip(*sizes, strict=True)]
        n_vivid = max(map(_n_vivid, larger(ImageFormat(side[1], side[0], "rgb", "stretch"))), default=0)
        n_vivid = 0 if n_vivid < FEW_VIVID else n_vivid
    return Looks(
        height=round(statistics.median(height for _, height in sizes)),
        width=round(statistics.median(width for width, _ in sizes)),
        is_gray=is_gray and not n_vivid,
        outline=statistics.median(map(_outline, images)),
        n_vivid=n_vivid,
        variation=_variation(np.stack(images).mean(axis=2)),
    )


def _variation(images: NDArray[np.float32]) -> float:
    """Variance of a pixel over the images, as a share of that over the pixels of an image; 1 where too few say it."""
    if len(images) < FEWEST_FRAMED:
        return 1.0
    return float(images.var(axis=0).mean() / max(images.var(axis=1).mean(), 1e-9))


def _n_vivid(row: NDArray[np.uint8]) -> int:
    """Pixels with color."""
    pixels = row.reshape(-1, 3)
    spread = pixels.max(axis=1) - pixels.min(axis=1)
    return int((spread >= VIVID).sum())


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
