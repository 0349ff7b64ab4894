"""The same network, written as naively as it can be: loops and formulas, one number after the other, in float64.

Nothing here is fast, in place or clever. The fast code in `nncli.network` has to agree with it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def g(name: str, z: float) -> float:
    """The activation."""
    return {
        "relu": lambda: max(0.0, z),
        "leaky_relu": lambda: z if z > 0 else 0.01 * z,
        "gelu": lambda: z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
        "tanh": lambda: math.tanh(z),
        "sigmoid": lambda: 1 / (1 + math.exp(-z)),
    }[name]()


def g_prime(name: str, z: float) -> float:
    """Its derivative."""
    return {
        "relu": lambda: 1.0 if z > 0 else 0.0,
        "leaky_relu": lambda: 1.0 if z > 0 else 0.01,
        "gelu": lambda: gelu_prime(z),
        "tanh": lambda: 1 - math.tanh(z) ** 2,
        "sigmoid": lambda: g("sigmoid", z) * (1 - g("sigmoid", z)),
    }[name]()


def gelu_prime(z: float) -> float:
    """By the product rule."""
    c = math.sqrt(2 / math.pi)
    t = math.tanh(c * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + z / 2 * (1 - t**2) * c * (1 + 3 * 0.044715 * z**2)


def normalized(z: Array) -> Array:
    """Mean 0 and, but for epsilon, variance 1."""
    return np.array((z - np.mean(z)) / math.sqrt(np.var(z) + 1e-5))


def normalized_jacobian(z: Array) -> Array:
    """Entry i, j: what z[j] moves normalized(z)[i] by, straight and through mean and standard deviation."""
    k, s = len(z), math.sqrt(np.var(z) + 1e-5)
    c = z - np.mean(z)
    return np.array([[((i == j) - 1 / k) / s - c[i] * c[j] / (k * s**3) for j in range(k)] for i in range(k)])


def groups(kind: str, shape: tuple[int, int]) -> list[Any]:
    """Indices of the entries of Z that are normalized together."""
    if kind == "none":
        return []
    return (
        [(i, slice(None)) for i in range(shape[0])] if kind == "batch" else [(slice(None), j) for j in range(shape[1])]
    )


def forward(W: list[Array], b: list[Array], X: Array, activation: str, **options: Any) -> Any:
    """Z, X (Z normalized), S (X scaled and shifted), A and H (A after dropout): lists of (n_l, m) by layer."""
    masks, kind = options.get("masks"), options.get("normalization", "none")
    Zs, Xs, Ss, As, Hs = [X], [X], [X], [X], [X]
    L = len(W) - 1
    for l in range(1, L + 1):
        Z = W[l] @ Hs[l - 1] + b[l]
        N, S = Z.copy(), Z.copy()
        if l < L:
            for group in groups(kind, Z.shape):
                N[group] = normalized(Z[group])
            S = N * options["gain"][l] + options["shift"][l] if kind != "none" else Z
            A = np.array([[g(activation, v) for v in row] for row in S])
        elif len(Z) == 1:
            A = np.array([[g("sigmoid", v) for v in Z[0]]])
        else:
            A = np.exp(Z) / np.exp(Z).sum(axis=0)
        H = A * masks[l] if masks and l < L else A
        for array, arrays in ((Z, Zs), (N, Xs), (S, Ss), (A, As), (H, Hs)):
            arrays.append(array)
    return Zs, Xs, Ss, As, Hs


def targets(Y: Any, n_outputs: int) -> Array:
    """Class indices as columns of 0 and 1; what is a column already stays."""
    if np.ndim(Y) == 2:
        return np.array(Y)
    return np.array([Y], float) if n_outputs == 1 else np.eye(n_outputs)[Y].T


def loss_one(y_hat: Array, y: Array) -> float:
    """Cross-entropy of one example, straight from the definition."""
    if len(y_hat) == 1:
        return float(-y[0] * math.log(y_hat[0]) - (1 - y[0]) * math.log(1 - y_hat[0]))
    return float(sum(-y[k] * math.log(y_hat[k]) for k in range(len(y)) if y[k] > 0))


def cost(W: list[Array], b: list[Array], X: Array, Y: Any, activation: str, **options: Any) -> float:
    """The cost of a batch: mean loss, weighted if asked for, plus the L2 penalty."""
    l2, weights = options.get("l2", 0.0), options.get("weights")
    Y_hat = forward(W, b, X, activation, **options)[3][-1]
    T, total = targets(Y, len(Y_hat)), 0.0
    for i in range(X.shape[1]):
        total += loss_one(Y_hat[:, i], T[:, i]) * (1 if weights is None else weights[i])
    penalty = sum(float((w**2).sum()) for w in W[1:])
    return float(total / X.shape[1] + l2 / 2 * penalty)


def gradients(W: list[Array], b: list[Array], X: Array, Y: Any, activation: str, **options: Any) -> Any:
    """dW, db, dgain and dshift of the cost by the chain rule, example by example and unit by unit."""
    masks, l2, weights = options.get("masks"), options.get("l2", 0.0), options.get("weights")
    kind, m, L = options.get("normalization", "none"), X.shape[1], len(W) - 1
    Zs, Xs, Ss, As, Hs = forward(W, b, X, activation, **options)
    dW, db, dgain, dshift = ([np.zeros_like(v) for v in each] for each in (W, b, b, b))
    dZ = (As[L] - targets(Y, len(As[L]))) * (1 if weights is None else weights) / m
    for l in range(L, 0, -1):
        for i in range(m):
            dW[l] += np.outer(dZ[:, i], Hs[l - 1][:, i])
            db[l] += dZ[:, [i]]
        if l > 1:
            dA = W[l].T @ dZ * (masks[l - 1] if masks else 1)
            dZ = dA * np.array([[g_prime(activation, v) for v in row] for row in Ss[l - 1]])
            if kind != "none":
                dgain[l - 1] = (dZ * Xs[l - 1]).sum(axis=1, keepdims=True)
                dshift[l - 1] = dZ.sum(axis=1, keepdims=True)
                dZ = dZ * options["gain"][l - 1]
            for group in groups(kind, dZ.shape):
                dZ[group] = normalized_jacobian(Zs[l - 1][group]).T @ dZ[group]
    for l in range(1, L + 1):
        dW[l] += l2 * W[l]
    return dW, db, dgain, dshift
