"""Patches of patches, against loops that do to one window after the other what the documentation says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.features import deep_patches as module
from nncli.features import patches
from nncli.features.column import FeatureColumn
from nncli.features.deep_patches import DeepPatchesBlock, first_layer, learn_windows, overlapping, thin_factors
from nncli.features.dictionary import WHITENING, spherical_k_means
from nncli.features.settings.deep_patches import DeepPatches
from tests.features.images import Images, column_of, extracted, fitted, noise, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL = DeepPatches(size=3, count=4, pool=2, deep_size=2, deep_count=5, grid=2)


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "SAMPLES", (400, 400))
    monkeypatch.setattr(module, "SAMPLES", (300, 300))


def naive_map(settings: DeepPatches, image: Any, matrix: Any) -> NDArray[np.float64]:
    """The pooled answers of an image, (q, q', 2 K)."""
    k, stride, t = settings.size, settings.stride, settings.threshold
    tops, lefts = range(0, image.shape[0] - k + 1, stride), range(0, image.shape[1] - k + 1, stride)
    both = np.empty((len(tops), len(lefts), 2 * settings.count))
    for y, top in enumerate(tops):
        for x, left in enumerate(lefts):
            p = image[top : top + k, left : left + k].astype(np.float64).ravel()
            contrast = np.sqrt(p.var() + settings.contrast * 255**2)
            s = np.array([*(p / contrast), 1]) @ matrix
            both[y, x] = np.concatenate([np.maximum(s - t, 0), np.maximum(-s - t, 0)])
    pool, step = settings.pool, max(settings.pool // 2, 1)
    rows, columns = (range(0, n - pool + 1, step) for n in both.shape[:2])
    return np.array([[both[y : y + pool, x : x + pool].mean(axis=(0, 1)) for x in columns] for y in rows])


def naive_column(block: DeepPatchesBlock, image: Any) -> NDArray[np.float64]:
    """The features of one image, in float64."""
    settings = block.settings
    n, grid, t = settings.deep_size, settings.grid, settings.deep_threshold
    image_map = naive_map(settings, image, block.layer.matrix.astype(np.float64))
    down, across = image_map.shape[0] - n + 1, image_map.shape[1] - n + 1
    cells: dict[tuple[int, int], list[Any]] = {}
    for y in range(down):
        for x in range(across):
            w = image_map[y : y + n, x : x + n].ravel()
            w = w / (np.linalg.norm(w) + block.faint[0])
            s = np.array([*w, 1]) @ block.deep_matrix.astype(np.float64)
            cells.setdefault((y * grid // down, x * grid // across), []).append(s)
    order = [(row, column) for row in range(grid) for column in range(grid)]
    strong = [np.mean([np.maximum(s, t) for s in cells[cell]], axis=0) for cell in order]
    weak = [np.mean([np.minimum(s, -t) for s in cells[cell]], axis=0) for cell in order]
    return np.concatenate([*strong, *weak])


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (SMALL, (13, 11, 3)),
        (DeepPatches(size=3, count=3, pool=1, deep_size=1, deep_count=4, grid=1, deep_threshold=0), (8, 9, 1)),
        (DeepPatches(size=4, count=5, stride=2, pool=3, deep_size=2, deep_count=6, grid=2, threshold=0), (21, 18, 3)),
        (DeepPatches(size=2, count=4, pool=5, deep_size=3, deep_count=3, grid=1, contrast=0.1), (17, 16, 1)),
    ],
)
def test_the_same_as_naive_loops(settings: DeepPatches, shape: tuple[int, int, int]) -> None:
    """Compared, pooled, cut, divided by its length, compared again, averaged: number for number."""
    block = fitted(settings, smooth(30, *shape), seed=3)
    images = np.concatenate([smooth(4, *shape, seed=1), noise(2, *shape), np.full((1, *shape), 9, np.uint8)])
    expected = np.array([naive_column(block, image) for image in images])
    assert expected.shape == (7, settings.n_features(shape))
    assert 0.05 < np.abs(expected - np.sign(expected) * settings.deep_threshold).max()  # there is something to compare
    np.testing.assert_allclose(extracted(block, images), expected, rtol=3e-3, atol=3e-3)


def test_a_window_is_compared_as_principal_directions_are() -> None:
    """Mean subtracted, the strongest directions alone, whitened, compared with the clusters: one matrix does it all."""
    rng = np.random.default_rng(0)
    windows = (rng.random((500, 12)) @ rng.standard_normal((12, 12))).astype(np.float32)
    W = windows.astype(np.float64)
    matrix = learn_windows(windows.copy(), 6, np.random.default_rng(5)).matrix()
    mean = W.mean(axis=0)
    values, V = np.linalg.eigh(np.cov(W.T, bias=True))
    whitening = V[:, ::-1] / np.sqrt(values[::-1] + WHITENING * values.mean())
    D = spherical_k_means(((W - mean) @ whitening).astype(np.float32), 6, np.random.default_rng(5))
    found = np.hstack([W, np.ones((500, 1))]) @ matrix
    np.testing.assert_allclose(found, (W - mean) @ whitening @ D.T, atol=5e-3)


def test_weak_directions_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two directions the comparison sees two, however long a window is."""
    monkeypatch.setattr(module, "DIRECTIONS", 2)
    windows = (np.random.default_rng(0).standard_normal((300, 8)) * [9, 5, *[1] * 6]).astype(np.float32)
    assert 2 == np.linalg.matrix_rank(learn_windows(windows, 5, np.random.default_rng(0)).matrix()[:-1], tol=1e-4)


def test_runs_overlap_by_half() -> None:
    """Seven numbers in runs of four, one for every two; of one, each for itself."""
    expected = [[1, 1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1, 0]]
    assert (np.array(expected) / 4).tolist() == overlapping(7, 4).tolist()
    assert np.eye(3).tolist() == overlapping(3, 1).tolist()


@pytest.mark.parametrize("m", [2, 3, 70])
def test_an_image_alone_has_the_same_bits_as_in_a_batch(m: int) -> None:
    """So a prediction does not depend on what else is predicted."""
    block, images = fitted(SMALL, smooth(20, 13, 11, 3)), smooth(m, 13, 11, 3, seed=9)
    together = extracted(block, images)
    for i in {0, 1, m // 2, m - 1}:
        np.testing.assert_array_equal(together[i], extracted(block, images[i : i + 1])[0])
    np.testing.assert_array_equal(together[1:], extracted(block, images[1:]))


def test_the_arrays_are_all_that_was_learned() -> None:
    """A block made of them extracts the same bits, and says their shapes before."""
    shape, images = (13, 11, 3), smooth(10, 13, 11, 3)
    block = fitted(SMALL, images)
    arrays = block.arrays()
    assert {name: array.shape for name, array in arrays.items()} == DeepPatchesBlock.array_shapes(SMALL, shape)
    assert {np.dtype(np.float32)} == {array.dtype for array in arrays.values()}
    again = DeepPatchesBlock(SMALL, shape, **arrays)
    np.testing.assert_array_equal(extracted(block, images), extracted(again, images))


def test_few_directions_are_kept_as_two_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    """They give the answers of their product, which older files have instead; these are read, too."""
    shape, images = (13, 11, 3), smooth(10, 13, 11, 3)
    monkeypatch.setattr(module, "DIRECTIONS", 3)
    block = fitted(SMALL, images)
    arrays = block.arrays()
    assert {name: array.shape for name, array in arrays.items()} == DeepPatchesBlock.array_shapes(SMALL, shape)
    assert {"matrix", "deep_directions", "deep_patterns", "faint"} == set(arrays)
    expected = np.array([naive_column(block, image) for image in images])
    np.testing.assert_allclose(extracted(block, images), expected, rtol=3e-3, atol=3e-3)
    older = {"matrix": arrays["matrix"], "faint": arrays["faint"], "deep_matrix": block.deep_matrix}
    assert {name: array.shape for name, array in older.items()} == {
        name.removeprefix("features1."): its
        for name, its in FeatureColumn.array_shapes((SMALL,), shape, {f"features1.{name}" for name in older}).items()
    }
    again = DeepPatchesBlock(SMALL, shape, **older)
    np.testing.assert_allclose(extracted(again, images), extracted(block, images), rtol=1e-4, atol=1e-5)


def test_the_same_seed_learns_the_same() -> None:
    """Another one learns other patterns."""
    images = smooth(10, 13, 11, 1)
    one, again, other = (column_of(images, SMALL, seed=seed).arrays() for seed in (1, 1, 2))
    for name, array in one.items():
        np.testing.assert_array_equal(array, again[name])
    assert (one["features1.deep_matrix"] != other["features1.deep_matrix"]).any()


@pytest.mark.parametrize("m", [1, 2])
def test_fewer_windows_than_patterns(m: int) -> None:
    """Two small images teach what they can; nothing breaks."""
    shape = (8, 8, 1)
    settings = DeepPatches(size=3, count=6, pool=2, deep_size=2, deep_count=40, grid=1)
    assert 2 * np.prod(settings.deep_positions(shape)) == 32 < settings.deep_count
    images = smooth(m, *shape)
    found = extracted(fitted(settings, images), images)
    assert (m, 80) == found.shape
    assert np.isfinite(found).all()


def test_the_smallest_image() -> None:
    """One place for a patch, one square, one window: everything is one."""
    settings = DeepPatches(size=4, count=3, pool=1, deep_size=1, deep_count=2, grid=1)
    assert ((1, 1), (1, 1)) == (settings.map_shape((4, 4, 3)), settings.deep_positions((4, 4, 3)))
    images = noise(5, 4, 4, 3)
    assert np.isfinite(extracted(fitted(settings, images), images)).all()


def test_images_of_one_gray_teach_nothing_but_break_nothing() -> None:
    """A data set of blank pages has windows without any length."""
    images = np.full((4, 13, 11, 1), 200, np.uint8)
    assert np.isfinite(extracted(fitted(SMALL, images), images)).all()


def test_a_forged_length_divides_nothing_by_zero() -> None:
    """A model file may say 0, or less; a blank image is still finite."""
    block, images = fitted(SMALL, smooth(10, 13, 11, 1)), np.zeros((1, 13, 11, 1), np.uint8)
    for faint in (0, -3):
        forged = DeepPatchesBlock(SMALL, (13, 11, 1), **{**block.arrays(), "faint": np.full(1, faint, np.float32)})
        assert np.isfinite(extracted(forged, images)).all()


def test_the_first_layer_is_a_block_of_patches() -> None:
    """With the same settings, and no cells: where answers are is the second layer's business."""
    first = first_layer(DeepPatches(size=5, count=7, stride=2, contrast=0.5, threshold=0.125))
    assert (5, 7, 1, 2, 0.5, 0.125) == (
        first.size,
        first.count,
        first.grid,
        first.stride,
        first.contrast,
        first.threshold,
    )


def test_what_is_learned_depends_on_form_not_on_light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brighter picture answers alike, as for patches."""
    monkeypatch.setattr(module, "FAINT", 0.01)
    block = fitted(SMALL, smooth(20, 13, 11, 3))
    dark: Images = (noise(3, 13, 11, 3, seed=5) // 4).astype(np.uint8)
    np.testing.assert_allclose(extracted(block, dark + np.uint8(90)), extracted(block, dark), atol=2e-2)


@pytest.mark.parametrize("rank", [30, 149, 150])
def test_a_matrix_of_low_rank_is_taken_apart(rank: int) -> None:
    """Two thin factors stand for it, and their product differs by rounding."""
    rng = np.random.default_rng(0)
    W = (rng.standard_normal((900, rank)) @ rng.standard_normal((rank, 500))).astype(np.float32)
    first, second = thin_factors(W)
    assert (900, 500) == (len(first), second.shape[1])
    assert first.size + second.size < W.size / 2
    np.testing.assert_allclose(first @ second, W, atol=1e-5 * float(np.abs(W).max()))


@pytest.mark.parametrize("shape", [(900, 500), (40, 30)])
def test_any_other_matrix_stays_whole(shape: tuple[int, int]) -> None:
    """A full rank, or so few entries that two products would be more work."""
    W = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    (whole,) = thin_factors(W)
    assert W is whole
