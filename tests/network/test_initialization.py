"""Part 1: what the starting values are, and what they do."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.initialization import INITIALIZATIONS, initialize
from nncli.network.parameters import Parameters, Workspace

DEEP = (100, *[100] * 10, 5)


def initialized(method: str, dims: tuple[int, ...] = (400, 300, 2), scale: float = 0.01, seed: int = 0) -> Parameters:
    """A network with its first weights."""
    parameters = Parameters(dims, np.float64)
    parameters.flat[:] = 99  # so that nothing is right by accident
    initialize(parameters, np.random.default_rng(seed), method, scale)
    return parameters


@pytest.mark.parametrize(("method", "variance"), [("xavier", 1 / 400), ("he", 2 / 400), ("normal", 0.05**2)])
def test_random_weights_have_mean_zero_and_their_variance(method: str, variance: float) -> None:
    """120,000 draws are close to the variance promised, and no further from mean zero than chance allows."""
    W = initialized(method, scale=0.05).W[1]
    assert variance == pytest.approx(W.var(), rel=0.02)
    assert abs(W.mean()) < 4 * np.sqrt(variance / W.size)
    assert 3 == pytest.approx(((W / W.std()) ** 4).mean(), abs=0.1)  # the fourth moment of a normal distribution


@pytest.mark.parametrize("method", sorted(INITIALIZATIONS))
def test_biases_start_at_zero(method: str) -> None:
    """Whatever the weights, every bias is zero."""
    parameters = initialized(method)
    assert not parameters.b[1].any()
    assert not parameters.b[2].any()


def test_zeros_and_constant() -> None:
    """`zeros` is all zero, `constant` all equal to the scale."""
    assert not initialized("zeros").weights.any()
    assert (initialized("constant", scale=0.3).weights == 0.3).all()


def test_the_seed_decides() -> None:
    """The same seed gives the same weights, another one others."""
    np.testing.assert_array_equal(initialized("he", seed=3).flat, initialized("he", seed=3).flat)
    assert (initialized("he", seed=3).weights != initialized("he", seed=4).weights).any()


def test_both_precisions_start_alike() -> None:
    """float32 weights are the float64 ones, rounded."""
    single = Parameters((400, 300, 2), np.float32)
    initialize(single, np.random.default_rng(0), "xavier")
    np.testing.assert_array_equal(initialized("xavier").flat.astype(np.float32), single.flat)


def spread_in_layer_10(method: str, activation: str, scale: float = 0.01) -> float:
    """Standard deviation of the activations after ten layers, for inputs of standard deviation 1."""
    parameters = initialized(method, DEEP, scale)
    workspace = Workspace(DEEP, 200, np.float64)
    forward(parameters, workspace, np.random.default_rng(1).standard_normal((100, 200)), activation)
    return float(workspace.A[10].std())


def test_xavier_keeps_a_signal_alive_through_ten_tanh_layers() -> None:
    """Too small a start lets it vanish, too large a start drives every unit to -1 or 1."""
    assert 0.1 < spread_in_layer_10("xavier", "tanh") < 0.9
    assert spread_in_layer_10("normal", "tanh", scale=0.01) < 1e-8
    assert spread_in_layer_10("normal", "tanh", scale=1.0) > 0.9


def test_he_keeps_a_signal_alive_through_ten_relu_layers() -> None:
    """A ReLU network loses a factor of sqrt(2) in each layer with xavier, and nothing with he."""
    assert 0.3 < spread_in_layer_10("he", "relu") < 3
    assert spread_in_layer_10("xavier", "relu") < 0.1
    assert spread_in_layer_10("normal", "relu", scale=1.0) > 1e6


def test_equal_weights_stay_equal() -> None:
    """With a constant start every hidden unit gets the same gradient: the layer never becomes more than one unit."""
    dims = (6, 4, 1)
    parameters, rng = initialized("constant", dims, scale=0.2), np.random.default_rng(0)
    workspace, gradients = Workspace(dims, 10, np.float64), parameters.like()
    X, Y = rng.random((6, 10)), rng.integers(0, 2, 10)
    for _ in range(20):
        forward(parameters, workspace, X, "tanh")
        backpropagate(parameters, workspace, Y, gradients, activation="tanh")
        parameters.flat -= gradients.flat
    assert np.ptp(parameters.W[1], axis=0).max() == pytest.approx(0, abs=1e-12)
    assert np.ptp(parameters.W[1], axis=1).min() > 1e-4  # it did learn, as one unit


def test_zeros_do_not_move_with_relu() -> None:
    """With a zero start and relu every weight's gradient is zero, for ever."""
    parameters, rng = initialized("zeros", (6, 4, 3)), np.random.default_rng(0)
    workspace, gradients = Workspace((6, 4, 3), 10, np.float64), parameters.like()
    forward(parameters, workspace, rng.random((6, 10)))
    backpropagate(parameters, workspace, rng.integers(0, 3, 10), gradients)
    assert not gradients.weights.any()


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalization_starts_with_gain_1_and_shift_0(normalization: str) -> None:
    """And with the running statistics of what is normalized already, whatever was in the memory."""
    parameters = Parameters((5, 4, 3, 2), normalization=normalization)
    parameters.flat[:] = 99
    initialize(parameters, np.random.default_rng(0))
    for ones, zeros in ((parameters.gain, parameters.shift), (parameters.variance, parameters.mean)):
        assert all((one == 1).all() for one in ones[1:])
        assert all((zero == 0).all() for zero in zeros[1:])
    assert not (parameters.flat == 99).any()
