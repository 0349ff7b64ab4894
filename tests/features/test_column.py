"""The feature column: blocks one below the other, the same for one image as for many."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.features import tiles
from nncli.features.column import FeatureColumn, block_class
from nncli.features.settings import KINDS, PIXELS, Block, n_features, settings_class
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.features.settings.second_order import SecondOrder
from tests.features.images import column_of, extracted, fitted, noise, smooth

SHAPE = (20, 18, 3)
ALL: tuple[Block, ...] = (
    Pixels(),
    Patches(size=5, count=9, grid=2),
    DeepPatches(size=5, count=4, pool=2, deep_size=2, deep_count=6, grid=2),
    Hog(cell=5),
    ColorHistogram(bins=3, grid=2),
    Pca(components=7),
)


DEEP = {"features3.matrix", "features3.deep_matrix", "features3.faint"}


@pytest.fixture(scope="module")
def column() -> FeatureColumn:
    """Of every kind a block."""
    return column_of(smooth(30, *SHAPE), *ALL, seed=4)


def features_of(column: FeatureColumn, pixels: np.ndarray) -> np.ndarray:
    """The feature columns of images given as rows."""
    out = np.full((len(pixels), column.n_features), np.nan, np.float32)
    column.extract(pixels, out)
    return out


def rows(m: int, seed: int = 9) -> np.ndarray:
    """Images, one per row."""
    return smooth(m, *SHAPE, seed=seed).reshape(m, -1)


def test_every_block_has_its_place(column: FeatureColumn) -> None:
    """In the order of the settings, each as if it were alone."""
    pixels = rows(3)
    found = features_of(column, pixels)
    assert n_features(ALL, SHAPE) == column.n_features == found.shape[1]
    np.testing.assert_array_equal(found[:, : pixels.shape[1]], pixels)
    alone = FeatureColumn((ALL[4],), SHAPE, [column.blocks[4]])
    np.testing.assert_array_equal(found[:, column.entries()[4]], features_of(alone, pixels))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("m", [2, 3, 65, 200])
def test_an_image_alone_has_the_same_bits_as_in_a_batch(column: FeatureColumn, m: int) -> None:
    """So a prediction does not depend on what else is predicted."""
    pixels = rows(m)
    together = features_of(column, pixels)
    for i in {0, 1, m // 2, m - 1}:
        np.testing.assert_array_equal(together[i], features_of(column, pixels[i : i + 1])[0])
    np.testing.assert_array_equal(together[1:], features_of(column, pixels[1:]))


def test_arrays_bring_it_back(column: FeatureColumn) -> None:
    """Names say the block; a column made of them extracts the same bits."""
    arrays = column.arrays()
    assert {"features2.matrix", "features6.directions", "features6.mean"} == set(arrays) - DEEP
    assert {name: array.shape for name, array in arrays.items()} == FeatureColumn.array_shapes(ALL, SHAPE)
    assert all(array.flags.c_contiguous for array in arrays.values())  # as a file has them: products round alike
    again = FeatureColumn.from_arrays(ALL, SHAPE, arrays)
    np.testing.assert_array_equal(features_of(column, rows(5)), features_of(again, rows(5)))


def test_ten_blocks_keep_their_arrays_apart() -> None:
    """`features1.` is no beginning of `features10.`."""
    blocks = tuple(Pca(components=n) for n in range(1, 11))
    column = column_of(noise(30, 3, 4, 1), *blocks)
    again = FeatureColumn.from_arrays(blocks, (3, 4, 1), column.arrays())
    assert [(12, n) for n in range(1, 11)] == [each.directions.shape for each in again.blocks]  # type: ignore[attr-defined]


def test_equal_blocks_learn_different_patches() -> None:
    """Each has random numbers of its own; the same seed gives the same column."""
    images, settings = smooth(20, 9, 9, 1), Patches(size=3, count=4, grid=1)
    one, other = (column_of(images, settings, settings, seed=1).arrays() for _ in range(2))
    assert (one["features1.matrix"] != one["features2.matrix"]).any()
    np.testing.assert_array_equal(one["features1.matrix"], other["features1.matrix"])
    assert (one["features1.matrix"] != column_of(images, settings, settings, seed=2).arrays()["features1.matrix"]).any()


def test_pixels_alone_are_the_image() -> None:
    """The column of a model that knows nothing of features."""
    column = FeatureColumn.of_pixels(SHAPE)
    assert column.is_pixels
    assert {} == column.arrays()
    assert PIXELS == column.features
    np.testing.assert_array_equal(rows(2), features_of(column, rows(2)))
    assert not column_of(noise(2, *SHAPE), Pixels(), Hog()).is_pixels


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not settings_class(kind).names_file])
@pytest.mark.parametrize("shape", [(8, 8, 1), (16, 9, 3), (33, 40, 1)])
def test_settings_know_the_length(kind: str, shape: tuple[int, int, int]) -> None:
    """What the config says of a block before it exists is what it fills."""
    small: dict[str, Block] = {"patches": Patches(count=3), "hog": Hog(cell=4), "pca": Pca(components=8)}
    small["deep_patches"] = DeepPatches(size=3, count=3, pool=2, deep_size=2, deep_count=4, grid=1)
    small["second_order"] = SecondOrder(size=3, count=3, pool=2, deep_size=2, directions=6)
    settings = small.get(kind) or {"pixels": Pixels(), "color_histogram": ColorHistogram(bins=3, grid=2)}[kind]
    assert settings.misfit(shape) is None
    found = features_of(column_of(smooth(12, *shape), settings), smooth(2, *shape).reshape(2, -1))
    assert (2, settings.n_features(shape)) == found.shape
    assert np.isfinite(found).all()


@pytest.mark.parametrize("shape", [(14, 17, 3), (16, 16, 3), (15, 14, 1)])
@pytest.mark.parametrize(
    "settings",
    [
        Pixels(),
        Patches(size=4, count=5, grid=2, stride=2),
        Patches(size=3, count=6, grid=3, stride=1),
        DeepPatches(size=4, count=3, stride=2, pool=2, deep_size=2, deep_count=4, grid=1),
        DeepPatches(size=3, count=3, pool=3, deep_size=2, deep_count=4, grid=2),
        SecondOrder(size=3, count=3, pool=3, deep_size=2, directions=5),
        Hog(cell=4),
        ColorHistogram(bins=3, grid=2),
        Pca(components=4),
    ],
    ids=str,
)
def test_both_looks_at_once_are_the_looks_one_by_one(settings: Block, shape: tuple[int, int, int]) -> None:
    """A block that spares work for the mirror image gives what it gives for a mirrored image, up to rounding."""
    images = np.concatenate([smooth(5, *shape), noise(4, *shape)])
    column = column_of(images, settings, Pixels())
    pixels, mirrored = (each.reshape(len(images), -1) for each in (images, images[:, :, ::-1].copy()))
    expected, found = np.full((2, 2, len(images), column.n_features), np.nan, np.float32)
    column.extract(pixels, expected[0])
    column.extract(mirrored, expected[1])
    column.extract_both(pixels, found[0], found[1])
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("cache_bytes", [1, 1 << 12, 1 << 14, 1 << 30])
@pytest.mark.parametrize("settings", [Patches(size=3, count=5, grid=3, stride=2), DeepPatches(size=3, count=3, pool=4)])
def test_tiles_of_any_size_add_up_to_the_same(
    settings: Block, cache_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of places at a time, several with the end of a cell among them, several images: only rounding differs."""
    images = smooth(7, 24, 21, 3)
    block = fitted(settings, images)
    expected = extracted(block, images)
    monkeypatch.setattr(tiles, "CACHE_BYTES", cache_bytes)
    again = block_class(settings.kind)(settings, (24, 21, 3), **block.arrays())
    np.testing.assert_allclose(extracted(again, images), expected, atol=1e-5)


@pytest.mark.parametrize("width", [13, 14])
def test_blocks_that_share_patches_answer_as_each_alone(width: int) -> None:
    """The same as from blocks that cut their own patches, mirrored or not, of whatever width."""
    shape = (13, width, 3)
    settings = (
        Patches(size=3, count=5, stride=2, grid=2),
        ColorHistogram(bins=2),
        DeepPatches(size=3, count=4, stride=2, pool=2, deep_size=2, deep_count=6, grid=2),
        SecondOrder(size=3, count=3, stride=2, pool=2, deep_size=2, directions=5),
    )
    images = smooth(5, *shape)
    column = FeatureColumn.fit(settings, shape, images.reshape(5, -1), seed=1)
    assert [[0, 2, 3]] == [members for members, _ in column._units if len(members) > 1]
    together, alone = np.empty((2, 2, 5, column.n_features), np.float32)
    column.extract_both(images.reshape(5, -1), together[0], together[1])
    for each, block, entries in zip(settings, column.blocks, column.entries(), strict=True):
        its = FeatureColumn((each,), shape, [block])
        its.extract_both(images.reshape(5, -1), alone[0, :, entries], alone[1, :, entries])
    np.testing.assert_allclose(together, alone, atol=1e-5)
