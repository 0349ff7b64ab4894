"""How good a network is on a set of examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.network.ensemble import vote
from nncli.network.loss import mean_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nncli.network.parameters import Parameters, Workspace


def count_correct(Y_hat: NDArray[Any], Y: NDArray[Any], loss: str = "cross_entropy") -> int:
    """How many columns of Y_hat, (n_L, m), are right: their largest probability at the right class, or every label
    above 1/2 exactly if it is there. No numbers are.

    Args:
        Y_hat: Predicted probabilities, (n_L, m).
        Y: Class indices, (m,), or target probabilities, (n_L, m), of which the largest counts; of labels 0 and 1.
        loss: As in `mean_loss`: `cross_entropy` is of classes, `labels_cross_entropy` of labels, others of numbers.
    """
    if loss == "labels_cross_entropy":
        return int(np.count_nonzero(((Y_hat > 0.5) == (Y > 0.5)).all(axis=0)))
    if loss != "cross_entropy":
        return 0
    return int(np.count_nonzero(_likeliest(Y_hat) == (_likeliest(Y) if Y.ndim == 2 else Y)))


def _likeliest(probabilities: NDArray[Any]) -> NDArray[Any]:
    """The class of each column, (m,); one row holds the probabilities of class 1."""
    likeliest: NDArray[Any] = probabilities[0] > 0.5 if probabilities.shape[0] == 1 else probabilities.argmax(axis=0)
    return likeliest


def evaluate(
    parameters: Parameters,
    workspace: Workspace,
    batches: Iterable[tuple[NDArray[Any], NDArray[np.intp]]],
    activation: str = "relu",
    should_stop: Callable[[], bool] = lambda: False,
    *,
    loss: str = "cross_entropy",
) -> tuple[float, int] | None:
    """The sum of the losses and the number of examples predicted right over `batches`; None if asked to stop."""
    loss_sum, n_correct = 0.0, 0
    for X, Y in batches:
        if should_stop():
            return None
        Y_hat = vote(parameters, workspace, X, activation)
        loss_sum += mean_loss(workspace, Y, loss=loss) * Y.shape[-1]
        n_correct += count_correct(Y_hat, Y, loss)
    return loss_sum, n_correct
