"""Brightness, contrast and color: every channel of an image gets a new gain and offset.

p' = gain * p + offset
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def adjust(
    images: NDArray[np.uint8], gain: NDArray[np.float32], contrast: NDArray[np.float32], brightness: NDArray[np.float32]
) -> None:
    """Change images in place; what leaves 0..255 stops there.

    Args:
        images: (m, height, width, channels), C-contiguous.
        gain: Of each channel, (m, channels).
        contrast: What the distance from the image's mean is multiplied by, (m,).
        brightness: What is added, in gray levels, (m,).
    """
    m, height, width, channels = images.shape
    lines = images.reshape(m, height, width * channels)  # long lines: NumPy is slow where the last axis is three values
    mean = (lines.sum(axis=(1, 2), dtype=np.int64) / lines[0].size).astype(np.float32)  # exact, in whatever order
    values = lines * np.tile(gain * contrast[:, None], width)[:, None]
    values += ((1 - contrast) * mean + brightness)[:, None, None] + np.float32(0.5)  # the conversion below cuts off
    np.clip(values, 0, 255, out=values)
    lines[:] = values.astype(np.uint8)
