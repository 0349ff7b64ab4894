"""Brightness, contrast and color."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.data.augmentation.color import adjust

if TYPE_CHECKING:
    from numpy.typing import NDArray


def adjusted(
    images: NDArray[np.uint8],
    gain: list[list[float]] | None = None,
    contrast: float = 1,
    brightness: float = 0,
) -> NDArray[np.uint8]:
    """Changed copies of `images`; by default nothing changes."""
    m, _, _, channels = images.shape
    gains = np.ones((m, channels), np.float32) if gain is None else np.array(gain, np.float32)
    out = images.copy()
    adjust(out, gains, np.full(m, contrast, np.float32), np.full(m, brightness, np.float32))
    return out


def every_value(channels: int = 3) -> NDArray[np.uint8]:
    """An image that has each of the 256 values, in every channel."""
    return np.repeat(np.arange(256, dtype=np.uint8), channels).reshape(1, 16, 16, channels)


def test_neutral_factors_change_nothing() -> None:
    """To the bit, for every value there is."""
    for channels in (1, 3):
        images = every_value(channels)
        np.testing.assert_array_equal(images, adjusted(images))


def test_brightness_is_added_and_stops_at_black_and_white() -> None:
    """No value wraps around."""
    values = adjusted(every_value(), brightness=20.4)[0, :, :, 0].ravel()
    assert [20, 21] == values[:2].tolist()
    assert [255] * 21 == values[235:].tolist()
    assert [0] * 21 == adjusted(every_value(), brightness=-20.4)[0, :, :, 0].ravel()[:21].tolist()


def test_contrast_keeps_the_mean() -> None:
    """Values move away from the image's own mean, 100, or towards it."""
    images = np.array([80, 100, 120], np.uint8).reshape(1, 1, 3, 1)
    assert [60, 100, 140] == adjusted(images, contrast=2).ravel().tolist()
    assert [90, 100, 110] == adjusted(images, contrast=0.5).ravel().tolist()


def test_each_channel_of_each_image_has_its_gain() -> None:
    """Channels lie side by side in memory and are not mixed up."""
    images = np.full((2, 2, 3, 3), 100, np.uint8)
    out = adjusted(images, gain=[[0.5, 1, 1.5], [2, 0, 1]])
    assert [50, 100, 150] == out[0, 1, 2].tolist()
    assert [200, 0, 100] == out[1, 0, 1].tolist()


def test_a_value_is_rounded_to_the_nearest() -> None:
    """Not cut off, which would make every image a little darker."""
    images = np.array([1, 2, 3, 5], np.uint8).reshape(1, 1, 4, 1)
    assert [2, 3, 5, 8] == adjusted(images, gain=[[1.5]]).ravel().tolist()
