"""Every derivative against finite differences and against the naive reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nncli.network.backpropagation import DERIVATIVES
from nncli.network.forward_propagation import ACTIVATIONS
from tests.network.networks import Case

cases = st.builds(
    Case,
    layer_dims=st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    m=st.integers(1, 6),
    l2=st.sampled_from([0.0, 0.1, 2.0]),
    dropout=st.sampled_from([0.0, 0.3, 0.7]),
    weighted=st.booleans(),
    normalization=st.sampled_from(["none", "batch", "layer"]),
    soft=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)


def numeric_gradient(case: Case, h: float = 1e-5) -> np.ndarray:
    """(cost(theta + h) - cost(theta - h)) / 2h for every parameter; exact up to h^2 and rounding."""
    theta = case.parameters.learned
    result = np.empty_like(theta)
    for i in range(theta.size):
        kept = theta[i]
        theta[i] = kept + h
        above = case.cost()
        theta[i] = kept - h
        result[i] = (above - case.cost()) / (2 * h)
        theta[i] = kept
    return result


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """||a - b|| / (||a|| + ||b||), the usual measure of gradient checks."""
    scale = float(np.linalg.norm(a) + np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / scale if scale > 1e-7 else 0.0


@given(cases)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_derivatives_agree_with_finite_differences(case: Case) -> None:
    """They are the slopes of the cost, whatever the network, normalization, targets, L2, dropout mask and weights."""
    assume(case.distance_to_kink() > 1e-3)
    assume(case.smallest_deviation() > 0.1)
    assert relative_difference(case.gradients().learned, numeric_gradient(case)) < 1e-6


@given(cases)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_gradients_equal_the_reference(case: Case) -> None:
    """The fast backpropagation computes what the naive one computes."""
    expected, actual = case.reference_gradients().learned, case.gradients().learned
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-13)


@given(cases)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_cost_equals_the_reference(case: Case) -> None:
    """The fast forward propagation and stable loss compute what the definitions say."""
    assert case.reference_cost() == pytest.approx(case.cost(), rel=1e-12, abs=1e-13)


def test_the_check_notices_a_wrong_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivative that is wrong by one percent does not pass the gradient check."""
    case = Case((4, 5, 3), activation="tanh")
    right = DERIVATIVES["tanh"]

    def wrong(Z: np.ndarray, A: np.ndarray) -> None:
        right(Z, A)
        Z *= 1.01

    monkeypatch.setitem(DERIVATIVES, "tanh", wrong)
    assert relative_difference(case.gradients().learned, numeric_gradient(case)) > 1e-4


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_has_a_derivative(name: str) -> None:
    """g'(z) is the slope of g at points on both sides of zero."""
    z = np.array([[-3.0, -0.5, 0.7, 2.0]])
    h = 1e-6
    above, below, A = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    ACTIVATIONS[name](z + h, above)
    ACTIVATIONS[name](z - h, below)
    ACTIVATIONS[name](z, A)
    slope = z.copy()
    DERIVATIVES[name](slope, A)
    np.testing.assert_allclose(slope, (above - below) / (2 * h), rtol=1e-6)


def test_relu_has_derivative_zero_at_zero() -> None:
    """At the kink the left slope is taken."""
    Z = np.zeros((1, 1))
    DERIVATIVES["relu"](Z, np.zeros((1, 1)))
    assert Z[0, 0] == 0
