"""Part 2: activations, softmax, dropout."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.network.forward_propagation import ACTIVATIONS, draw_dropout_masks, forward, softmax
from nncli.network.parameters import Parameters, Workspace
from tests.network.networks import Case


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0, 0, 0, 3]),
        ("leaky_relu", [-0.02, -0.005, 0, 3]),
        ("gelu", [-0.04540230591, -0.15428599017, 0, 2.99636260792]),
        ("tanh", [math.tanh(-2), math.tanh(-0.5), 0, math.tanh(3)]),
        ("sigmoid", [0.11920292202, 0.37754066879, 0.5, 0.95257412682]),
    ],
)
def test_activations(name: str, expected: list[float]) -> None:
    """Each activation has the values of its definition."""
    A = np.empty((1, 4))
    ACTIVATIONS[name](np.array([[-2.0, -0.5, 0.0, 3.0]]), A)
    np.testing.assert_allclose([expected], A, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relu_has_the_bits_of_its_definition(dtype: type[np.floating]) -> None:
    """Infinities, the smallest numbers, zeros of either sign and what is not a number included."""
    tiny = np.finfo(dtype).smallest_subnormal
    Z = np.array([[-1, -tiny, -0.0, 0, tiny, 2, np.inf, -np.inf, np.nan] * 5], dtype)
    expected, A = np.maximum(Z, 0), np.empty_like(Z)
    ACTIVATIONS["relu"](Z, A)
    assert expected.tobytes() == A.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_never_overflows(dtype: type[np.floating]) -> None:
    """Far out sigmoid is 0 and 1, without a warning."""
    A = np.empty((1, 4), dtype)
    ACTIVATIONS["sigmoid"](np.array([[-1e30, -100, 100, 1e30]], dtype), A)
    np.testing.assert_allclose([[0, 0, 1, 1]], A, atol=1e-30)


def test_softmax_is_stable_and_leaves_log_probabilities() -> None:
    """Columns sum to 1 however large Z is, and Z becomes log A."""
    Z = np.array([[1000.0, 0.0], [1001.0, math.log(3)], [-1000.0, 0.0]])
    A, column = np.empty_like(Z), np.empty((1, 2))
    softmax(Z, A, column)
    np.testing.assert_allclose([1, 1], A.sum(axis=0))
    np.testing.assert_allclose([0.2, 0.6, 0.2], A[:, 1])
    np.testing.assert_allclose([1 / (1 + math.e), math.e / (1 + math.e), 0], A[:, 0], atol=1e-300)
    np.testing.assert_allclose(np.log([0.2, 0.6, 0.2]), Z[:, 1])
    assert Z[2, 0] == pytest.approx(-2001, abs=1)  # a float64 probability would have been 0 here


def test_two_softmax_outputs_are_a_sigmoid() -> None:
    """softmax(0, z) is (1 - sigmoid(z), sigmoid(z))."""
    z = np.array([[-3.0, 0.2, 5.0]])
    Z = np.vstack([np.zeros_like(z), z])
    A, S = np.empty((2, 3)), np.empty((1, 3))
    softmax(Z, A, np.empty((1, 3)))
    ACTIVATIONS["sigmoid"](z, S)
    np.testing.assert_allclose(S[0], A[1], rtol=1e-12)


def test_an_example_does_not_see_its_neighbors() -> None:
    """The prediction of a batch is that of each column alone."""
    case = Case((5, 4, 4, 3), activation="tanh", m=6)
    together = forward(case.parameters, case.workspace, case.X, "tanh").copy()
    for i in range(6):
        alone = forward(case.parameters, case.workspace, case.X[:, [i]], "tanh")
        np.testing.assert_allclose(together[:, [i]], alone, rtol=1e-12)


def test_dropout_masks_keep_the_expected_share_and_sum() -> None:
    """A mask is 0 or 1 / (1 - dropout), with mean 1, on hidden layers only, and new each time."""
    workspace, rng = Workspace((3, 200, 100, 2), 100, dropout=0.25), np.random.default_rng(0)
    draw_dropout_masks(workspace, rng, 100)
    first = workspace.mask[1].copy()
    np.testing.assert_allclose([0, 1 / 0.75], np.unique(first))
    assert 1 == pytest.approx(first.mean(), abs=0.02)
    assert 1 == pytest.approx(workspace.mask[2].mean(), abs=0.02)
    assert 0 == workspace.mask[3].size
    draw_dropout_masks(workspace, rng, 100)
    assert (first != workspace.mask[1]).any()


def test_dropped_units_do_not_reach_the_next_layer() -> None:
    """With every hidden unit masked the output is that of the bias alone."""
    parameters = Parameters((2, 3, 2), np.float64)
    parameters.flat[:] = 1
    parameters.b[2][...] = [[0.0], [math.log(3)]]
    workspace = Workspace((2, 3, 2), 1, np.float64, dropout=0.5)
    workspace.mask[1][...] = 0
    np.testing.assert_allclose([[0.25], [0.75]], forward(parameters, workspace, np.ones((2, 1))))


def test_masks_are_new_for_every_example_after_a_short_batch() -> None:
    """The first batch after an epoch's short last one has no mask left over from an older batch."""
    workspace, rng = Workspace((3, 200, 2), 100, dropout=0.5), np.random.default_rng(0)
    draw_dropout_masks(workspace, rng, 100)
    first = workspace.mask[1].copy()
    draw_dropout_masks(workspace, rng, 2)
    draw_dropout_masks(workspace, rng, 100)
    assert 0.5 == pytest.approx((first != workspace.mask[1])[:, 2:].mean(), abs=0.02)


def test_gelu_is_close_to_the_definition_by_the_normal_distribution() -> None:
    """z P(x < z), but for half a thousandth."""
    z = np.linspace(-6, 6, 500)[None]
    A = np.empty_like(z)
    ACTIVATIONS["gelu"](z, A)
    expected = [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in z[0]]
    np.testing.assert_allclose([expected], A, atol=5e-4)
