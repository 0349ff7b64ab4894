"""The five parts over every array module that is there: NumPy's results, without a copy between two memories.

NumPy itself is the expectation. The look-alike (tests/lookalike.py) has to give the same bits, CuPy on a GPU the same
numbers to rounding.
"""

from __future__ import annotations

import inspect
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.network.backpropagation import backpropagate
from nncli.network.ensemble import vote
from nncli.network.forward_propagation import ACTIVATIONS, draw_dropout_masks, forward
from nncli.network.initialization import INITIALIZATIONS, initialize
from nncli.network.loss import LOSSES, l2_penalty, mean_loss
from nncli.network.normalization import fold, move_running_statistics
from nncli.network.optimization import Adam, GradientDescent, Momentum, Optimizer, RMSprop, clip_by_norm
from nncli.network.parameters import Parameters, Workspace
from tests import lookalike
from tests.lookalike import agree, an_array_of, modules

if TYPE_CHECKING:
    from collections.abc import Callable

DIMS = (6, 5, 4, 3)
M = 7

CLASSES = ["cross_entropy"]
KINDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    *[({}, {"activation": name}) for name in sorted(ACTIVATIONS)],
    *[({"normalization": kind}, {"activation": "tanh", "weighted": True}) for kind in ("batch", "layer")],
    *[({"n_outputs": n}, {"soft": soft, "l2": 0.1, "weighted": True}) for n in (1, 3) for soft in (False, True)],
    *[({"output": "identity"}, {"loss": loss}) for loss in ("squared", "absolute", "huber")],
    ({"output": "sigmoid"}, {"loss": "labels_cross_entropy"}),
    ({}, {"dropout": 0.4, "activation": "gelu"}),
]
"""Networks and how they are trained: every activation, normalization, output, loss and kind of target."""

OPTIMIZERS: dict[str, Callable[[Any], Optimizer]] = {
    "gradient_descent": lambda _theta: GradientDescent(),
    "momentum": lambda theta: Momentum(theta, block=theta.size),
    "nesterov": lambda theta: Momentum(theta, nesterov=True),
    "rmsprop": lambda theta: RMSprop(theta, block=theta.size),
    "adam": Adam,
    "adamw": lambda theta: Adam(theta, 9, weight_decay=0.1, block=theta.size),
}


@pytest.fixture(params=modules())
def like(request: pytest.FixtureRequest) -> Any:
    """An array of the module."""
    return an_array_of(request.param)


def network(like: Any, n_outputs: int = 3, **kind: Any) -> Parameters:
    """A network with its first weights, and other biases, where `like` lies."""
    parameters = Parameters((*DIMS[:-1], n_outputs), np.float64, like=like, **kind)
    rng = np.random.default_rng(0)
    initialize(parameters, rng)
    parameters.flat += np.asarray(0.1 * rng.standard_normal(parameters.flat.size), like=like)
    return parameters


def batch(like: Any, n_outputs: int, *, loss: str, soft: bool) -> tuple[Any, Any]:
    """Columns and targets there."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((DIMS[0], M))
    Y: Any = rng.integers(0, max(2, n_outputs), M)
    if loss not in CLASSES or soft:
        Y = rng.uniform(0, 1, (n_outputs, M)).round(0 if loss == "labels_cross_entropy" else 3)
    return np.asarray(X, like=like), np.asarray(Y, like=like)


def step(like: Any, kind: dict[str, Any], how: dict[str, Any]) -> tuple[Any, float, Any]:
    """Prediction, loss and gradient of a batch, after an earlier, larger one has used the memory."""
    how = {"activation": "relu", "loss": "cross_entropy", "soft": False, "weighted": False, "l2": 0.0, **how}
    parameters = network(like, **kind)
    n_outputs, activation, loss = parameters.layer_dims[-1], how["activation"], how["loss"]
    workspace = Workspace.of(parameters, M + 2, dropout=how.get("dropout", 0.0))
    if workspace.dropout:
        draw_dropout_masks(workspace, np.random.default_rng(2), M)
    X, Y = batch(like, n_outputs, loss=loss, soft=how["soft"])
    weights = np.asarray(np.linspace(0.5, 2, M), like=like) if how["weighted"] else None
    gradients = parameters.like()
    Y_hat = forward(parameters, workspace, X, activation).copy()
    cost = mean_loss(workspace, Y, weights, loss=loss) + l2_penalty(parameters, how["l2"])
    backpropagate(
        parameters, workspace, Y, gradients, activation=activation, l2=how["l2"], example_weights=weights, loss=loss
    )
    return Y_hat, cost, gradients.flat


@pytest.mark.parametrize(("kind", "how"), KINDS)
def test_forward_loss_and_backward(like: Any, kind: dict[str, Any], how: dict[str, Any]) -> None:
    """Parts 2, 3 and 4 give NumPy's prediction, loss and gradient, and they lie where the network lies."""
    expected, actual = step(None, kind, how), step(like, kind, how)
    for e, a in zip(expected, actual, strict=True):
        agree(e, a, like)
    assert {type(like)} == {type(actual[0]), type(actual[2])}


