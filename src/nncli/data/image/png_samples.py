"""Samples of PNG files that Pillow loses: transparent levels of gray with 2 or 4 bits and RGB with 16, and low bytes.

Pillow keeps the high byte of 16-bit RGB and of gray with alpha. Its decoder can be asked for other bytes of a sample;
asked twice, it gives all of them.

References:
    Portable Network Graphics, third edition (W3C, 2025), 11.2.1 (IHDR), 11.3.1.1 (tRNS).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from nncli.data.image.sample_values import FULL_16, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

_DEPTH, _COLOR = 24, 25
"""Where a PNG file says how many bits a sample has, and what the samples mean."""

_RGB, _GRAY_ALPHA, _RGB_ALPHA = 2, 4, 6


def mend_transparency(image: ImageFile, data: bytes) -> Image.Image:
    """The loaded PNG, where its single transparent level is the one of the file.

    Pillow leaves the level as it stands in the file, where the pixels were scaled to 8 bits.
    """
    transparent, depth = image.info.get("transparency"), data[_DEPTH]
    if image.mode == "L" and isinstance(transparent, int) and depth in (2, 4):
        image.info["transparency"] = transparent * (255 // (2**depth - 1))
    elif image.mode == "RGB" and depth == 16 and isinstance(transparent, tuple):
        opaque = (_deep_samples(data, "RGB") != transparent).any(axis=2)
        del image.info["transparency"]
        image = image.convert("RGBA")  # type: ignore[assignment]
        image.putalpha(Image.fromarray(opaque.astype(np.uint8) * 255))
    return image


def has_deep_colors(data: bytes) -> bool:
    """Whether Pillow leaves out half of the 16 bits of each sample."""
    return data[_DEPTH] == 16 and data[_COLOR] in (_RGB, _GRAY_ALPHA, _RGB_ALPHA)


def in_range(image: Image.Image, data: bytes, chosen: tuple[float, float]) -> Image.Image:
    """A PNG with 16-bit colors, with the chosen range of values for its 256 levels; alpha keeps its full scale."""
    mode = {_RGB: "RGB", _GRAY_ALPHA: "LA", _RGB_ALPHA: "RGBA"}[data[_COLOR]]
    samples = _deep_samples(data, mode)
    levels = np.empty(samples.shape, np.uint8)
    n_colors = len(mode.removesuffix("A"))
    for channel in range(samples.shape[2]):
        scale = Scale(FULL_16, chosen if channel < n_colors else None)
        levels[..., channel] = scale.levels(samples[..., channel])
    if "A" in image.mode and mode == "RGB":  # a single transparent color, found before
        levels = np.dstack([levels, np.asarray(image.getchannel("A"))])
        mode = "RGBA"
    return Image.frombytes(mode, image.size, levels.tobytes())


def color_samples(data: bytes) -> NDArray[np.uint16]:
    """All 16 bits of the colors of a PNG that `has_deep_colors`; (height, width, samples) without alpha."""
    mode = {_RGB: "RGB", _GRAY_ALPHA: "LA", _RGB_ALPHA: "RGBA"}[data[_COLOR]]
    return _deep_samples(data, mode)[..., : len(mode.removesuffix("A"))]


def _deep_samples(data: bytes, mode: str) -> NDArray[np.uint16]:
    """All 16 bits of each sample of a PNG that was decoded wholly once; (height, width, samples)."""
    if mode == "LA":  # four bytes, as RGBA has
        four = _decoded(data, "RGBA", "RGBA").view(">u2")
        return four.astype(np.uint16)
    high, low = (_decoded(data, mode, f"{mode};16{end}") for end in "BL")
    samples: NDArray[np.uint16] = np.bitwise_or(high.astype(np.uint16) << 8, low, dtype=np.uint16)
    return samples


def _decoded(data: bytes, mode: str, raw_mode: str) -> NDArray[np.uint8]:
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(io.BytesIO(data), "") as image:
        image._mode = mode
        image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
        image.load()
        return np.asarray(image)
