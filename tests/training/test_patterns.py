"""Patterns trained by backpropagation: the gradient, and what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncli.features.settings.deep_patches import DeepPatches
from nncli.training import patterns as module
from nncli.training.patterns import PatternNetwork, train_patterns
from tests.features.images import extracted, fitted, smooth


def small_network() -> tuple[PatternNetwork, np.random.Generator]:
    """A network of 3 patterns with 4 coordinates, 6 windows in 2 cells and 3 classes, in float64."""
    rng = np.random.default_rng(1)
    cells: Any = np.repeat(np.eye(2), 3, axis=1) / 3
    directions: Any = rng.standard_normal((3, 4))
    network = PatternNetwork(directions, 0.5, cells, 3)
    network.mean[:] = rng.standard_normal(12)
    network.deviation[:] = rng.uniform(0.5, 2, 12)
    W, _, b = network.split(network.theta)
    W[:], b[:] = rng.standard_normal(W.shape), rng.standard_normal(3)
    return network, rng


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    """Each entry agrees with the difference quotient, patterns, weights and biases alike."""
    network, rng = small_network()
    Z: Any = rng.standard_normal((2, 6, 4))
    Y: Any = np.array([[0.9, 0.05, 0.05], [0.2, 0.3, 0.5]])
    mask: Any = rng.integers(0, 2, (2, 12)) / 0.5

    def loss(i: int, step: float) -> float:
        before = network.theta[i]
        network.theta[i] = before + step
        value = network.loss_and_gradient(Z, Y, mask)[0]
        network.theta[i] = before
        return value

    slopes = [(loss(i, 1e-6) - loss(i, -1e-6)) / 2e-6 for i in range(len(network.theta))]
    assert slopes == pytest.approx(network.loss_and_gradient(Z, Y, mask)[1], rel=1e-6, abs=1e-8)


def test_the_features_are_those_of_the_block() -> None:
    """What is trained is what is computed later: answers of whitened windows, averaged over cells."""
    settings = DeepPatches(size=3, count=4, pool=2, deep_size=2, deep_count=5, grid=2)
    block, images = fitted(settings, smooth(30, 12, 12, 1)), smooth(3, 12, 12, 1, seed=1)
    windows = np.empty((3, len(block.cells.T), len(block.patterns.whitening.T)), np.float16)
    block.whitened(images, block.patterns, windows)
    network = PatternNetwork(block.patterns.directions, settings.deep_threshold, block.cells, 2)
    assert extracted(block, images) == pytest.approx(network.features(windows.astype(np.float32))[1], abs=5e-3)


def test_patterns_turn_to_what_tells_classes_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two classes differ along one coordinate that no pattern looked at, and the answer does not depend on cores."""
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    windows = rng.standard_normal((200, 3, 5)).astype(np.float16)
    windows[:, :, 4] = 2 * labels[:, None] - 1
    directions = np.eye(2, 5, dtype=np.float32)
    cells = np.full((1, 3), 1 / 3, np.float32)

    def trained(n_cores: int) -> Any:
        monkeypatch.setattr(module, "usable_cores", lambda: n_cores)
        network = PatternNetwork(directions, 0.05, cells, 2)
        return train_patterns([(windows, labels)] * 60, 60, network, np.random.default_rng(3))

    alone, together = trained(1), trained(3)
    assert alone.tolist() == together.tolist()
    assert (np.abs(alone[:, 4]) > 0.15).all()
