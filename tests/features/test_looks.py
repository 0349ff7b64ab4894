"""Looks at an image: the whole made smaller, and five parts; or the image, and four that are moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.features.column import FeatureColumn
from nncli.features.looks import Parts, Shifts, crops_of, reduction
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.looks import n_looks
from nncli.features.settings.patches import Patches
from nncli.features.settings.second_order import SecondOrder
from tests.features.images import noise, smooth

if TYPE_CHECKING:
    from nncli.features.settings import Features


def test_parts_are_the_image_itself_and_the_whole_is_an_average() -> None:
    """Middle and corners lie where they lie; one color stays what it is; weights are whole 128ths."""
    images = noise(2, 20, 10, 3)
    parts = Parts((20, 10, 3))
    whole, (middle, *corners) = parts.whole(images), parts.parts_of(images)
    assert (2, 16, 8, 3) == whole.shape
    np.testing.assert_array_equal(images[:, 2:18, 1:9], middle)
    for part, (top, left) in zip(corners, [(0, 0), (0, 2), (4, 0), (4, 2)], strict=True):
        np.testing.assert_array_equal(images[:, top : top + 16, left : left + 8], part)
    np.testing.assert_array_equal(77, Parts((20, 10, 3)).whole(np.full((1, 20, 10, 3), 77, np.uint8)))
    matrix = reduction(160, 128)
    assert (1, 0) == (matrix.sum(axis=1).min(), np.abs(128 * matrix - np.rint(128 * matrix)).max())
    exact = np.einsum("ay,bx,myxc->mabc", reduction(20, 16), reduction(10, 8), images.astype(np.float64))
    np.testing.assert_array_equal(np.rint(exact), whole)


def test_moved_images_are_filled_with_the_pixels_of_their_edge() -> None:
    """By a sixteenth of the height and of the width, never by less than a pixel: down, right, left, up."""
    images = noise(2, 32, 20, 3)
    shifts = Shifts((32, 20, 3))
    assert ((36, 22, 3), (32, 20, 3)) == (shifts.shape, shifts.seen)
    np.testing.assert_array_equal(images, shifts.whole(images.reshape(2, -1)))
    down, right, left, up = shifts.parts_of(images)
    np.testing.assert_array_equal(np.concatenate([images[:, :1], images[:, :1], images[:, :-2]], axis=1), down)
    np.testing.assert_array_equal(np.concatenate([images[:, :, :1], images[:, :, :-1]], axis=2), right)
    np.testing.assert_array_equal(np.concatenate([images[:, :, 1:], images[:, :, -1:]], axis=2), left)
    np.testing.assert_array_equal(np.concatenate([images[:, 2:], images[:, -1:], images[:, -1:]], axis=1), up)


SMALL = Patches(size=3, count=4, grid=2), Hog(cell=4)
ALL = (
    ColorHistogram(bins=3, grid=2),
    Patches(size=5, count=4, grid=3, stride=2),
    Hog(cell=4),
    DeepPatches(size=5, count=3, stride=2, pool=4, deep_size=2, deep_count=4, grid=2),
    SecondOrder(size=5, count=3, stride=2, pool=4, deep_size=2, directions=5),
    Patches(size=3, count=4, grid=2),
)


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "n_shared"),
    [
        ("shifts", ALL, (64, 32, 3), 2),  # 4 pixels down, 2 across: squares of answers lie 4 pixels apart
        ("shifts", ALL[1:], (64, 64, 1), 2),
        ("shifts", SMALL, (20, 15, 3), 1),
        ("parts", ALL, (80, 40, 3), 3),  # parts begin at multiples of 4 pixels
        ("parts", ALL, (50, 40, 3), 2),  # the middle begins at row 5, between two places
        ("parts", SMALL, (20, 15, 3), 1),  # left at column 1, in the mirror image at column 2
        ("parts", (ColorHistogram(bins=2, grid=5), Hog(cell=4)), (20, 15, 1), 0),  # cells lie otherwise in the mirror
    ],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_column_computes_every_look(
    kind: str, settings: Features, shape: tuple[int, int, int], n_shared: int, *, mirrored: bool
) -> None:
    """What parts have in common is computed once, and is what each look by itself gives, the whole first."""
    images, n = np.concatenate([smooth(30, *shape), noise(10, *shape)]), 1 + mirrored
    column = FeatureColumn.fit(settings, shape, images.reshape(40, -1), 0, looks=kind)
    parts, some = crops_of(shape, kind), images[27:32]
    assert parts
    seen = FeatureColumn(settings, parts.seen, column.blocks)
    looks = np.full((n_looks(kind) * n, 5, column.n_features), np.nan, np.float32)
    column.extract_looks(some.reshape(5, -1), looks, mirrored=mirrored)
    for number, part in enumerate([parts.whole(some), *parts.parts_of(some)]):
        expected = np.empty((2, 5, column.n_features), np.float32)
        seen.extract(part.reshape(5, -1), expected[0])
        seen.extract(part[:, :, ::-1].reshape(5, -1), expected[1])
        np.testing.assert_allclose(looks[n * number : n * number + n], expected[:n], rtol=1e-4, atol=1e-4)
    assert n_shared == len([unit for unit in column._units_of_parts if unit])
    alone = np.empty((5, column.n_features), np.float32)
    column.extract(some.reshape(5, -1), alone)
    np.testing.assert_allclose(alone, looks[0], atol=1e-5)
