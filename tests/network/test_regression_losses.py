"""Losses of numbers and of labels: values by hand, derivatives against the slope of the cost."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.network.ensemble import vote
from nncli.network.forward_propagation import forward
from nncli.network.gradient_check import check_gradients
from nncli.network.initialization import initialize
from nncli.network.loss import LOSSES, mean_loss
from nncli.network.parameters import Parameters, Workspace

R = np.array([[0.5, -3.0], [0.0, 1.0]])
"""Residuals of two numbers of two examples."""


@pytest.mark.parametrize(
    ("loss", "expected"),
    [("squared", [0.125, 5.0]), ("absolute", [0.5, 4.0]), ("huber", [0.125, 3.0])],
)
def test_regression_losses_by_hand(loss: str, expected: list[float]) -> None:
    """Each example's loss is the sum over its numbers: r^2/2, |r|, or the first up to 1 and |r| - 1/2 beyond."""
    Y = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert expected == pytest.approx(LOSSES[loss](Y + R, Y))


def test_labels_cross_entropy_is_the_sum_of_binary_ones() -> None:
    """Every label is a coin of its own: -log p where it is there, -log (1 - p) where it is not."""
    p = np.array([[0.9, 0.2], [0.3, 0.6]])
    Y = np.array([[1, 0], [0, 1]])
    expected = -np.log(np.where(Y, p, 1 - p)).sum(axis=0)
    assert expected == pytest.approx(LOSSES["labels_cross_entropy"](np.log(p / (1 - p)), Y))


@pytest.mark.parametrize("loss", ["squared", "absolute", "huber", "labels_cross_entropy"])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_derivatives_are_the_slopes_of_the_cost(loss: str, n_outputs: int) -> None:
    """Backpropagation of each loss agrees with the numeric derivative in every vector, with weights and L2."""
    rng = np.random.default_rng(1)
    output = "sigmoid" if loss == "labels_cross_entropy" else "identity"
    parameters = Parameters((6, 5, n_outputs), np.float64, output=output)
    initialize(parameters, rng)
    X, Y = rng.standard_normal((6, 8)), 2 * rng.standard_normal((n_outputs, 8))
    Y = (Y > 0).astype(float) if output == "sigmoid" else Y
    weights = rng.uniform(0.5, 2, 8)
    checked = check_gradients(
        parameters, X, Y, activation="tanh", l2=0.1, example_weights=weights, loss=loss, n_entries=30
    )
    assert [True] * 4 == [each.is_right for each in checked]
    assert all(np.abs(each.analytic).max() > 0 for each in checked)


@pytest.mark.parametrize("output", ["identity", "sigmoid"])
def test_an_ensemble_averages_and_leaves_what_the_loss_needs(output: str) -> None:
    """The vote is the mean of the members' outputs, and the loss after it is the loss of that mean."""
    rng = np.random.default_rng(2)
    parameters = Parameters((4, 3), np.float64, n_members=3, output=output)
    initialize(parameters, rng)
    workspace, X = Workspace.of(parameters, 5, training=False), rng.standard_normal((4, 5))
    each = [forward(member, workspace, X).copy() for member in parameters.members]
    mean = np.mean(each, axis=0)
    assert mean == pytest.approx(vote(parameters, workspace, X))
    Y = (rng.standard_normal((3, 5)) > 0).astype(float)
    if output == "identity":
        assert 0.5 * ((mean - Y) ** 2).sum() / 5 == pytest.approx(mean_loss(workspace, Y, loss="squared"))
    else:
        expected = -np.log(np.where(Y, mean, 1 - mean)).sum() / 5
        assert expected == pytest.approx(mean_loss(workspace, Y, loss="labels_cross_entropy"))
