"""One step of training, worked by hand with fractions, for a network of 2 inputs, 2 relu units and 1 sigmoid output.

The network:

    W1 = [[1, -1], [2, 0]]   b1 = [0, -1]      W2 = [[1, 1]]   b2 = [-1]
    x = (1, 0), y = 1:    z1 = (1, 1)    a1 = (1, 1)    z2 = 1     y_hat = sigmoid(1)  = 0.731059
    x = (0, 1), y = 0:    z1 = (-1, -1)  a1 = (0, 0)    z2 = -1    y_hat = sigmoid(-1) = 0.268941

    loss = (-log 0.731059 - log(1 - 0.268941)) / 2 = 0.313262
    dz2 = (-0.268941, 0.268941) / 2 = (-0.134471, 0.134471)
    dW2 = dz2 a1^T = (-0.134471, -0.134471)     db2 = 0
    dz1 = W2^T dz2 * relu'(z1): first example (-0.134471, -0.134471), second (0, 0)
    dW1 = dz1 x^T = [[-0.134471, 0], [-0.134471, 0]]     db1 = (-0.134471, -0.134471)
"""

from __future__ import annotations

import numpy as np
import pytest

from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.loss import cross_entropy, l2_penalty
from nncli.network.optimization import GradientDescent
from nncli.network.parameters import Parameters, Workspace

X = np.array([[1.0, 0.0], [0.0, 1.0]])
Y = np.array([1, 0])
DELTA = 0.13447071068499755  # (1 - sigmoid(1)) / 2


@pytest.fixture
def network() -> tuple[Parameters, Workspace, Parameters]:
    """The network above, after forward propagation and backpropagation."""
    parameters = Parameters((2, 2, 1), np.float64)
    parameters.W[1][...] = [[1, -1], [2, 0]]
    parameters.b[1][...] = [[0], [-1]]
    parameters.W[2][...] = [[1, 1]]
    parameters.b[2][...] = [[-1]]
    workspace, gradients = Workspace((2, 2, 1), 2, np.float64), parameters.like()
    forward(parameters, workspace, X)
    return parameters, workspace, gradients


def test_forward(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """The prediction is what the hand calculation gives."""
    _, workspace, _ = network
    np.testing.assert_allclose([[0.7310585786, 0.2689414214]], workspace.A[2], rtol=1e-9)
    np.testing.assert_array_equal([[1, 0], [1, 0]], workspace.A[1])


def test_loss(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """The loss and the penalty are what the hand calculation gives."""
    parameters, workspace, _ = network
    assert cross_entropy(workspace, Y) == pytest.approx(0.3132616875, rel=1e-9)
    assert l2_penalty(parameters, 0.5) == 0.25 * (1 + 1 + 4 + 0 + 1 + 1)


def test_backpropagation(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """The gradients are what the hand calculation gives."""
    parameters, workspace, gradients = network
    backpropagate(parameters, workspace, Y, gradients)
    np.testing.assert_allclose([[-DELTA, -DELTA]], gradients.W[2], rtol=1e-12)
    np.testing.assert_allclose([[0]], gradients.b[2], atol=1e-15)
    np.testing.assert_allclose([[-DELTA, 0], [-DELTA, 0]], gradients.W[1], rtol=1e-12)
    np.testing.assert_allclose([[-DELTA], [-DELTA]], gradients.b[1], rtol=1e-12)


def test_gradient_descent(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """A step of size 2 moves each parameter by twice its derivative."""
    parameters, workspace, gradients = network
    backpropagate(parameters, workspace, Y, gradients)
    GradientDescent().step(parameters.flat, gradients.flat, 2.0)
    np.testing.assert_allclose([[1 + 2 * DELTA, -1], [2 + 2 * DELTA, 0]], parameters.W[1], rtol=1e-12)
    np.testing.assert_allclose([[2 * DELTA], [-1 + 2 * DELTA]], parameters.b[1], rtol=1e-12)
