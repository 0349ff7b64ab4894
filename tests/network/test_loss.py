"""Part 3: cross-entropy and L2."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nncli.network.forward_propagation import forward
from nncli.network.loss import binary_cross_entropy, cross_entropy, l2_penalty
from nncli.network.parameters import Parameters, Workspace


def loss_of(n_outputs: int, Z: list[list[float]], Y: list[Any], weights: list[float] | None = None) -> float:
    """The loss of a network without hidden layer whose last linear outputs are Z."""
    parameters = Parameters((n_outputs, n_outputs), np.float64)
    parameters.W[1][...] = np.eye(n_outputs)
    X = np.array(Z)
    workspace = Workspace((n_outputs, n_outputs), X.shape[1], np.float64)
    forward(parameters, workspace, X)
    return cross_entropy(workspace, np.array(Y), None if weights is None else np.array(weights))


@pytest.mark.parametrize(("n", "expected"), [(1, math.log(2)), (2, math.log(2)), (10, math.log(10))])
def test_a_blind_guess_costs_the_logarithm_of_the_number_of_classes(n: int, expected: float) -> None:
    """Equal probabilities for K classes cost log K, and log 2 for one sigmoid output."""
    assert expected == pytest.approx(loss_of(n, [[0.0, 0.0]] * n, [0, 1]))


def test_it_is_averaged_over_the_batch() -> None:
    """The loss of a batch is the mean of its examples' losses."""
    log3 = math.log(3)  # sigmoid(log 3) = 3/4
    assert -(math.log(0.75) + math.log(0.25)) / 2 == pytest.approx(loss_of(1, [[log3, log3]], [1, 0]))


def test_weights_multiply_each_example() -> None:
    """A weight of 3 counts an example three times, and 0 not at all."""
    log3 = math.log(3)
    assert -3 * math.log(0.75) / 2 == pytest.approx(loss_of(1, [[log3, log3]], [1, 0], [3, 0]))


@pytest.mark.parametrize("n", [1, 3])
def test_sure_and_wrong_costs_much_but_stays_finite(n: int) -> None:
    """At z = 1000 the wrong class's probability rounds to 0, which has no logarithm; the loss is 1000."""
    Z = [[1000.0]] if n == 1 else [[1000.0], [0.0], [0.0]]
    wrong, right = (0, 1) if n == 1 else (1, 0)
    assert 1000 == pytest.approx(loss_of(n, Z, [wrong]))
    assert 0 == pytest.approx(loss_of(n, Z, [right]), abs=1e-12)


def test_binary_keeps_small_losses_exact() -> None:
    """Sure and right, the loss is e^-z, not rounded to 0."""
    assert math.exp(-40) == pytest.approx(binary_cross_entropy(np.array([40.0]), np.array([1]))[0], rel=1e-10)


def test_l2_counts_weights_and_not_biases() -> None:
    """l2/2 times the sum of squared weights."""
    parameters = Parameters((2, 1), np.float64)
    parameters.W[1][...] = [[3, 4]]
    parameters.b[1][...] = 100
    assert 0.1 / 2 * 25 == pytest.approx(l2_penalty(parameters, 0.1))


@pytest.mark.parametrize("n", [1, 3])
def test_soft_targets_that_are_certain_are_class_indices(n: int) -> None:
    """A column of 0 and 1 costs what its class costs, with weights too."""
    rng = np.random.default_rng(0)
    Z, Y = rng.standard_normal((n, 4)).tolist(), [0, 1, 1, 0]
    certain = [Y] if n == 1 else np.eye(n)[Y].T.tolist()
    for weights in (None, [1.0, 2.0, 0.0, 0.5]):
        assert loss_of(n, Z, Y, weights) == pytest.approx(loss_of(n, Z, certain, weights))


def test_a_soft_target_costs_the_average_of_its_classes() -> None:
    """A label that is one class to 3/4 and another to 1/4 costs as much as both in these shares."""
    Z = [[0.3], [-1.0], [2.0]]
    costs = [loss_of(3, Z, [k]) for k in range(3)]
    assert 0.75 * costs[0] + 0.25 * costs[2] == pytest.approx(loss_of(3, Z, [[0.75], [0.0], [0.25]]))
    z = [[0.7]]
    assert 0.25 * loss_of(1, z, [0]) + 0.75 * loss_of(1, z, [1]) == pytest.approx(loss_of(1, z, [[0.75]]))
