"""Normalization: what it makes of Z, how it is folded away, and the running statistics."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.initialization import initialize
from nncli.network.normalization import EPSILON, RUNNING_RATE, fold, move_running_statistics
from nncli.network.parameters import Parameters, Workspace
from tests import reference
from tests.network.networks import Case


def network(kind: str, dims: tuple[int, ...] = (6, 5, 4, 3)) -> tuple[Parameters, Workspace, np.ndarray]:
    """A network with its first weights, and a batch of 50 examples far from mean 0 and variance 1."""
    rng = np.random.default_rng(0)
    parameters = Parameters(dims, np.float64, normalization=kind)
    initialize(parameters, rng)
    return parameters, Workspace.of(parameters, 50), 7 + 3 * rng.standard_normal((dims[0], 50))


@pytest.mark.parametrize(("kind", "axis"), [("batch", 1), ("layer", 0)])
def test_what_the_activation_sees_has_mean_0_and_variance_1(kind: str, axis: int) -> None:
    """Each unit over the batch, or each example over the layer, while gains are 1 and shifts 0."""
    parameters, workspace, X = network(kind)
    forward(parameters, workspace, X)
    for Z in workspace.Z[1:3]:
        np.testing.assert_allclose(Z.mean(axis=axis), 0, atol=1e-12)
        np.testing.assert_allclose(Z.var(axis=axis), 1, rtol=1e-3)


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_gain_and_shift_set_another_mean_and_variance(kind: str) -> None:
    """Unit by unit."""
    parameters, workspace, X = network(kind)
    forward(parameters, workspace, X)
    before = workspace.Z[1].copy()
    parameters.gain[1][...] = np.arange(5)[:, None]
    parameters.shift[1][2] = 10
    forward(parameters, workspace, X)
    expected = before * np.arange(5)[:, None]
    expected[2] += 10
    np.testing.assert_allclose(expected, workspace.Z[1], atol=1e-12)


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_the_last_layer_is_not_normalized(kind: str) -> None:
    """Its outputs are probabilities, and it has neither gain nor shift."""
    parameters, _, _ = network(kind)
    assert [(5, 1), (4, 1)] == [gain.shape for gain in parameters.gain[1:]] == [s.shape for s in parameters.shift[1:]]


def test_layer_normalization_treats_every_example_for_itself() -> None:
    """Alone or among others, an example has the same probabilities."""
    parameters, workspace, X = network("layer")
    together = forward(parameters, workspace, X).copy()
    np.testing.assert_allclose(together[:, [3]], forward(parameters, workspace, X[:, [3]]), rtol=1e-12)


@pytest.mark.parametrize("kind", ["batch", "layer"])
@pytest.mark.parametrize("m", [0, 1])
def test_an_empty_share_and_one_example_do_no_harm(kind: str, m: int) -> None:
    """A process may have no example of a short batch; an example alone is its own mean."""
    case = Case((4, 5, 3), m=2, normalization=kind)
    case.X, case.Y = case.X[:, :m], case.Y[:m]
    gradients = case.parameters.like()
    with np.errstate(all="raise"):
        forward(case.parameters, case.workspace, case.X)
        backpropagate(case.parameters, case.workspace, case.Y, gradients, batch_size=2)
    assert np.isfinite(gradients.flat).all()


def test_batch_normalization_does_not_use_the_bias() -> None:
    """The mean would take it away again; its derivative is exactly 0, so no optimizer moves it."""
    case = Case((4, 5, 3), normalization="batch")
    before = case.cost()
    case.parameters.b[1][...] += 100
    assert before == case.cost()
    gradients = case.gradients()
    assert not gradients.b[1].any()
    assert gradients.b[2].any()


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_gradients_carry_the_statistics_of_the_batch(share: float) -> None:
    """Mean of X and unbiased variance of W[1] X, weighted by this process's share of the batch."""
    case = Case((4, 5, 3), m=6, normalization="batch")
    forward(case.parameters, case.workspace, case.X)
    gradients = case.parameters.like()
    case.parameters.b[1][...] = 0
    Z = case.parameters.W[1] @ case.X
    backpropagate(case.parameters, case.workspace, case.Y, gradients, batch_size=round(6 / share))
    np.testing.assert_allclose(share * case.X.mean(axis=1, keepdims=True), gradients.mean[1], rtol=1e-12)
    np.testing.assert_allclose(share * Z.var(axis=1, keepdims=True, ddof=1), gradients.variance[1], rtol=1e-12)


