"""Winograd's short convolutions against windows that are cut one by one."""

import numpy as np
import pytest

from nncli.features.winograd import Winograd


@pytest.mark.parametrize(("q", "q_"), [(6, 8), (3, 5), (7, 4)])
def test_answers_are_those_of_each_window(q: int, q_: int) -> None:
    """Also where places down or across are odd in number: rows behind the last window belong to none."""
    rng = np.random.default_rng(0)
    image_map, patterns = rng.random((q, q_, 5), np.float32), rng.standard_normal((45, 7), np.float32)
    windows = [image_map[i : i + 3, j : j + 3].ravel() for i in range(q - 2) for j in range(q_ - 2)]
    expected = np.array(windows, np.float64) @ patterns
    winograd = Winograd((q, q_), patterns)
    answers, is_window = winograd(image_map), winograd.places < len(expected)
    assert len(expected) == is_window.sum()
    np.testing.assert_allclose(expected[winograd.places[is_window]], answers[is_window], atol=2e-5)
