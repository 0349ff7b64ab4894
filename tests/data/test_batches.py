"""Mini-batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.augmentation.kinds import make_augmentation
from nncli.data.batches import Batches
from nncli.data.image.image_format import ImageFormat
from nncli.data.network_inputs import AugmentedInputs, NetworkInputs
from nncli.data.pixel_rows import PixelRows
from nncli.data.scaling import zero_one

if TYPE_CHECKING:
    from numpy.typing import NDArray


def numbered(m: int = 10, batch_size: int = 4, dtype: Any = np.float32) -> Batches:
    """Images of two pixels that hold their own number, labeled with it."""
    pixels = np.repeat(np.arange(m, dtype=np.uint8)[:, None], 2, axis=1)
    return Batches(NetworkInputs(PixelRows(pixels), zero_one(pixels), dtype), np.arange(m), batch_size)


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


SIZE = ImageFormat(8, 8, "grayscale", "stretch")


NOISE = np.random.default_rng(0).integers(0, 256, (10, 64), np.uint8)


def augmented(pixels: NDArray[np.uint8] = NOISE, batch_size: int = 4) -> Batches:
    """Images of 8x8 pixels, augmented when shuffled."""
    augmentation = make_augmentation("digits", SIZE)
    assert augmentation is not None
    inputs = AugmentedInputs(PixelRows(pixels), zero_one(pixels), augmentation)
    return Batches(inputs, np.arange(len(pixels)), batch_size)


def epoch_of(batches: Batches, epoch: int = 0, **options: Any) -> list[Any]:
    """Copies of the X of an epoch."""
    return [X.copy() for X, _ in batches.shuffled(0, epoch, **options)]


def test_only_shuffled_batches_are_augmented() -> None:
    """Training sees changed images, validation the set as it is, and the set itself keeps its pixels."""
    plain = Batches(NetworkInputs(PixelRows(NOISE), zero_one(NOISE)), np.arange(10), 4)
    batches, before = augmented(), NOISE.copy()
    assert all((a != b).any() for a, b in zip(epoch_of(batches), epoch_of(plain), strict=True))
    for (X, _), (X_plain, _) in zip(batches.in_order(), plain.in_order(), strict=True):
        np.testing.assert_array_equal(X_plain, X)
    np.testing.assert_array_equal(before, NOISE)


def test_every_epoch_has_new_changes() -> None:
    """The same image looks different in each, and each epoch looks the same whenever it is asked for."""
    batches = augmented(NOISE[:1])
    first, second, again = (epoch_of(batches, epoch)[0] for epoch in (0, 1, 0))
    assert (first != second).any()
    np.testing.assert_array_equal(first, again)


def test_every_batch_has_its_own_changes() -> None:
    """Two batches of equal images differ."""
    first, second = epoch_of(augmented(NOISE[[0] * 8]))
    assert (first != second).any()


def test_a_resumed_epoch_has_the_same_changes() -> None:
    """Whatever ran before: the changes follow from the batch's number."""
    for resumed, straight in zip(epoch_of(augmented(), skip=1), epoch_of(augmented())[1:], strict=True):
        np.testing.assert_array_equal(straight, resumed)


def test_processes_that_share_a_batch_see_the_changes_that_one_would() -> None:
    """Two halves are the whole."""
    whole = epoch_of(augmented())
    left = epoch_of(augmented(), share=lambda m: slice(0, m // 2))
    right = epoch_of(augmented(), share=lambda m: slice(m // 2, m))
    for X, X_left, X_right in zip(whole, left, right, strict=True):
        np.testing.assert_array_equal(X, np.hstack([X_left, X_right]))


def test_the_changes_are_not_drawn_from_the_numbers_of_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor from those of another epoch or batch: every generator starts elsewhere."""
    batches, make = augmented(), np.random.default_rng
    states: list[int] = []

    def remembering(entropy: list[int]) -> np.random.Generator:
        rng = make(entropy)
        states.append(rng.bit_generator.state["state"]["state"])
        return rng

    monkeypatch.setattr(np.random, "default_rng", remembering)
    for epoch in range(3):
        epoch_of(batches, epoch)
    assert 3 * (1 + len(batches)) == len(states) == len(set(states))
