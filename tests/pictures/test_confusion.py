"""The confusion matrix as a picture."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.pictures.confusion import INK, PAPER, RIGHT, WRONG, confusion_picture


def test_right_is_blue_and_wrong_is_red() -> None:
    """All of class a is right, all of class b wrong; nothing is elsewhere."""
    colors = {color for _, color in confusion_picture([[3, 0], [2, 0]], ("a", "b")).getcolors(1 << 24) or ()}
    assert {tuple(RIGHT.tolist()), tuple(WRONG.tolist()), PAPER, INK} <= colors


@pytest.mark.parametrize("n", [2, 10, 100])
def test_it_grows_with_the_classes_and_stays_a_screenful(n: int) -> None:
    """A hundred classes with long names still have a row each."""
    picture = confusion_picture(np.eye(n, dtype=int), [f"a long name of class {k}" for k in range(n)])
    assert 15 * n < picture.height < 2000
    assert 15 * n < picture.width < 2000


def test_names_from_strangers() -> None:
    """Control characters, other alphabets and undecodable bytes are drawn, too."""
    assert confusion_picture([[1, 0], [0, 1]], ("a\x1b[2J\n", "ผัดไทย\udcff")).width > 0
