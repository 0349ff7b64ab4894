"""Pictures epoch by epoch."""

from __future__ import annotations

import numpy as np

from nncli.pictures.film import COLORS, SIDE, plane_frames, strip, weight_frames


def test_weights_are_scaled_by_the_largest_that_a_unit_ever_has() -> None:
    """Half of it is paler than all of it; another unit does not matter."""
    weights = np.zeros((2, 4, 2, 2, 1), np.float16)
    weights[:, 0] = np.array([0.5, 1])[:, None, None, None]
    weights[:, 1] = 100
    half, full = (np.asarray(picture) for picture in weight_frames(weights))
    red, green, _ = half[10, 10]
    assert (178, 24) == tuple(full[10, 10][:2])
    assert red > 178 and green > 24
    assert half.shape == full.shape


def test_the_plane_has_its_second_number_upward() -> None:
    """Class 1 where that is large; a point lies where its numbers say, in the color of its class."""
    plane = np.zeros((1, 2, 4, 4), np.uint8)
    plane[0, 0, :2], plane[0, 1, 2:] = 255, 255
    picture = np.asarray(plane_frames(plane, np.array([[255, 255]], np.uint8), np.array([0]))[0]).astype(int)
    blue, orange = COLORS[0], COLORS[1]
    assert np.abs(picture[-1, 0] - blue).sum() < np.abs(picture[-1, 0] - orange).sum()
    assert np.abs(picture[0, 0] - orange).sum() < np.abs(picture[0, 0] - blue).sum()
    assert blue.tolist() == picture[0, -1].tolist()
    assert (SIDE, SIDE, 3) == picture.shape


def test_a_strip_has_a_column_for_each_picture() -> None:
    """With a caption above it."""
    pictures = plane_frames(np.full((3, 2, 4, 4), 100, np.uint8), np.zeros((0, 2), np.uint8), np.zeros(0, int))
    whole = strip([pictures], ["epoch 0", "epoch 1", "epoch 2"])
    assert whole.width > 3 * SIDE
    assert SIDE < whole.height < SIDE + 40
