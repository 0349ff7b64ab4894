"""The settings of the blocks: limits, lengths, and what a stranger's list may not hold."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from nncli.features.settings import (
    KINDS,
    MOST_FEATURES,
    PIXELS,
    Block,
    features_from_list,
    misfit,
    n_features,
    settings_class,
)
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.features.settings.second_order import SecondOrder
from nncli.option import options_of

RGB = (32, 32, 3)


@pytest.mark.parametrize(
    ("block", "shape", "expected"),
    [
        (Pixels(), (4, 5, 3), 60),
        (Patches(count=100, grid=3), RGB, 1800),
        (DeepPatches(deep_count=100, grid=2), RGB, 800),
        (SecondOrder(directions=100), RGB, 5050),
        (Hog(cell=8, bins=9), RGB, 3 * 3 * 36),
        (Hog(cell=8, bins=9), (39, 17, 1), 3 * 1 * 36),
        (ColorHistogram(bins=6), RGB, 216),
        (ColorHistogram(bins=6, grid=2), (8, 8, 1), 24),
        (Pca(components=50), RGB, 50),
    ],
)
def test_lengths(block: Block, shape: tuple[int, int, int], expected: int) -> None:
    """How many entries of the column a block fills."""
    assert expected == block.n_features(shape)
    assert expected + 3072 == n_features((block, Pixels()), (32, 32, 3)) or shape != RGB
    assert block.misfit(shape) is None
    assert block.flops(shape) > 0


def test_what_patches_cost() -> None:
    """Two operations for each place, patch and value: 27 * 27 places, 200 patches of 108 values, a 1, 9 cells twice."""
    assert 2 * 27 * 27 * 200 * (108 + 1 + 18) == Patches(count=200).flops(RGB)


def test_what_deep_patches_cost() -> None:
    """27 * 27 places with 64 patches; a map of 12 * 12 squares, so 10 * 10 windows of 3 * 3 * 128 values."""
    settings = DeepPatches()
    assert ((12, 12), (10, 10)) == (settings.map_shape(RGB), settings.deep_positions(RGB))
    assert 2 * 27 * 27 * 64 * 109 + 2 * 100 * 256 * (1153 + 18) == settings.flops(RGB)


@pytest.mark.parametrize(
    ("block", "shape", "expected"),
    [
        (Patches(size=9), (8, 20, 3), "patches of size 9 do not fit into 8x20 images"),
        (Patches(size=6, grid=3), (7, 9, 3), "a grid of 3 needs more places for a patch than 7x9 images have"),
        (
            Patches(count=8192),
            (128, 128, 3),
            "patches at 15,129 places of 128x128 images: a larger stride is needed",
        ),
        (Patches(size=2, count=1, grid=16), (512, 512, 1), "patches at 261,121 places of 512x512 images: a larger"),
        (DeepPatches(size=9), (8, 20, 3), "patches of size 9 do not fit into 8x20 images"),
        (
            DeepPatches(pool=32),
            (32, 32, 3),
            "patterns of 3 squares and a grid of 3 need larger images, or less pooling",
        ),
        (DeepPatches(), (16, 99, 3), "patterns of 3 squares and a grid of 3 need larger images, or less pooling"),
        (
            DeepPatches(count=1024, deep_size=3),
            (64, 64, 3),
            "patterns of 18,432 values, more than 8,192: a smaller deep_size or count is needed",
        ),
        (
            DeepPatches(pool=1),
            (256, 256, 3),
            "patches at 63,001 places of 256x256 images: a larger stride or pool is needed",
        ),
        (SecondOrder(count=8), (32, 32, 3), "150 directions are more than the 144 values of a window"),
        (SecondOrder(size=9), (8, 20, 3), "patches of size 9 do not fit into 8x20 images"),
        (Hog(cell=8), (15, 99, 3), "hog cells of 8 pixels need images of at least 16x16"),
        (ColorHistogram(grid=5), (9, 4, 3), "a grid of 5 is finer than 9x4 images"),
        (Pca(components=17), (4, 4, 1), "17 components are more than the 16 values of an image"),
    ],
)
def test_blocks_that_do_not_fit_the_images(block: Block, shape: tuple[int, int, int], expected: str) -> None:
    """The reason has the numbers on both sides."""
    assert (block.misfit(shape) or "").startswith(expected)


def test_a_column_may_be_as_long_as_the_image_but_hardly_longer() -> None:
    """A large image is no typing error, a histogram of 16^3 boxes in 16 * 16 cells is."""
    assert misfit(PIXELS, (1000, 1000, 3)) is None
    assert "more than 1,000,000 features for each image" == misfit((ColorHistogram(bins=16, grid=16),), RGB)
    assert "more than 3,000,000 features for each image" == misfit((Pixels(), Hog()), (1000, 1000, 3))
    assert 16**3 * 16**2 > MOST_FEATURES


@pytest.mark.parametrize("cls", [settings_class(kind) for kind in KINDS if kind != "backbone"])
def test_every_limit_holds(cls: type[Block]) -> None:
    """Both ends are allowed, one step beyond is not; a whole number is not a broken one, True is no number."""
    for name, default, kind, doc, _ in options_of(cls):
        for value in (kind.minimum, kind.maximum):
            replace(cls(), **{name: type(default)(value)})
        wrong: list[Any] = [kind.minimum - 1, kind.maximum + 1, True, "1", None, math.nan]
        for value in [*wrong, *([default + 0.5] if isinstance(default, int) else [])]:
            with pytest.raises(ValueError, match=f"^{cls.kind}.{name} is {value!r}, not {kind.wanted}$"):
                replace(cls(), **{name: value})
        assert doc


def test_a_list_of_dicts_brings_the_blocks_back() -> None:
    """What the model file holds."""
    features = (
        Pixels(),
        Patches(count=5, contrast=0.5),
        DeepPatches(deep_count=7),
        SecondOrder(directions=7),
        Hog(),
        ColorHistogram(grid=2),
        Pca(components=3),
    )
    assert features == features_from_list([block.to_dict() for block in features])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (None, "features is not a list of blocks"),
        ([], "features is not a list of blocks"),
        ("pixels", "features is not a list of blocks"),
        ({"kind": "pixels"}, "features is not a list of blocks"),
        ([None], "features has an unknown block None"),
        (["pixels"], "features has an unknown block None"),
        ([{}], "features has an unknown block None"),
        ([{"kind": "sift"}], "features has an unknown block 'sift'"),
        ([{"kind": ["hog"]}], r"features has an unknown block \['hog'\]"),
        ([{"kind": "hog"}], "the block hog does not have the settings that it should"),
        ([{"kind": "hog", "cell": 8, "bins": 9, "more": 1}], "the block hog does not have the settings"),
        ([{"kind": "pixels", "cell": 8}], "the block pixels does not have the settings"),
        ([{"kind": "hog", "cell": 8.0, "bins": 9}], "hog.cell is 8.0, not an integer from 2 to 64"),
        ([{"kind": "hog", "cell": 10**9, "bins": 9}], "hog.cell is 1000000000, not an integer from 2 to 64"),
    ],
)
def test_a_list_of_anything_else_is_refused(values: object, reason: str) -> None:
    """It may come from a forged model."""
    with pytest.raises(ValueError, match=f"^{reason}"):
        features_from_list(values)


def test_words_for_people() -> None:
    """Kind and settings."""
    assert "pixels" == str(Pixels())
    assert "hog (cell 8, bins 9)" == str(Hog())
    assert "contrast 0.001, threshold 0.25)" in str(Patches())