def test_every_loss_is_among_them() -> None:
    """A new loss is run over every module, too."""
    assert set(LOSSES) == {how.get("loss", "cross_entropy") for _, how in KINDS}


@pytest.mark.parametrize("method", sorted(INITIALIZATIONS))
def test_first_weights(like: Any, method: str) -> None:
    """Part 1 draws the same numbers wherever they go."""
    both = [Parameters(DIMS, np.float32, like=each, normalization="batch", n_members=2) for each in (None, like)]
    for parameters in both:
        initialize(parameters, np.random.default_rng(3), method)
    agree(both[0].flat, both[1].flat, like)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps(like: Any, name: str) -> None:
    """Part 5 walks the same way, in one block or in several."""
    ends = []
    for place in (np.empty(0), like):
        theta = np.asarray(np.linspace(-1, 1, 20), like=place)
        optimizer = OPTIMIZERS[name](theta)
        for t in range(4):
            gradient = np.asarray(np.cos(t + np.arange(20.0)), like=place)
            clip_by_norm(gradient, 2.0)
            optimizer.step(theta, gradient, 0.05)
        ends.append(theta)
    agree(ends[0], ends[1], like)


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_an_ensemble_with_running_statistics(like: Any, output: str) -> None:
    """Folded, its members vote alike, and the loss finds what it needs."""
    results = []
    for place in (np.empty(0), like):
        parameters = network(place, normalization="batch", n_members=2, output=output)
        tail = parameters.learned.size
        parameters.flat[tail:] = 1.5
        move_running_statistics(
            parameters.flat[tail:], parameters.flat[:tail][: parameters.flat.size - tail].copy(), 20
        )
        parameters.flat[tail:] *= parameters.flat[tail:]  # variances are not negative
        folded = fold(parameters)
        workspace = Workspace.of(folded, M, training=False)
        X, Y = batch(place, 3, loss="squared", soft=False)
        results.append((vote(folded, workspace, X).copy(), mean_loss(workspace, Y)))
    agree(results[0][0], results[1][0], like)
    agree(results[0][1], results[1][1], like)


def test_a_copy_that_nobody_asked_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host and device mixed in a product, an index, a value or a conversion: each of them raises."""
    array = np.asarray(np.ones((2, 2)), like=lookalike.DeviceArray(np.empty(0)))

    def assign() -> None:
        array[...] = np.ones((2, 2))

    planted: list[Callable[[], Any]] = [
        lambda: np.asarray(array),
        lambda: array + np.ones((2, 2)),
        lambda: np.matmul(np.ones((2, 2)), array),
        lambda: np.exp(np.ones((2, 2)), out=array),
        lambda: array[np.array([0])],
        assign,
        lambda: np.linalg.norm(array),  # not in the list of what the network calls
        lambda: np.sum(array, axis=0, where=array > 0),  # CuPy's sum has no `where`
    ]
    for each in planted:
        with pytest.raises(TypeError):
            each()
    monkeypatch.setitem(ACTIVATIONS, "relu", lambda Z, A: np.copyto(A, np.maximum(np.asarray(Z), 0)))
    with pytest.raises(TypeError, match="implicit conversion"):
        step(array, {}, {})


def test_cupy_has_all_that_the_look_alike_has() -> None:
    """Every function, parameter and method by the same name, where CuPy is installed; that needs no GPU."""
    cupy = pytest.importorskip("cupy")
    missing = {name for name in lookalike.UFUNCS if not hasattr(cupy, name)}
    for name, parameters in lookalike.FUNCTIONS.items():
        function = operator.attrgetter(name)(cupy)
        known = inspect.signature(function).parameters if parameters else {}
        missing |= {f"{name}({each})" for each in parameters.split() if each not in known}
    for name in (*lookalike.METHODS, *lookalike.PROPERTIES, "get", "__array_ufunc__", "__array_function__"):
        missing |= set() if hasattr(cupy.ndarray, name) else {name}
    assert set() == missing
    for path in ("cuda.runtime.getDeviceCount", "cuda.runtime.memGetInfo", "cuda.runtime.CUDARuntimeError"):
        place: Any = cupy
        for part in path.split("."):
            place = getattr(place, part)
    assert callable(cupy.get_default_memory_pool().free_bytes)
    assert (lookalike.OutOfMemoryError.__name__, MemoryError) == (
        cupy.cuda.memory.OutOfMemoryError.__name__,
        cupy.cuda.memory.OutOfMemoryError.__base__,
    )
