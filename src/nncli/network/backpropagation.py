"""Part 4 of 5: backpropagation.

The chain rule, from the cost back to the first layer. With da = dL/dA and so on:

    last layer      dL/dA[L] = -Y/A[L] + (1 - Y)/(1 - A[L])         of the cross-entropy
                    dL/dZ[L] = dL/dA[L] * sigmoid'(Z[L])            sigmoid' = A (1 - A), and almost everything cancels:
                             = (A[L] - Y) / m                       softmax ends at the same line,
                                                                    and so does the squared error without sigmoid
                    dL/dZ[L] = sign(A[L] - Y) / m                   of the absolute error
                             = clip(A[L] - Y, -1, 1) / m            of Huber's

    l = L..1        dW[l]   = dZ[l] A[l-1]^T                        (n_l, n_{l-1}): Z[l] is linear in W[l]
                    db[l]   = sum of dZ[l] over the batch           (n_l, 1)
                    dA[l-1] = W[l]^T dZ[l]                          (n_{l-1}, m): ... and in A[l-1]
                    dZ[l-1] = dA[l-1] * g'(Z[l-1])                  (n_{l-1}, m)

    with L2         dW[l]  += l2 W[l]

The 1/m of the average sits in dZ[L], from where it reaches everything else. The derivatives of the activations:

    sigmoid      A (1 - A)           relu         1 for Z > 0, else 0
    tanh         1 - A^2             leaky_relu   1 for Z > 0, else 0.01
    gelu         (1 + t)/2 (1 + (1 - t) sqrt(2/pi) (Z + 3 * 0.044715 Z^3))      t: the tanh in it

With a normalization the last line gives the derivative with respect to its output, and normalization.py leads from
there to dZ[l-1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.network.forward_propagation import GELU_SLOPE, LEAK, gelu_inner
from nncli.network.normalization import NORMALIZATION_DERIVATIVES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.network.parameters import Array, Network, Workspace


def relu_derivative(Z: Array, _A: Array) -> None:
    """Z becomes 1 where it was positive, else 0."""
    np.greater(Z, 0, out=Z)


def leaky_relu_derivative(Z: Array, _A: Array) -> None:
    """Z becomes 1 where it was positive, else LEAK."""
    np.greater(Z, 0, out=Z)
    Z *= 1 - LEAK
    Z += LEAK


def tanh_derivative(Z: Array, A: Array) -> None:
    """Z becomes 1 - A^2."""
    np.multiply(A, A, out=Z)
    np.subtract(1, Z, out=Z)


def sigmoid_derivative(Z: Array, A: Array) -> None:
    """Z becomes A (1 - A)."""
    np.subtract(1, A, out=Z)
    Z *= A


def gelu_derivative(Z: Array, A: Array) -> None:
    """Z becomes (1 + t)/2 (1 + (1 - t) q), with t = tanh(s) and q = Z s' = 3 s - 2 GELU_SLOPE Z; A is used up."""
    gelu_inner(Z, A)  # s
    Z *= -2 / 3 * GELU_SLOPE
    Z += A  # q / 3
    np.tanh(A, out=A)
    np.subtract(1, A, out=A)  # 1 - t
    Z *= A
    Z *= 1.5
    Z += 0.5
    np.subtract(2, A, out=A)  # 1 + t
    Z *= A


DERIVATIVES = {
    "relu": relu_derivative,
    "leaky_relu": leaky_relu_derivative,
    "gelu": gelu_derivative,
    "tanh": tanh_derivative,
    "sigmoid": sigmoid_derivative,
}


