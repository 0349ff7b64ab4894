"""Part 3 of 5: loss.

    binary         L = 1/m sum_i -y_i log y_hat_i - (1 - y_i) log(1 - y_hat_i)        one sigmoid output
    categorical    L = 1/m sum_i -log y_hat[y_i, i]                                    softmax outputs
    soft targets   L = 1/m sum_i sum_k -y[k, i] log y_hat[k, i]                        y: probabilities, sum_k y = 1
    labels         L = 1/m sum_i sum_k (the binary loss of label k)                    several sigmoid outputs

    squared        L = 1/m sum_i sum_k r^2/2               r = y_hat[k, i] - y[k, i]; identity outputs: regression
    absolute       L = 1/m sum_i sum_k |r|
    huber          L = 1/m sum_i sum_k r^2/2 for |r| <= 1, |r| - 1/2 beyond

    with L2        cost = L + l2/2 sum_l ||W[l]||^2

The cross-entropy is how surprised the network is by the truth, averaged over the batch: 0 when it was sure and right,
log(2) = 0.69 for a coin flip between two classes, log(10) = 2.30 for a blind guess among ten, without bound when it
was sure and wrong.

log(y_hat) fails just when it matters: a y_hat that rounds to 0 has no logarithm. So both are computed from Z[L],
where nothing is rounded away yet: with y_hat = sigmoid(z), -y log y_hat - (1 - y) log(1 - y_hat) is
log(1 + e^z) - y z, and for softmax forward propagation leaves the log-probabilities in Z[L].

The squared error is least at the mean of what an image may stand for, the absolute error at the median, which a few
wild values hardly move; huber (Huber 1964) is squared where the network is nearly right and absolute where it is far
off. Its limit of 1 is one standard deviation, for targets are standardized before training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.network.parameters import Array, Parameters, Workspace


def binary_cross_entropy(z: Array, Y: NDArray[Any]) -> Array:
    """The loss of each example under one sigmoid output.

    Args:
        z: The last layer's linear output, (m,).
        Y: Class indices, 0 or 1, or probabilities of class 1, (m,).

    Returns:
        log(1 + e^z) - y z, (m,). The first term is written max(z, 0) + log(1 + e^-|z|), which never overflows.
    """
    losses: Array = np.maximum(z, 0) - Y.astype(z.dtype, copy=False) * z + np.log1p(np.exp(-np.abs(z)))
    return losses


def labels_cross_entropy(Z: Array, Y: NDArray[Any]) -> Array:
    """The loss of each example under a sigmoid output for each label: the binary losses of all labels, added.

    Args:
        Z: The last layer's linear outputs, (n_L, m).
        Y: 1 where the label is there, else 0, (n_L, m).

    Returns:
        Their sum over the labels, (m,).
    """
    losses: Array = binary_cross_entropy(Z, Y).sum(axis=0)
    return losses


def categorical_cross_entropy(log_Y_hat: Array, Y: NDArray[Any]) -> Array:
    """The loss of each example under softmax outputs.

    Args:
        log_Y_hat: Log-probabilities, (n_L, m).
        Y: Class indices, (m,), or target probabilities, (n_L, m).

    Returns:
        -log y_hat[y_i, i], or -sum_k y[k, i] log y_hat[k, i], (m,).
    """
    losses: Array
    losses = np.einsum("ki,ki->i", Y, log_Y_hat) if Y.ndim == 2 else log_Y_hat[Y, np.arange(Y.size, like=Y)]
    return np.negative(losses, out=losses)


def squared_error(Y_hat: Array, Y: NDArray[Any]) -> Array:
    """sum_k r^2/2 for each example, (m,), r = Y_hat - Y, (n_L, m)."""
    losses: Array = (0.5 * (Y_hat - Y) ** 2).sum(axis=0)
    return losses


def absolute_error(Y_hat: Array, Y: NDArray[Any]) -> Array:
    """sum_k |r| for each example, (m,), r = Y_hat - Y, (n_L, m)."""
    losses: Array = np.abs(Y_hat - Y).sum(axis=0)
    return losses


def huber_error(Y_hat: Array, Y: NDArray[Any]) -> Array:
    """The sum over k of r^2/2 where |r| <= 1, else |r| - 1/2, for each example, (m,), r = Y_hat - Y, (n_L, m)."""
    size = np.abs(Y_hat - Y)
    near = np.minimum(size, 1)
    losses: Array = (near * (size - near / 2)).sum(axis=0)
    return losses


def classes_cross_entropy(Z: Array, Y: NDArray[Any]) -> Array:
    """The binary loss of each example where there is one output, else the categorical one, (m,)."""
    if Z.shape[0] == 1:
        return binary_cross_entropy(Z[0], Y[0] if Y.ndim == 2 else Y)
    return categorical_cross_entropy(Z, Y)


LOSSES = {
    "cross_entropy": classes_cross_entropy,
    "labels_cross_entropy": labels_cross_entropy,
    "squared": squared_error,
    "absolute": absolute_error,
    "huber": huber_error,
}
"""Every loss as a function of Z[L] and Y; identity outputs are Z[L]."""


def cross_entropy(
    workspace: Workspace,
    Y: NDArray[Any],
    example_weights: NDArray[Any] | None = None,
    batch_size: int | None = None,
) -> float:
    """The cross-entropy of the batch that `forward` has just propagated; see `mean_loss`."""
    return mean_loss(workspace, Y, example_weights, batch_size)


def mean_loss(
    workspace: Workspace,
    Y: NDArray[Any],
    example_weights: NDArray[Any] | None = None,
    batch_size: int | None = None,
    *,
    loss: str = "cross_entropy",
) -> float:
    """The loss of the batch that `forward` has just propagated, averaged over its m examples.

    Args:
        workspace: Holds Z[L], as `forward` left it.
        Y: Class indices, (m,), or target probabilities, (n_L, m); with one output unit (1, m), those of class 1.
            Of labels and of a regression (n_L, m).
        example_weights: (m,), for class weights; each loss is multiplied by its own.
        batch_size: The m to divide by, if these examples are one process's share of a larger batch.
        loss: A key of `LOSSES`.

    Returns:
        The average loss per example; of cross-entropies in nats.
    """
    losses = LOSSES[loss](workspace.Z[-1], Y)
    if example_weights is not None:
        losses *= example_weights
    return float(losses.sum()) / (batch_size or losses.size)


def l2_penalty(parameters: Parameters, l2: float) -> float:
    """l2/2 times the sum of all squared weights; biases are free."""
    return 0.5 * l2 * float(np.dot(parameters.weights, parameters.weights))
