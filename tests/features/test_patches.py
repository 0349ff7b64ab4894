"""Learned patches, against loops that do to one patch after the other what the documentation says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.features import patches as module
from nncli.features.cells import pooling
from nncli.features.dictionary import WHITENING, learn_dictionary, normalized, sample_patches, spherical_k_means
from nncli.features.patches import PatchesBlock
from nncli.features.settings.patches import Patches
from tests.features.images import Images, extracted, fitted, noise, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_SAMPLES = 400


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLES", (N_SAMPLES, N_SAMPLES))


def naive_whitening(P: NDArray[np.float64]) -> NDArray[np.float64]:
    """ZCA by the definition: V diag(1 / sqrt(lambda + 0.1)) V^T of the covariance."""
    values, V = np.linalg.eigh(np.cov(P.T, bias=True))
    return np.array(V @ np.diag(1 / np.sqrt(values + WHITENING)) @ V.T)


def naive_features(settings: Patches, images: Images, training: Images, seed: int) -> NDArray[np.float64]:
    """The features of `images`: every patch cut, normalized, whitened, compared, and averaged by itself, in float64."""
    rng = np.random.default_rng(seed)
    sample = normalized(sample_patches(training, settings.size, N_SAMPLES, rng), settings.contrast)
    P = sample.astype(np.float64)
    mu, zca = P.mean(axis=0), naive_whitening(P)
    D = spherical_k_means((sample - sample.mean(axis=0)) @ zca.astype(np.float32), settings.count, rng)
    return np.array([naive_column(settings, image, D.astype(np.float64), zca, mu) for image in images])


def naive_column(settings: Patches, image: Any, D: Any, zca: Any, mu: Any) -> NDArray[np.float64]:
    """The features of one image."""
    k, stride, grid, t = settings.size, settings.stride, settings.grid, settings.threshold
    tops, lefts = range(0, image.shape[0] - k + 1, stride), range(0, image.shape[1] - k + 1, stride)
    cells: dict[tuple[int, int], list[Any]] = {}
    for y, top in enumerate(tops):
        for x, left in enumerate(lefts):
            p = image[top : top + k, left : left + k].astype(np.float64).ravel() / 255
            p = (p - p.mean()) / np.sqrt(p.var() + settings.contrast)
            s = D @ (zca @ (p - mu))
            cells.setdefault((y * grid // len(tops), x * grid // len(lefts)), []).append(s)
    order = [(row, column) for row in range(grid) for column in range(grid)]
    strong = [np.mean([np.maximum(s, t) for s in cells[cell]], axis=0) for cell in order]
    weak = [np.mean([np.minimum(s, -t) for s in cells[cell]], axis=0) for cell in order]
    return np.concatenate([*strong, *weak])


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (Patches(size=3, count=7, grid=2), (9, 11, 3)),
        (Patches(size=3, count=5, grid=3, contrast=0.1, threshold=0), (8, 8, 1)),
        (Patches(size=4, count=6, grid=1, stride=2, threshold=1), (11, 8, 3)),
        (Patches(size=5, count=4, grid=2, stride=3, contrast=1), (14, 17, 1)),
    ],
)
def test_the_same_as_naive_loops(settings: Patches, shape: tuple[int, int, int]) -> None:
    """Cut, subtract the mean, divide by the contrast, whiten, compare, drop the weak, average: number for number."""
    training, images = smooth(30, *shape), np.concatenate([smooth(4, *shape, seed=1), noise(2, *shape)])
    expected = naive_features(settings, images, training, seed=3)
    found = extracted(fitted(settings, training, seed=3), images)
    assert 0.05 < np.abs(expected - np.sign(expected) * settings.threshold).max()  # there is something to compare
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-3)


def test_gray_levels_count_from_0_to_1() -> None:
    """With a contrast of 0.01, a patch of standard deviation 0.1 (25.5 gray levels) is divided by sqrt(0.02)."""
    image = np.array([[100, 151], [100, 151]], np.uint8).reshape(1, 2, 2, 1)
    identity = np.vstack([np.eye(4), np.zeros(4)]).astype(np.float32)  # no mean, no whitening, no comparison
    block = PatchesBlock(Patches(size=2, count=4, grid=1, contrast=0.01, threshold=0), (2, 2, 1), identity)
    expected = image.ravel() / 255 / np.sqrt(0.02)
    np.testing.assert_allclose(extracted(block, image)[0], [*expected, 0, 0, 0, 0], rtol=1e-5)


def test_weak_answers_count_as_the_threshold() -> None:
    """So a patch that never answers gives t and -t whatever the image."""
    block = PatchesBlock(Patches(size=2, count=3, grid=2, threshold=0.5), (6, 6, 3), np.zeros((13, 3), np.float32))
    assert [0.5] * 12 + [-0.5] * 12 == extracted(block, noise(1, 6, 6, 3))[0].tolist()


def test_light_and_contrast_do_not_matter() -> None:
    """A brighter picture, and one with twice the contrast, answer alike where there is contrast at all."""
    training = smooth(20, 12, 12, 3)
    block = fitted(Patches(size=4, count=8, grid=2, contrast=1e-5, threshold=0), training)
    dark = (noise(3, 12, 12, 3, seed=5) // 4).astype(np.uint8)
    expected = extracted(block, dark)
    np.testing.assert_allclose(extracted(block, dark + np.uint8(90)), expected, atol=2e-3)
    np.testing.assert_allclose(extracted(block, dark * np.uint8(2)), expected, atol=5e-2)


def test_a_flat_image_is_the_same_whatever_its_gray() -> None:
    """There is no pattern in it."""
    block = fitted(Patches(size=4, count=8, grid=2), smooth(20, 12, 12, 1))
    flat = np.stack([np.full((12, 12, 1), level, np.uint8) for level in (0, 7, 128, 255)])
    found = extracted(block, flat)
    np.testing.assert_allclose(found, np.broadcast_to(found[0], found.shape), atol=1e-4)


def test_a_patch_found_elsewhere_is_in_another_cell() -> None:
    """The grid tells where: the same corner top left or bottom right fills another cell."""
    block = fitted(Patches(size=3, count=6, grid=2, threshold=0.1), smooth(20, 12, 12, 1))
    images = np.zeros((2, 12, 12, 1), np.uint8)
    images[0, 1:4, 1:4], images[1, 8:11, 8:11] = 255, 255
    one, other = extracted(block, images).reshape(2, 2, 4, 6)
    np.testing.assert_allclose(one[:, 3], other[:, 0], atol=1e-5)
    assert np.abs(one[:, 0] - other[:, 0]).max() > 0.1


def test_cells_are_as_equal_as_can_be_and_each_sums_to_one() -> None:
    """7 places in 3 parts: 3, 2, 2; every place belongs to one cell."""
    cells = pooling((7, 5), 3)
    assert (9, 35) == cells.shape
    np.testing.assert_allclose(cells.sum(axis=1), 1, rtol=1e-6)
    assert [1] * 35 == (cells > 0).sum(axis=0).tolist()
    assert [6, 6, 3, 4, 4, 2, 4, 4, 2] == (cells > 0).sum(axis=1).tolist()


def test_the_matrix_is_all_that_was_learned() -> None:
    """A block made of it extracts the same, and says its shape before."""
    settings, images = Patches(size=3, count=5, grid=2), smooth(10, 9, 9, 3)
    block = fitted(settings, images)
    (matrix,) = block.arrays().values()
    assert {"matrix": matrix.shape} == PatchesBlock.array_shapes(settings, (9, 9, 3))
    np.testing.assert_array_equal(
        extracted(block, images), extracted(PatchesBlock(settings, (9, 9, 3), matrix), images)
    )


def test_the_same_seed_learns_the_same() -> None:
    """Another one learns other patches, of which the answers differ."""
    images = smooth(10, 9, 9, 1)
    matrices = [learn_dictionary(images, 3, 5, 0.01, 200, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(matrices[0], matrices[1])
    assert (matrices[0] != matrices[2]).any()


def test_images_of_one_gray_teach_nothing_but_break_nothing() -> None:
    """A data set of blank pages has patches without any direction."""
    images = np.full((4, 8, 8, 1), 200, np.uint8)
    assert np.isfinite(extracted(fitted(Patches(size=3, count=4, grid=2, contrast=0), images), images)).all()
