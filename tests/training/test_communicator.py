"""The communicator of a process that is alone, and what the loop asks of any communicator."""

from __future__ import annotations

import numpy as np

from nncli.training.communicator import SingleProcess


def test_one_process_has_everything() -> None:
    """All examples, all parameters, and sums that are there already."""
    alone = SingleProcess()
    assert [3.0, 4] == alone.sum([(3.0, 4)])
    assert [3.0] == alone.total([[3.0]])
    (number,), (part,) = alone.shares, alone.parts(7)
    assert list(range(7)) == list(range(7))[alone.share(number, 7)] == list(range(7))[part]
    assert not alone.adapt(1.0)


def test_one_process_hears_itself() -> None:
    """The answer to whether to stop is what was asked."""
    assert SingleProcess().finish_step(True)
    assert not SingleProcess().finish_step(False)


def test_memory_is_zero_and_alike() -> None:
    """Same size, same precision."""
    like = np.ones(3, np.float32)
    for zeros in (SingleProcess().zeros_like(like), *_running(like)):
        np.testing.assert_array_equal(np.zeros(3, np.float32), zeros)
        assert np.float32 == zeros.dtype


def _running(like: np.ndarray[tuple[int], np.dtype[np.float32]]) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    with SingleProcess().helped(like, lambda _gradients: None) as gradients:
        return gradients
