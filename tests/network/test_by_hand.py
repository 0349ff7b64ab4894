"""One step of training, worked by hand with fractions, for a network of 2 inputs, 2 relu units and 1 sigmoid output.

The guide (docs/guide) works the same example, chapter by chapter. With c = log 3 the sigmoid gives fractions:
sigmoid(c) = 3 / (3 + 1) = 3/4 and sigmoid(-c) = 1/4.

    W1 = [[1, -1], [2, 0]]   b1 = [0, -1]      W2 = [[c, c]]   b2 = [-c]
    x = (1, 0), y = 1:    z1 = (1, 1)    a1 = (1, 1)    z2 = c     y_hat = 3/4
    x = (0, 1), y = 0:    z1 = (-1, -1)  a1 = (0, 0)    z2 = -c    y_hat = 1/4

    loss = (-log 3/4 - log(1 - 1/4)) / 2 = log 4/3
    dz2 = (3/4 - 1, 1/4 - 0) / 2 = (-1/8, 1/8)
    dW2 = dz2 a1^T = (-1/8, -1/8)     db2 = 0
    dz1 = W2^T dz2 * relu'(z1): first example (-c/8, -c/8), second (0, 0)
    dW1 = dz1 x^T = [[-c/8, 0], [-c/8, 0]]     db1 = (-c/8, -c/8)
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.loss import cross_entropy, l2_penalty
from nncli.network.optimization import GradientDescent
from nncli.network.parameters import Parameters, Workspace

X = np.array([[1.0, 0.0], [0.0, 1.0]])
Y = np.array([1, 0])
C = math.log(3)


@pytest.fixture
def network() -> tuple[Parameters, Workspace, Parameters]:
    """The network above, after forward propagation and backpropagation."""
    parameters = Parameters((2, 2, 1), np.float64)
    parameters.W[1][...] = [[1, -1], [2, 0]]
    parameters.b[1][...] = [[0], [-1]]
    parameters.W[2][...] = [[C, C]]
    parameters.b[2][...] = [[-C]]
    workspace, gradients = Workspace((2, 2, 1), 2, np.float64), parameters.like()
    forward(parameters, workspace, X)
    return parameters, workspace, gradients


def test_forward(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """The prediction is what the hand calculation gives."""
    _, workspace, _ = network
    np.testing.assert_allclose([[3 / 4, 1 / 4]], workspace.A[2], rtol=1e-12)
    np.testing.assert_array_equal([[1, 0], [1, 0]], workspace.A[1])


def test_loss(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """The loss and the penalty are what the hand calculation gives."""
    parameters, workspace, _ = network
    assert math.log(4 / 3) == pytest.approx(cross_entropy(workspace, Y), rel=1e-12)
    assert 0.25 * (1 + 1 + 4 + 0 + 2 * C**2) == pytest.approx(l2_penalty(parameters, 0.5), rel=1e-12)


def test_backpropagation(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """The gradients are what the hand calculation gives."""
    parameters, workspace, gradients = network
    backpropagate(parameters, workspace, Y, gradients)
    np.testing.assert_allclose([[-1 / 8, -1 / 8]], gradients.W[2], rtol=1e-12)
    np.testing.assert_allclose([[0]], gradients.b[2], atol=1e-15)
    np.testing.assert_allclose([[-C / 8, 0], [-C / 8, 0]], gradients.W[1], rtol=1e-12)
    np.testing.assert_allclose([[-C / 8], [-C / 8]], gradients.b[1], rtol=1e-12)


def test_gradient_descent(network: tuple[Parameters, Workspace, Parameters]) -> None:
    """A step of size 2 moves each parameter by twice its derivative."""
    parameters, workspace, gradients = network
    backpropagate(parameters, workspace, Y, gradients)
    GradientDescent().step(parameters.flat, gradients.flat, 2.0)
    np.testing.assert_allclose([[1 + C / 4, -1], [2 + C / 4, 0]], parameters.W[1], rtol=1e-12)
    np.testing.assert_allclose([[C / 4], [-1 + C / 4]], parameters.b[1], rtol=1e-12)
    np.testing.assert_allclose([[C + 1 / 4, C + 1 / 4]], parameters.W[2], rtol=1e-12)
