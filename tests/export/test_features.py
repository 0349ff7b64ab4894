"""Feature blocks in ONNX: the same numbers as nncli's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnxruntime

from nncli.errors import UsageError
from nncli.export.check import random_images
from nncli.export.features import column
from nncli.export.graph import Graph, Images
from nncli.features.settings import KINDS, Features, part_of
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.features.settings.second_order import SecondOrder
from tests.export.models import COLOR, GRAY, fitted_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat
    from nncli.features.column import FeatureColumn

BLOCK_SETTINGS = [
    Pixels(),
    Patches(size=4, count=7, grid=3),
    Patches(size=3, count=5, grid=2, stride=2, contrast=0.1, threshold=0),
    Patches(size=14, count=2, grid=1),
    DeepPatches(size=3, count=4, pool=4, deep_size=2, deep_count=5, grid=2),
    DeepPatches(
        size=3, count=3, stride=2, pool=1, deep_size=3, deep_count=4, grid=1, threshold=0.1, deep_threshold=0.1
    ),
    DeepPatches(size=2, count=3, pool=3, deep_size=4, deep_count=4, grid=3),
    SecondOrder(size=3, count=4, pool=4, deep_size=2, directions=7),
    SecondOrder(size=2, count=3, stride=2, pool=1, deep_size=3, directions=1, threshold=0),
    Hog(cell=4, bins=9),
    Hog(cell=3, bins=2),
    Hog(cell=7, bins=5),
    ColorHistogram(bins=4, grid=3),
    ColorHistogram(bins=2, grid=14),
    ColorHistogram(bins=16),
    Pca(components=6),
]


def by_onnxruntime(features: FeatureColumn, rows: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The feature columns of images given as rows, (m, n_features)."""
    graph = Graph()
    images = Images(graph, graph.add("Cast", "images", to=1), "nhwc-uint8", features.shape)
    graph.add("Identity", column(graph, images, features), output="features")
    content = graph.to_bytes(
        {"images": ("uint8", "m", *features.shape)}, {"features": ("float32", "m", features.n_features)}, {}
    )
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(None, {"images": rows.reshape(-1, *features.shape)})[0]
    return found


def by_nncli(features: FeatureColumn, rows: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The same as prediction sees it."""
    values = np.empty((len(rows), features.n_features), np.float32)
    features.extract(rows, values)
    return values


@pytest.mark.parametrize("image_format", [COLOR, GRAY], ids=["rgb", "grayscale"])
@pytest.mark.parametrize("settings", BLOCK_SETTINGS, ids=str)
def test_a_block_gives_the_same_column(settings: Pixels, image_format: ImageFormat) -> None:
    """On noise, flat colors, ramps and blocks, up to what float32 loses in another order of adding."""
    features = fitted_column((settings,), image_format)
    rows = random_images(image_format)
    expected = by_nncli(features, rows)
    largest = np.abs(expected).max()
    assert largest > 0
    np.testing.assert_allclose(expected, by_onnxruntime(features, rows), rtol=1e-4, atol=2e-6 * largest)


@pytest.mark.parametrize("level", [1, 120, 255])
def test_flat_images_have_no_edges(level: int) -> None:
    """Patches sum to 0: what is left are their offsets, without the digits that large levels cost."""
    features = fitted_column((Patches(size=6, count=8, grid=1, threshold=0),))
    offsets = features.arrays()["features1.matrix"][-1]
    flat = np.full((1, COLOR.n_features), level, np.uint8)
    expected = [[*np.maximum(offsets, 0), *np.minimum(offsets, 0)]]
    np.testing.assert_allclose(by_onnxruntime(features, flat), expected, atol=1e-7)


def test_blocks_follow_each_other_in_order() -> None:
    """As in the config."""
    several: Features = (Hog(cell=4), Pixels(), ColorHistogram(bins=3), Patches(size=4, count=3))
    features, rows = fitted_column(several), random_images(COLOR)
    np.testing.assert_allclose(by_nncli(features, rows), by_onnxruntime(features, rows), rtol=1e-3, atol=1e-4)


def test_of_channels_with_equal_gradients_the_first_counts() -> None:
    """Where red changes downward as much as green does to the right, the edge is red's."""
    features = fitted_column((Hog(cell=7, bins=9),))
    down, right = np.meshgrid(np.arange(14), np.arange(17), indexing="ij")
    stripes = [each // 2 % 2 * 128 for each in (down, right)]
    rows = np.stack([*stripes, 0 * down], axis=2).astype(np.uint8).reshape(1, -1)
    expected = by_nncli(features, rows)
    by_bin = expected.reshape(-1, 9).sum(axis=0)
    assert {4, 5} == set(by_bin.argsort()[-2:].tolist())  # straight down
    np.testing.assert_allclose(expected, by_onnxruntime(features, rows), rtol=1e-4, atol=1e-5)


def test_one_image_is_a_batch_as_well() -> None:
    """The number of images is not part of the graph."""
    features = fitted_column((Hog(cell=4), ColorHistogram(), Patches(size=4, count=3), Pca(components=2)))
    rows = random_images(COLOR)
    assert (1, features.n_features) == by_onnxruntime(features, rows[:1]).shape


def test_every_kind_of_block_can_be_exported() -> None:
    """A new block is exported, or this test says that it is not; a backbone is a file of its own."""
    assert all(callable(part_of(kind, "export", kind)) for kind in KINDS if kind != "backbone")


def test_a_block_without_a_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line that names it."""
    monkeypatch.setitem(sys.modules, "nncli.export.pca", None)
    graph = Graph()
    with pytest.raises(UsageError, match="the feature block pca cannot be exported to ONNX"):
        column(graph, Images(graph, "images", "nhwc-uint8", COLOR.shape), fitted_column((Pca(components=2),)))
