"""The gradient check: right derivatives pass, and mistakes planted in a copy of backpropagation are found."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.network import backpropagation
from nncli.network.forward_propagation import ACTIVATIONS
from nncli.network.gradient_check import Checked, check_gradients, origin, worst
from tests.network.networks import Case

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = inspect.getsource(backpropagation)
PLANTED = {
    "sign error": ("dA *= Z[l - 1]", "dA *= -Z[l - 1]", 3),
    "sign error in the last layer": ("np.copyto(dZ, Y_hat)", "np.negative(Y_hat, out=dZ)", 4),
    "missing 1/m": ("    dZ *= 1 / m\n", "", 4),
    "forgotten dropout mask": ("dA *= mask[l - 1]", "pass", 3),
    "forgotten relu mask": ("            dA *= Z[l - 1]\n", "", 3),
    "transposed weight": ("np.matmul(W[l].T, dZ[l], out=dA)", "np.matmul(W[l], dZ[l], out=dA)", 3),
    "forgotten L2": ("        gradients.weights += scratch\n", "", 4),
    "bias not written": ("np.matmul(dZ[l], workspace.ones, out=db[l])", "pass", 4),
    "mistake in layer 2 alone": ("H[l - 1].T, dW[l])", "H[l - 1].T, dW[l]); dW[l] *= 1.001 if l == 2 else 1", 2),
}
"""Name -> right line, wrong line, and the layer where it goes wrong."""


def broken(right: str, wrong: str) -> Callable[..., None]:
    """`backpropagate` of a copy of the module in which one line is another."""
    assert 1 == SOURCE.count(right)
    copy: dict[str, Any] = {"__name__": "copy"}
    exec(SOURCE.replace(right, wrong), copy)  # noqa: S102
    function: Callable[..., None] = copy["backpropagate"]
    return function


def check(case: Case, backpropagate: Callable[..., None] | None = None, layer: int | None = None) -> list[Checked]:
    """Check the network, batch and settings of a case."""
    return check_gradients(
        case.parameters,
        case.X,
        case.Y,
        activation=case.activation,
        l2=case.l2,
        dropout=case.dropout,
        example_weights=case.weights,
        layer=layer,
        backpropagate=backpropagate,
    )


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_right_derivatives_pass(activation: str, normalization: str, n_outputs: int) -> None:
    """Those of every activation, normalization and loss, with L2, dropout, weights and soft targets."""
    case = Case((4, 6, 5, n_outputs), activation, 7, 0.1, 0.3, weighted=True, normalization=normalization, soft=True)
    checked = check(case)
    assert origin(checked) is None
    assert worst(checked).difference < 1e-6
    names = ["W", "b"] if normalization == "none" else ["W", "b", "gain", "shift"]
    assert [(1, name) for name in names] == [(each.layer, each.name) for each in checked][: len(names)]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_found_in_its_layer(name: str) -> None:
    """The last wrong layer is the one whose line is wrong, and the worst one is not before the first wrong one."""
    right, wrong, layer = PLANTED[name]
    checked = check(Case((5, 6, 6, 6, 6), m=7, l2=0.5, dropout=0.3), broken(right, wrong))
    assert layer == origin(checked)
    assert 1 <= worst(checked).layer <= layer
    assert not worst(checked).is_right


def test_one_layer_can_be_looked_at() -> None:
    """Only its vectors are checked."""
    assert [("W", 2), ("b", 2)] == [(each.name, each.layer) for each in check(Case((4, 3, 2)), layer=2)]


def test_the_worst_is_named_after_the_last_layer_of_equals() -> None:
    """A factor that is forgotten at the output is as wrong everywhere: the output is named."""
    checked = check(Case((4, 5, 3), "tanh", m=3), broken("    dZ *= 1 / m\n", ""))
    assert pytest.approx([0.5] * 4, rel=1e-3) == [each.difference for each in checked]  # (m - 1) / (m + 1)
    assert 2 == worst(checked).layer


def test_a_step_across_a_kink_is_left_out() -> None:
    """relu has no derivative at 0: a unit that sits there is not compared, and the rest still is."""
    case = Case((2, 3, 2), m=1)
    case.parameters.flat[:] = 0
    case.X[:] = 0
    checked = check_gradients(_without_noise(case), case.X, case.Y)
    assert 3 == next(each for each in checked if (each.name, each.layer) == ("b", 1)).n_at_kinks
    assert origin(checked) is None


def _without_noise(case: Case) -> Any:
    """Parameters that the check's noise brings back to zero."""
    noise = np.random.default_rng(0).standard_normal(case.parameters.learned.size)
    case.parameters.learned[:] = -0.01 * noise
    return case.parameters
