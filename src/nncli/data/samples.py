"""A look at the samples of some training images, for what one setting of a whole data set depends on.

    range         which of their 65,536 values 16-bit images use: microscopes fill a few hundred, cameras 12 bits
    background    what keeps most contrast behind transparent pictures: white icons vanish on white

Both are chosen once, before training, and kept in the model: prediction does the same, whatever the picture.

    used = [least p_0.1, greatest p_99.9] over the images looked at, p_k the k-th percentile of an image
    range = full where the used values reach half of full scale,
            [0, 2^k - 1] for the smallest k that holds them, where they begin in the lowest sixteenth of it,
            used otherwise
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from nncli.data.image.decoding import ImageError, read_file
from nncli.data.image.image_plugins import TIFF, UnknownFormatError, UnreadError, open_image
from nncli.data.image.png_samples import color_samples, has_deep_colors
from nncli.data.image.tiff_header import UNSIGNED, read_header
from nncli.data.image.tiff_samples import refusal, sample_blocks
from nncli.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

N_LOOKED_AT = 128
"""Images, evenly chosen."""

FULL = 65535

BRIGHT = 200
"""Mean gray from which on a transparent picture is hard to see on white."""

MOST_SAMPLED = 1 << 20
"""Samples of an image that its percentiles are taken from."""

MOST_PIXELS = 30_000_000
"""Larger images are not looked at: it would take seconds."""

_BROKEN = (ImageError, UnknownFormatError, UnreadError, OSError, ValueError, SyntaxError, IndexError, KeyError)
_BROKEN_TOO = (TypeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError)


@dataclass(frozen=True)
class DeepValues:
    """The values that 16-bit images use.

    Attributes:
        n_deep: How many of the images looked at have 16 bits.
        n_looked_at: How many could be looked at.
        low, high: The least and the greatest value used, but for a thousandth of the pixels at either end.
    """

    n_deep: int
    n_looked_at: int
    low: float
    high: float

    def chosen(self) -> tuple[float, float] | None:
        """The range for the data set, or None for full scale."""
        if not self.n_deep or self.high > FULL // 2 or self.high <= self.low:
            return None
        power = 2 ** max(int(self.high).bit_length(), 1)
        return (0, power - 1) if self.low < power // 16 else (self.low, self.high)

    def __str__(self) -> str:
        share = f"{self.n_deep:,} of {counted(self.n_looked_at, 'image')} looked at have 16 bits"
        return f"{share}, with values from {self.low:,} to {self.high:,}"


def look_at_values(paths: Sequence[str]) -> DeepValues:
    """Look at the values of some of the images, evenly chosen; those that cannot be read are left out."""
    lows, highs, n_looked_at = [], [], 0
    for path in paths[:: max(1, -(-len(paths) // N_LOOKED_AT))]:
        with contextlib.suppress(*_BROKEN, *_BROKEN_TOO):
            values = deep_values(read_file(path)) if _may_be_deep(path) else None
            n_looked_at += 1
            if values is not None and values.size:
                low, high = np.percentile(values, [0.1, 99.9], method="nearest").tolist()
                lows.append(int(low))
                highs.append(int(high))
    return DeepValues(len(lows), n_looked_at, min(lows, default=0), max(highs, default=FULL))


def _may_be_deep(path: str) -> bool:
    """Whether the first bytes are a TIFF's, or a PNG's of 16 bits: most files need not be read to the end."""
    with open(path, "rb") as file:  # noqa: PTH123 - a Path costs more than reading a small file
        head = file.read(25)
    return head.startswith(TIFF) or (head.startswith(b"\x89PNG") and head[24:] == b"\x10")


def deep_values(data: bytes) -> NDArray[Any] | None:
    """Values of the color samples of an image with 9 to 16 unsigned bits, at most `MOST_SAMPLED`; None for any other.

    Raises:
        Exception: Anything that a damaged file can raise.
    """
    values: NDArray[Any] | None = None
    if data.startswith(TIFF):
        header = read_header(data)
        is_deep = header.sample_format == UNSIGNED and 8 < header.bits <= 16
        if not is_deep or header.width * header.height > MOST_PIXELS or refusal(header):
            return None
        step = max(1, header.width * header.height * header.n_colors // MOST_SAMPLED)
        values = np.concatenate([block.ravel()[::step] for block in sample_blocks(data, header)])
    elif data.startswith(b"\x89PNG"):
        with open_image(data) as image:
            if image.width * image.height > MOST_PIXELS or data[24] != 16:
                return None
            image.load()
            values = color_samples(data) if has_deep_colors(data) else np.asarray(image)
    return None if values is None else values.ravel()[:: max(1, values.size // MOST_SAMPLED)]


def look_at_transparency(paths: Sequence[str]) -> tuple[int, int, float]:
    """How many images have transparent pixels, how many were looked at, and the mean gray of what is not transparent.

    Returns:
        The two counts, and the mean over the transparent images of the mean luma of their pixels, 0 to 255, each
        weighted with its alpha; 0 where there are none.
    """
    lumas, n_looked_at = [], 0
    for path in paths[:: max(1, -(-len(paths) // N_LOOKED_AT))]:
        with contextlib.suppress(*_BROKEN, *_BROKEN_TOO):
            with open_image(read_file(path)) as image:
                if image.width * image.height > MOST_PIXELS:
                    continue
                image.load()
                n_looked_at += 1
                if not image.has_transparency_data:
                    continue
                small = image.convert("RGBA").resize((32, 32), Image.Resampling.BOX)
            alpha = np.asarray(small.getchannel("A"), np.float64)
            if 0 < alpha.sum() < 255 * alpha.size:
                lumas.append(float(np.average(np.asarray(small.convert("L")), weights=alpha)))
    return len(lumas), n_looked_at, float(np.mean(lumas)) if lumas else 0.0


def background_with_contrast(luma: float) -> str:
    """White or black, whichever differs more from a mean gray level; white where both do."""
    return "black" if luma > 255 / 2 else "white"
