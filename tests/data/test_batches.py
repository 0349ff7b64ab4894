"""Mini-batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncli.data.batches import Batches
from nncli.data.scaling import zero_one


def numbered(m: int = 10, batch_size: int = 4, dtype: Any = np.float32) -> Batches:
    """Images of two pixels that hold their own number, labeled with it."""
    pixels = np.repeat(np.arange(m, dtype=np.uint8)[:, None], 2, axis=1)
    return Batches(pixels, np.arange(m), zero_one(pixels), batch_size, dtype)


def test_an_epoch_holds_every_example_once_with_its_label() -> None:
    """Whatever the order, X and Y belong together and nothing is lost or doubled."""
    seen: list[int] = []
    for X, Y in numbered().shuffled(seed=0, epoch=0):
        np.testing.assert_allclose(X, np.vstack([Y, Y]) / 255, rtol=1e-6)
        seen += Y.tolist()
    assert list(range(10)) == sorted(seen)


def test_batches_are_feature_columns() -> None:
    """X is (n_0, m), the last batch shorter, and there are as many as `len` says."""
    shapes = [X.shape for X, _ in numbered().shuffled(0, 0)]
    assert [(2, 4), (2, 4), (2, 2)] == shapes
    assert 3 == len(numbered())


def order(seed: int, epoch: int) -> list[int]:
    """The order of the examples in an epoch."""
    return [y for _, Y in numbered(m=50).shuffled(seed, epoch) for y in Y.tolist()]


def test_order_depends_on_seed_and_epoch_alone() -> None:
    """The same seed and epoch give the same order, any other pair another."""
    assert order(1, 2) == order(1, 2)
    assert 4 == len({tuple(order(*pair)) for pair in [(1, 2), (1, 3), (2, 2), (2, 1)]})


def test_skipping_leaves_out_the_first_batches() -> None:
    """A resumed epoch goes on with the batch that would have been next."""
    whole = [Y.tolist() for _, Y in numbered().shuffled(0, 0)]
    assert whole[2:] == [Y.tolist() for _, Y in numbered().shuffled(0, 0, skip=2)]


def test_in_order_is_in_order() -> None:
    """Validation sees the set as it lies."""
    assert [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] == [Y.tolist() for _, Y in numbered().in_order()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_has_the_network_s_precision(dtype: Any) -> None:
    """float32 or float64, as asked."""
    X, _ = next(numbered(dtype=dtype).shuffled(0, 0))
    assert dtype == X.dtype


def test_a_batch_larger_than_the_set_is_the_set() -> None:
    """No memory is reserved for examples that do not exist."""
    assert 10 == numbered(batch_size=1000).batch_size