def output_derivative(
    Y_hat: Array, Y: NDArray[Any], dZ: Array, m: int, example_weights: NDArray[Any] | None = None
) -> None:
    """dZ[L] = (Y_hat - Y) / m; class indices Y are read as the columns of 0 and 1 that they stand for.

    Args:
        Y_hat: (n_L, m).
        Y: Class indices, (m,), or target probabilities, (n_L, m).
        dZ: (n_L, m), receives the result.
        m: The number of examples the cost is averaged over.
        example_weights: (m,), for class weights.
    """
    np.copyto(dZ, Y_hat)
    if Y.ndim == 2:
        dZ -= Y
    elif dZ.shape[0] == 1:
        dZ[0] -= Y
    else:
        dZ[Y, np.arange(Y.size, like=Y)] -= 1
    if example_weights is not None:
        dZ *= example_weights
    dZ *= 1 / m


def limited_derivative(
    Y_hat: Array, Y: NDArray[Any], dZ: Array, m: int, example_weights: NDArray[Any] | None, loss: str
) -> None:
    """dZ[L] of the absolute error, sign(Y_hat - Y) / m, or of Huber's, clip(Y_hat - Y, -1, 1) / m; else as above."""
    np.subtract(Y_hat, Y, out=dZ)
    if loss == "absolute":
        np.sign(dZ, out=dZ)
    else:
        np.clip(dZ, -1, 1, out=dZ)
    if example_weights is not None:
        dZ *= example_weights
    dZ /= m


def backpropagate(
    parameters: Network,
    workspace: Workspace,
    Y: NDArray[Any],
    gradients: Network,
    *,
    activation: str = "relu",
    l2: float = 0.0,
    example_weights: NDArray[Any] | None = None,
    batch_size: int | None = None,
    loss: str = "cross_entropy",
    product: Callable[[Array, Array, Array], object] = np.matmul,
) -> None:
    """Derivatives of the cost with respect to every weight and bias, for the batch that `forward` has just propagated.

    Args:
        parameters: W[l], as in `forward`.
        workspace: Z[l] and A[l], as `forward` left them. Those of the hidden layers are overwritten.
        Y: Class indices, (m,), or target probabilities, (n_L, m); of a regression (n_L, m).
        gradients: Receives dW[l] and db[l], and what belongs to the normalization.
        activation: Of the hidden layers, as in `forward`.
        l2: The factor of the L2 penalty.
        example_weights: (m,), as in `mean_loss`.
        batch_size: The m to divide by, if this batch is one process's part of a larger one.
        loss: As in `mean_loss`.
        product: Computes dW[l]; may also hand it on, without `l2`.
    """
    W, dW, db, L = parameters.W, gradients.W, gradients.b, parameters.n_layers
    H, Z, A, dZ, mask = workspace.H, workspace.Z, workspace.A, workspace.dZ, workspace.mask
    g_derivative, denormalize = DERIVATIVES[activation], NORMALIZATION_DERIVATIVES.get(parameters.normalization)
    m = batch_size or workspace.n_examples
    if loss in ("absolute", "huber"):
        limited_derivative(A[L], Y, dZ[L], m, example_weights, loss)
    else:
        output_derivative(A[L], Y, dZ[L], m, example_weights)
    for l in range(L, 0, -1):
        product(dZ[l], H[l - 1].T, dW[l])  # (n_l, n_{l-1}) = (n_l, m) @ (m, n_{l-1})
        if l == L or parameters.normalization != "batch":  # which does not use b[l]
            np.matmul(dZ[l], workspace.ones, out=db[l])  # (n_l, 1): the sum over the batch
        if l > 1:
            dA = dZ[l - 1]  # the same memory: dA[l-1] becomes dZ[l-1] in place
            np.matmul(W[l].T, dZ[l], out=dA)  # (n_{l-1}, m) = (n_{l-1}, n_l) @ (n_l, m)
            if mask:
                dA *= mask[l - 1]
            g_derivative(Z[l - 1], A[l - 1])  # Z[l-1] has done its work: its memory takes g'(Z[l-1])
            dA *= Z[l - 1]
            if denormalize:
                denormalize(parameters, workspace, gradients, l - 1, workspace.n_examples / m)
    if l2:
        scratch = workspace.weight_scratch(parameters.weights.size)
        np.multiply(parameters.weights, l2, out=scratch)
        gradients.weights += scratch
