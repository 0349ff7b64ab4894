"""Part 2 of 5: forward propagation.

For l = 1..L:   Z[l] = W[l] A[l-1] + b[l]      (n_l, m)
                A[l] = g(Z[l])                 g: one of the first five inside; sigmoid, softmax or identity last

All m examples of a batch are columns, so one product moves all of them through a layer.

    sigmoid      1 / (1 + e^-z)                one number between 0 and 1
    tanh         (e^z - e^-z) / (e^z + e^-z)
    relu         max(0, z)
    leaky_relu   z for z > 0, else 0.01 z
    gelu         z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))
    softmax      e^z_k / sum_j e^z_j           n_L numbers between 0 and 1 that sum to 1
    identity     z                             any numbers: regression

gelu (Hendrycks and Gimpel 2016) is meant to be z P(x < z) for a standard normal x; this is the form with tanh, which
differs from it by less than 0.0005. Between product and activation there may be a normalization (normalization.py).

Dropout (Srivastava et al. 2014) silences a random share of the hidden activations in training and scales the rest up,
so that the network at prediction time needs no change.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nncli.network.normalization import NORMALIZATIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.network.parameters import Array, Network, Workspace

LEAK = 0.01
"""Slope of leaky_relu for negative inputs (Maas et al. 2013)."""

GELU_SLOPE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715
"""The two constants of gelu."""


def relu(Z: Array, A: Array) -> None:
    """A = max(0, Z). NumPy takes the larger of two arrays four times as fast as that of an array and a number."""
    A.fill(0)
    np.maximum(Z, A, out=A)


def leaky_relu(Z: Array, A: Array) -> None:
    """A = Z where Z > 0, else LEAK * Z; the larger of the two, since LEAK < 1."""
    np.multiply(Z, LEAK, out=A)
    np.maximum(Z, A, out=A)


def tanh(Z: Array, A: Array) -> None:
    """The hyperbolic tangent."""
    np.tanh(Z, out=A)


def sigmoid(Z: Array, A: Array) -> None:
    """A = 1 / (1 + e^-Z)."""
    A.fill(-80)  # e^80 still fits into a float32; sigmoid(-80) is 2e-35
    np.maximum(Z, A, out=A)
    np.negative(A, out=A)
    np.exp(A, out=A)
    np.add(A, 1, out=A)
    np.reciprocal(A, out=A)


def gelu(Z: Array, A: Array) -> None:
    """A = Z/2 (1 + tanh(s)) with s = GELU_SLOPE (Z + GELU_CUBE Z^3)."""
    gelu_inner(Z, A)
    np.tanh(A, out=A)
    A += 1
    A *= Z
    A *= 0.5


def gelu_inner(Z: Array, A: Array) -> None:
    """A = s of `gelu`."""
    np.multiply(Z, Z, out=A)
    A *= GELU_SLOPE * GELU_CUBE
    A += GELU_SLOPE
    A *= Z


ACTIVATIONS = {"relu": relu, "leaky_relu": leaky_relu, "gelu": gelu, "tanh": tanh, "sigmoid": sigmoid}


def softmax(Z: Array, A: Array, column: Array) -> None:
    """A = e^Z / sum of e^Z down each column, and Z becomes log A.

    Adding a number to a whole column of Z does not change its softmax. So Z is first shifted to have maximum 0, which
    no exponential overflows, and then by the logarithm of the sum, which makes it the log-probabilities that the loss
    needs.

    Args:
        Z: (n_L, m), shifted in place.
        A: (n_L, m), receives the probabilities.
        column: (1, m), scratch.
    """
    np.max(Z, axis=0, keepdims=True, out=column)
    Z -= column
    np.exp(Z, out=A)
    np.sum(A, axis=0, keepdims=True, out=column)
    A /= column
    np.log(column, out=column)
    Z -= column


def draw_dropout_masks(
    workspace: Workspace, rng: np.random.Generator, m: int, share: slice | NDArray[np.intp] = slice(None)
) -> None:
    """Draw new masks for the hidden layers: 0 with probability `workspace.dropout`, else 1 / (1 - dropout).

    They are drawn by NumPy and brought to where the network lies: the same ones everywhere.

    Args:
        workspace: Receives the masks.
        rng: Their source.
        m: Examples in the batch.
        share: Those of them that pass through `workspace`, if several processes share the batch. Each draws the masks
            of all, so that the result does not depend on how many there are.
    """
    keep = 1 - workspace.dropout
    for l, memory in enumerate(workspace.mask_rows[1:-1], start=1):
        rows = memory[:m]
        rng.random(dtype=rows.dtype.type, out=rows)
        np.less(rows, keep, out=rows)
        rows *= 1 / keep
        workspace.mask[l] = np.asarray(rows[share], like=workspace.ones).T


def forward(parameters: Network, workspace: Workspace, X: Array, activation: str = "relu") -> Array:
    """Propagate a batch through the network.

    Args:
        parameters: W[l] and b[l], and what their normalization needs. Batch normalization is by this batch's own mean
            and variance; for prediction, `fold` it first.
        workspace: Receives Z[l] and A[l]. Its dropout masks, where it has any, apply.
        X: Feature columns, (n_0, m).
        activation: Of the hidden layers, a key of `ACTIVATIONS`.

    Returns:
        Y_hat, (n_L, m): of softmax P(class k) in row k; of sigmoid P(label k), or for one unit P(class 1); of identity
        the numbers themselves. A view of the workspace.
    """
    W, b, L = parameters.W, parameters.b, parameters.n_layers
    workspace.set_batch_size(X.shape[1])
    H, Z, A, mask = workspace.H, workspace.Z, workspace.A, workspace.mask
    H[0] = X
    g, normalize = ACTIVATIONS[activation], NORMALIZATIONS.get(parameters.normalization)

    for l in range(1, L + 1):
        np.matmul(W[l], H[l - 1], out=Z[l])  # (n_l, m) = (n_l, n_{l-1}) @ (n_{l-1}, m)
        if normalize and l < L:
            normalize(parameters, workspace, l)
        else:
            Z[l] += b[l]  # (n_l, 1), repeated for each example
        if l < L:
            g(Z[l], A[l])
            if mask:
                np.multiply(A[l], mask[l], out=H[l])
        elif parameters.output == "identity":
            np.copyto(A[l], Z[l])
        elif parameters.output == "sigmoid":
            sigmoid(Z[l], A[l])
        else:
            softmax(Z[l], A[l], workspace.column)
    return A[L]
