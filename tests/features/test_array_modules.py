"""Features and projection over every array module that is there: NumPy's results, without a copy between two memories.

As tests/network/test_array_modules.py, with the same look-alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.features import span
from nncli.features.column import FeatureColumn
from nncli.features.hog import HogBlock
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.looks import n_looks
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.features.settings.second_order import SecondOrder
from nncli.features.span import Projection, ScaledRows, fit_projection
from tests.features.images import smooth
from tests.lookalike import agree, an_array_of, modules

if TYPE_CHECKING:
    from nncli.features.settings import Block

ROUNDING = 1e-4

SHARED: tuple[Block, ...] = (
    Patches(size=5, count=9, grid=2),
    DeepPatches(size=5, count=4, pool=2, deep_size=2, deep_count=6, grid=2),
    DeepPatches(size=5, count=4, pool=2, deep_size=3, deep_count=6, grid=1),
    SecondOrder(size=5, count=4, pool=2, deep_size=2, directions=5),
)
OTHERS: tuple[Block, ...] = (Pixels(), Hog(cell=4), ColorHistogram(bins=3, grid=2), Pca(components=7))


@pytest.fixture(params=modules())
def like(request: pytest.FixtureRequest) -> Any:
    """An array of the module."""
    return an_array_of(request.param)


@pytest.mark.parametrize(
    ("settings", "shape", "looks", "mirrored"),
    [
        (SHARED, (20, 18, 3), "whole", False),
        (SHARED, (20, 19, 1), "whole", True),  # of 19 columns, places of stride 2 do not lie alike from both sides
        (SHARED, (30, 30, 3), "parts", True),
        ((*SHARED, *OTHERS), (20, 18, 3), "whole", True),
        (OTHERS, (30, 30, 3), "parts", True),
        ((*SHARED, *OTHERS), (20, 18, 3), "shifts", True),
    ],
)
def test_every_block(like: Any, settings: tuple[Block, ...], shape: Any, looks: str, mirrored: bool) -> None:
    """Whatever is looked at, features are NumPy's, and they are written where the column lies."""
    pixels = smooth(9, *shape).reshape(9, -1)
    column = FeatureColumn.fit(settings, shape, pixels, 4, looks=looks)
    moved = column.moved_to(like)
    of_looks = n_looks(looks) * (1 + mirrored), len(pixels), column.n_features
    expected, found = np.empty(of_looks, np.float32), np.empty(of_looks, np.float32, like=like)
    column.extract_looks(pixels, expected, mirrored=mirrored)
    moved.extract_looks(pixels, found, mirrored=mirrored)
    agree(expected, found, like, ROUNDING)
    assert moved is moved.moved_to(like)
    assert {type(like)} == {type(array) for array in moved.arrays().values()}


@pytest.mark.parametrize(("m", "n"), [(30, 80), (90, 20), (90, 80)])
def test_projection(like: Any, m: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directions are found from columns that are scaled and multiplied there, in each of the three ways."""
    monkeypatch.setattr(span, "MOST_EXACT", 40)
    monkeypatch.setattr(span, "BLOCK_VALUES", 600)
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (m, n), np.uint8)
    scale, offset = rng.uniform(0.01, 0.02, n).astype(np.float32), rng.uniform(-2, -1, n).astype(np.float32)
    found: list[Any] = []
    for place in (np.empty(0), like):
        columns = ScaledRows(rows, np.asarray(scale, like=place), np.asarray(offset, like=place))
        projection = fit_projection(columns, 8)
        assert {np.ndarray} == {type(array) for array in projection.arrays().values()}
        projected = np.empty((m, 8), np.float64, like=place)
        projection.moved_to(place).apply(columns.part(slice(None), slice(None)), projected)
        found.append(projected)
    assert isinstance(found[1], type(like))
    agree(found[0], found[1], like, ROUNDING)


def test_a_copy_that_nobody_asked_for_is_found(like: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a block, in features that are written beside the column, in a matrix that was left behind."""
    pixels = smooth(3, 12, 12, 1).reshape(3, -1)
    column = FeatureColumn.fit((Hog(cell=4),), (12, 12, 1), pixels, 0)
    out = np.empty((3, column.n_features), np.float32, like=like)
    with pytest.raises(TypeError):
        column.extract(pixels, out)
    left = Projection(np.ones((column.n_features, 2), np.float16), np.zeros(2, np.float32))
    with pytest.raises(TypeError):
        left.apply(out, np.empty((3, 2), np.float32, like=like))
    moved = column.moved_to(like)
    moved.extract(pixels, out)

    def on_the_cores(_block: HogBlock, images: Any, out: Any) -> None:
        out[:] = np.asarray(images).reshape(len(images), -1)[:, : out.shape[1]]

    monkeypatch.setattr(HogBlock, "extract", on_the_cores)
    with pytest.raises(TypeError, match="mplicit conversion"):
        moved.extract(pixels, out)
