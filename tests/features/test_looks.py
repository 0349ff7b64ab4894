"""Looks at an image: the whole made smaller, and five parts."""

from __future__ import annotations

import numpy as np

from nncli.features.column import FeatureColumn
from nncli.features.looks import Parts, reduction
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from tests.features.images import noise


def test_parts_are_the_image_itself_and_the_whole_is_an_average() -> None:
    """Middle and corners lie where they lie; one color stays what it is; weights are whole 128ths."""
    images = noise(2, 20, 10, 3)
    whole, middle, *corners = Parts((20, 10, 3)).of(images)
    assert (2, 16, 8, 3) == whole.shape
    np.testing.assert_array_equal(images[:, 2:18, 1:9], middle)
    for part, (top, left) in zip(corners, [(0, 0), (0, 2), (4, 0), (4, 2)], strict=True):
        np.testing.assert_array_equal(images[:, top : top + 16, left : left + 8], part)
    np.testing.assert_array_equal(77, Parts((20, 10, 3)).whole(np.full((1, 20, 10, 3), 77, np.uint8)))
    matrix = reduction(160, 128)
    assert (1, 0) == (matrix.sum(axis=1).min(), np.abs(128 * matrix - np.rint(128 * matrix)).max())
    exact = np.einsum("ay,bx,myxc->mabc", reduction(20, 16), reduction(10, 8), images.astype(np.float64))
    np.testing.assert_array_equal(np.rint(exact), whole)


def test_a_column_computes_every_look() -> None:
    """Each look's features are those of a column that sees nothing else, mirrored or not, the whole first."""
    images = noise(40, 20, 15, 3)
    settings = Patches(size=3, count=4, grid=2), Hog(cell=4)
    column = FeatureColumn.fit(settings, (20, 15, 3), images.reshape(40, -1), 0, looks="parts")
    seen = FeatureColumn(settings, (16, 12, 3), column.blocks)
    looks = np.empty((12, 5, column.n_features), np.float32)
    column.extract_looks(images[:5].reshape(5, -1), looks, mirrored=True)
    for number, part in enumerate(Parts((20, 15, 3)).of(images[:5])):
        expected = np.empty((2, 5, column.n_features), np.float32)
        seen.extract_both(part.reshape(5, -1), expected[0], expected[1])
        np.testing.assert_array_equal(expected, looks[2 * number : 2 * number + 2])
    alone = np.empty((5, column.n_features), np.float32)
    column.extract(images[:5].reshape(5, -1), alone)
    np.testing.assert_allclose(alone, looks[0], atol=1e-5)
