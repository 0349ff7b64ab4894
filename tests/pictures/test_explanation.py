"""Maps over an image."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.pictures.explanation import FAINT, explanation_picture, overlay
from nncli.pictures.weights import NEGATIVE, POSITIVE

WHITE = np.full((4, 6, 3), 255, np.uint8)


def test_red_is_for_and_blue_against() -> None:
    """At full strength where the map is strongest; where it is zero, the image shows faintly."""
    image = WHITE.copy()
    image[3, 5] = 0
    values = np.zeros((4, 6))
    values[0, 0], values[1, 1], values[2, 2] = 2.0, -2.0, 1.0
    shown = overlay(image, values)
    assert POSITIVE == pytest.approx(shown[0, 0])
    assert NEGATIVE == pytest.approx(shown[1, 1])
    assert (POSITIVE + 255) / 2 == pytest.approx(shown[2, 2], abs=1)
    assert (255, round(255 * (1 - FAINT))) == (shown[0, 5, 0], shown[3, 5, 0])


def test_a_map_of_nothing_is_drawn() -> None:
    """Nothing is divided by zero."""
    assert 255 == overlay(WHITE, np.zeros((4, 6))).min()


@pytest.mark.parametrize("shape", [(4, 6), (28, 28), (1, 300), (300, 1)])
def test_panels_stand_side_by_side(shape: tuple[int, int]) -> None:
    """The image and each map, the small ones enlarged, below their titles."""
    image = np.full((*shape, 3), 200, np.uint8)
    picture = explanation_picture(image, np.ones((2, *shape)), ["name\n", "a  0.9", "b  0.1"], "caption")
    factor = max(1, 224 // max(shape))
    assert picture.width >= 3 * shape[1] * factor
    assert picture.height >= shape[0] * factor + 24
    step = (picture.width - 12) // 3
    assert (200, 200, 200) == picture.getpixel((12, 24))
    assert tuple(POSITIVE) == picture.getpixel((12 + step, 24))
