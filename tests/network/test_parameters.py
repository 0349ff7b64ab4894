"""The flat vector with its views, and the workspace."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import draw_dropout_masks, forward
from nncli.network.initialization import initialize
from nncli.network.loss import cross_entropy
from nncli.network.optimization import Adam
from nncli.network.parameters import Parameters, Workspace


def test_shapes_are_the_formulas() -> None:
    """W[l] is (n_l, n_{l-1}) and b[l] is (n_l, 1), for l = 1..L."""
    parameters = Parameters((5, 4, 3))
    assert [(4, 5), (3, 4)] == [W.shape for W in parameters.W[1:]]
    assert [(4, 1), (3, 1)] == [b.shape for b in parameters.b[1:]]
    assert 2 == parameters.n_layers
    assert 5 * 4 + 4 + 4 * 3 + 3 == parameters.flat.size
    assert 5 * 4 + 4 * 3 == parameters.weights.size


def test_layers_are_views_of_one_vector() -> None:
    """A change of the vector is a change of the layers and the other way round, without overlap."""
    parameters = Parameters((3, 2, 2), np.float64)
    parameters.flat[:] = np.arange(parameters.flat.size)
    values = np.concatenate([a.ravel() for a in (*parameters.W[1:], *parameters.b[1:])])
    assert sorted(values) == list(range(parameters.flat.size))
    parameters.W[2][1, 0] = -7
    parameters.b[1][1, 0] = -8
    assert 1 == np.count_nonzero(parameters.weights == -7)
    assert 1 == np.count_nonzero(parameters.flat == -8)
    assert not (parameters.weights == -8).any()


def test_like_has_the_same_layers_and_zeros() -> None:
    """Gradients have the parameters' form, in the same precision unless another one is asked for."""
    parameters = Parameters((3, 2))
    parameters.flat[:] = 1
    assert not parameters.like().flat.any()
    assert np.float32 == parameters.like().flat.dtype
    assert np.float64 == parameters.like(np.float64).flat.dtype


def test_a_short_batch_takes_the_first_rows() -> None:
    """A batch of fewer examples gives the same predictions as when it is alone, and the next full batch works again."""
    rng = np.random.default_rng(0)
    parameters = Parameters((6, 5, 3), np.float64)
    initialize(parameters, rng)
    workspace, X = Workspace((6, 5, 3), 8, np.float64), rng.standard_normal((6, 8))
    full = forward(parameters, workspace, X).copy()
    np.testing.assert_allclose(full[:, :3], forward(parameters, workspace, X[:, :3]), rtol=1e-12)
    assert (5, 3) == workspace.A[1].shape == workspace.dZ[1].shape
    np.testing.assert_array_equal(full, forward(parameters, workspace, X))


def test_prediction_allocates_no_training_memory() -> None:
    """A workspace for prediction has no derivatives and no dropout, even if the network was trained with it."""
    workspace = Workspace((6, 5, 3), 8, training=False, dropout=0.5)
    assert [] == workspace.dZ
    assert [] == workspace.mask
    assert 0 == workspace.dropout


@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "sigmoid"])
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_a_warm_step_allocates_next_to_nothing(activation: str, normalization: str, dropout: float, l2: float) -> None:
    """After the first step, a step of 784-128-10 with batch 128 allocates less than 100 KB at its peak."""
    rng = np.random.default_rng(0)
    dims = (784, 128, 10)
    parameters = Parameters(dims, normalization=normalization)
    initialize(parameters, rng)
    workspace, gradients = Workspace.of(parameters, 128, dropout=dropout), parameters.like()
    optimizer = Adam(parameters.learned)
    X = np.ascontiguousarray(rng.random((128, 784), np.float32)).T
    Y = rng.integers(0, 10, 128)

    def step() -> None:
        draw_dropout_masks(workspace, rng, 128)
        forward(parameters, workspace, X, activation)
        cross_entropy(workspace, Y)
        backpropagate(parameters, workspace, Y, gradients, activation=activation, l2=l2)
        optimizer.step(parameters.learned, gradients.learned, 1e-3)

    step()
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize(("kind", "n_learned", "n_measured"), [("none", 0, 0), ("batch", 8, 9), ("layer", 8, 0)])
def test_normalization_adds_to_the_end_of_the_vector(kind: str, n_learned: int, n_measured: int) -> None:
    """Gains and shifts behind weights and biases, running statistics behind all that is learned; no overlap."""
    plain, parameters = Parameters((3, 2, 2, 2)), Parameters((3, 2, 2, 2), normalization=kind)
    assert plain.flat.size + n_learned == parameters.learned.size
    assert plain.flat.size + n_learned + n_measured == parameters.flat.size
    parameters.flat[:] = np.arange(parameters.flat.size)
    lists = (parameters.W, parameters.b, parameters.gain, parameters.shift, parameters.mean, parameters.variance)
    values = np.concatenate([array.ravel() for arrays in lists for array in arrays[1:]])
    assert sorted(values) == list(range(parameters.flat.size))
    copy = parameters.like(flat=parameters.flat)
    assert copy.flat is parameters.flat
    assert kind == copy.normalization
