"""Large matrices in two bytes a number, where that is no loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli import ImageClassifier
from nncli.machine.npz_file import read_npz
from nncli.model.file import read_model, write_model
from nncli.model.half_precision import LARGE, rounded, shortened
from nncli.run import training
from tests.fixtures import random_model, same_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def numbers(n: int = LARGE, seed: int = 0) -> NDArray[np.float32]:
    """Some that half precision does not hold."""
    return np.random.default_rng(seed).standard_normal(n, np.float32)


def test_large_arrays_are_rounded() -> None:
    """To the next number of half precision; small ones, doubles and what is too large for it stay as they are."""
    large = numbers()
    np.testing.assert_array_equal(large.astype(np.float16), rounded(large))
    assert np.float32 == rounded(large).dtype
    assert (np.abs(rounded(large) - large) <= np.maximum(np.abs(large) * 2**-11, 2**-25)).all()
    for other in (numbers(LARGE - 1), large.astype(np.float64), large * np.float32(1e5)):
        assert rounded(other) is other


def test_only_what_loses_nothing_is_shortened() -> None:
    """A single number that half precision does not hold keeps the array as it is."""
    large = rounded(numbers())
    assert np.float16 == shortened(large).dtype
    large[7] += np.float32(1e-6)
    assert shortened(large) is large


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_file_holds_large_weights_in_half_precision(tmp_path: Path, n_members: int) -> None:
    """And gives back what was written, to the bit; weights that it would change stay in single precision."""
    model = random_model(("ant", "bee", "cow"), (LARGE // 36 + 1,), n_members=n_members)
    for weights, expected in ((model.parameters.weights, "float32"), (rounded(model.parameters.weights), "float16")):
        model.parameters.weights[...] = weights
        write_model(tmp_path / "model.npz", model)
        arrays = read_npz(tmp_path / "model.npz")
        assert [expected, "float32", "float32"] == [arrays[name].dtype.name for name in ("W1", "W2", "b1")]
        assert same_model(model, read_model(tmp_path / "model.npz"))


def test_weights_are_rounded_where_answers_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """By 1e-3 at most, every class the same; otherwise they are kept as they were trained."""
    images, classes = np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8), np.arange(40) % 3
    settings = {"network.layer_dims": ["auto", 260, "auto"], "training.epochs": 2, "training.batch_size": 8}

    def trained() -> NDArray[np.float32]:
        fitted = ImageClassifier("plain", settings=settings).fit(images, classes)
        return fitted.classifier_.model.parameters.weights

    half = trained()
    monkeypatch.setattr(training, "SAME", -1)
    exact = trained()
    np.testing.assert_array_equal(half, rounded(exact))
    assert (half != exact).any()
