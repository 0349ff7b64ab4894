"""A look into a network: one batch forward and back, and what its layers are like then.

For each layer l = 1..L, over all its units and all examples of the batch:

    mean and deviation of A[l]          signals on their way forward: they should neither fade nor grow
    mean and deviation of m dZ[l]       and back: where they vanish nothing is learned, where they explode no step fits
    dead share                          hidden units that no example of the batch can move: |g'(Z)| < 0.001 for all
    ||W[l] - W[l] before|| / ||W[l]||   length of the last step against the weights: about 0.001 is usual

m dZ[l] is the derivative of an example's own loss, without the 1/m of the average, so that it does not depend on the
size of the batch. It is plain cross-entropy: without dropout, L2, class weights, smoothing and mixing. The batch stays
the same during a training, and nothing of the training is touched: it has weights of its own only to write gradients.

Sources: Glorot and Bengio 2010 (figures 2 to 7); Lu et al. 2019 (dead units).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.parameters import Parameters, Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.network.parameters import Array, Network

STUCK = 1e-3
"""Slope of an activation below which its unit hardly moves: a sigmoid at |z| = 6.9."""


class Look(NamedTuple):
    """Figures of the layers, (L,) each; `dead` of the hidden ones, (L-1,)."""

    activation_mean: NDArray[np.float32]
    activation_deviation: NDArray[np.float32]
    gradient_mean: NDArray[np.float32]
    gradient_deviation: NDArray[np.float32]
    dead: NDArray[np.float32]
    step_length: NDArray[np.float32]


class Probe:
    """A batch that a network is looked at with.

    Args:
        network: Whose shape and precision it gets.
        X: Network inputs, (n_0, m); copied.
        Y: Class indices, (m,).
        activation: Of the hidden layers.
    """

    def __init__(self, network: Network, X: Array, Y: NDArray[np.intp], activation: str) -> None:
        self._X, self._Y, self._activation = X.copy(order="K"), Y.copy(), activation
        own = Parameters(network.layer_dims, X.dtype, normalization=network.normalization)
        self._gradients = own.members[0]
        self._workspace = Workspace.of(own, X.shape[1])

    def look(self, network: Network, before: Array | None = None) -> Look:
        """Look at `network`, whose weights were `before` the last step, (n_weights,), if that is known."""
        workspace, layers = self._workspace, range(1, network.n_layers + 1)
        with np.errstate(all="ignore"):  # numbers that overflow are what there is to see
            forward(network, workspace, self._X, self._activation)
            activations = _mean_and_deviation([workspace.A[l] for l in layers])
            backpropagate(network, workspace, self._Y, self._gradients, activation=self._activation)
            m = len(self._Y)
            gradients = _mean_and_deviation([workspace.dZ[l] * m for l in layers])
            slopes = [workspace.Z[l] for l in layers[:-1]]  # backpropagation has left g'(Z[l]) there
            dead = [float((np.abs(slope) < STUCK).all(axis=1).mean()) for slope in slopes]
            length = [np.nan] * len(layers) if before is None else _step_lengths(network, before)
        return Look(*activations, *gradients, np.array(dead, np.float32), np.array(length, np.float32))


def _mean_and_deviation(arrays: list[Array]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of all entries of each array, (L,) each."""
    means = [array.mean(dtype=np.float64) for array in arrays]
    deviations = [array.std(dtype=np.float64) for array in arrays]
    return np.array(means, np.float32), np.array(deviations, np.float32)


def _step_lengths(network: Network, before: Array) -> list[float]:
    """||W[l] - W[l] before|| / ||W[l]||, (L,)."""
    lengths, start = [], 0
    for W in network.W[1:]:
        now, then = W.T.ravel(), before[start : start + W.size]
        lengths.append(float(np.linalg.norm(now - then) / np.linalg.norm(now)))
        start += W.size
    return lengths