@pytest.mark.parametrize("dims", [(6, 3), (6, 5, 3), (6, 5, 4, 1)])
def test_a_folded_network_is_the_one_with_running_statistics(dims: tuple[int, ...]) -> None:
    """(Z - W running mean) / sqrt(running variance + eps) * gain + shift, example by example, is what it computes."""
    parameters, _, X = network("batch", dims)
    rng = np.random.default_rng(1)
    parameters.flat += rng.standard_normal(parameters.flat.size)
    for l in range(1, len(dims) - 1):
        parameters.b[l][...] = 0
        parameters.mean[l][...] = rng.standard_normal((dims[l - 1], 1))
        parameters.variance[l][...] = rng.uniform(0.5, 2, (dims[l], 1))
    H = X
    for l in range(1, len(dims) - 1):
        Z = parameters.W[l] @ H
        Z = (Z - parameters.W[l] @ parameters.mean[l]) / np.sqrt(parameters.variance[l] + EPSILON)
        H = np.tanh(Z * parameters.gain[l] + parameters.shift[l])
    expected = reference.forward([H, parameters.W[-1]], [H, parameters.b[-1]], H, "tanh")[3][-1]
    folded = fold(parameters)
    assert "none" == folded.normalization
    np.testing.assert_allclose(expected, forward(folded, Workspace.of(folded, 50), X, "tanh"), rtol=1e-10)


@pytest.mark.parametrize("kind", ["none", "layer"])
def test_what_needs_no_folding_stays_itself(kind: str) -> None:
    """No copy is made."""
    parameters, _, _ = network(kind)
    assert parameters is fold(parameters)


def test_folding_leaves_the_network_alone() -> None:
    """It goes on training."""
    parameters, _, _ = network("batch")
    before = parameters.flat.copy()
    fold(parameters).flat[:] = 0
    np.testing.assert_array_equal(before, parameters.flat)


def test_after_training_on_one_batch_the_folded_network_agrees_with_the_batch() -> None:
    """If every batch is the same, running statistics are the batch's, and prediction equals training."""
    case = Case((4, 30, 3), m=5000, normalization="batch", activation="tanh")
    trained = forward(case.parameters, case.workspace, case.X, "tanh").copy()
    gradients, tail = case.gradients(), case.parameters.learned.size
    move_running_statistics(case.parameters.flat[tail:], gradients.flat[tail:], step=1)
    folded = fold(case.parameters)
    predicted = forward(folded, Workspace.of(folded, 5000, training=False), case.X, "tanh")
    np.testing.assert_allclose(trained, predicted, rtol=2e-3)


def test_running_statistics_begin_with_the_first_batch_and_forget_slowly() -> None:
    """At first the average of all batches, later an exponential one; a short batch counts for less."""
    running = np.array([100.0])
    for step, value in enumerate([3.0, 5.0, 10.0], start=1):
        move_running_statistics(running, np.array([value]), step)
    assert 6 == pytest.approx(running[0])
    move_running_statistics(running, np.array([16.0]), 1000)
    assert 6 + RUNNING_RATE * 10 == pytest.approx(running[0])
    move_running_statistics(running, np.array([17.0]), 1000, size=0.5)
    assert 7 + RUNNING_RATE / 2 * 10 == pytest.approx(running[0])


def test_running_means_do_not_lag_behind_the_weights() -> None:
    """A step that moves the mean of every Z far away moves the folded network's mean as well."""
    parameters, workspace, X = network("batch", (6, 5, 3))
    move_running_statistics(parameters.mean[1], X.mean(axis=1, keepdims=True), step=1)
    before = forward(parameters, workspace, X).copy()
    parameters.W[1][...] += 0.3  # Z moves by some 0.3 * 6 * 7
    parameters.variance[1][...] = (parameters.W[1] @ X).var(axis=1, keepdims=True)
    trained = forward(parameters, workspace, X).copy()
    assert (before != trained).all()
    folded = fold(parameters)
    np.testing.assert_allclose(trained, forward(folded, Workspace.of(folded, 50), X), rtol=1e-3)
