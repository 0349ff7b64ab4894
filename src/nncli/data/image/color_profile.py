"""Embedded ICC profiles: what the numbers of a file stand for, brought to sRGB by Little CMS, which Pillow contains.

Without a profile, and with one that is sRGB itself or that cannot be used, the numbers stay as they are, and nothing
of this is loaded. The way is relative colorimetric with black point compensation, as browsers and photo programs do.

References:
    ICC.1:2022 (International Color Consortium); IEC 61966-2-1 (sRGB).
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

MOST_PROFILE_BYTES = 1 << 22
"""CMYK profiles of printers have up to 2 MB."""

_TOLERANCE = 1
"""Levels by which a profile may differ from sRGB and count as sRGB."""


def to_srgb(image: Image.Image) -> Image.Image:
    """The loaded `image`, of 8 bits a channel, with its colors as sRGB, where a usable profile says what they are."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 128 <= len(profile) <= MOST_PROFILE_BYTES:
        return image
    if image.mode in ("P", "PA") and profile[16:20] == b"RGB ":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    mode = image.mode.removesuffix("A").removesuffix("X")
    if profile[16:20] != {"RGB": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}.get(mode):
        return image  # a profile for other numbers than these
    transform = _transform(profile, mode)
    if transform is None:
        return image
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is None and image.has_transparency_data:  # a single transparent color: found by its own numbers
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    colors = transform.apply(image if image.mode == mode else image.convert(mode))
    if alpha is not None:
        colors.putalpha(alpha)
    return colors


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCmsTransform | None:
    """The transform of pixels of `mode` to sRGB; None where nothing is to be done, or nothing can be."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform: Any = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return None if mode != "CMYK" and _is_identity(transform, mode) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a broken profile says nothing about the pixels
        return None


def _is_identity(transform: ImageCmsTransform, mode: str) -> bool:
    steps = np.arange(0, 256, 15).astype(np.uint8)
    if mode == "L":
        before = Image.fromarray(steps[None])
    else:
        before = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3))
    after = np.asarray(transform.apply(before)).astype(int)
    return int(np.abs(after - np.asarray(before.convert("RGB"))).max()) <= _TOLERANCE
