"""The same network, written as naively as it can be: loops and formulas, one example after the other, in float64.

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
        "tanh": lambda: math.tanh(z),
        "sigmoid": lambda: 1 / (1 + math.exp(-z)),
    }[name]()


def g_prime(name: str, z: float) -> float:
    """Its derivative."""
    return {
        "relu": lambda: 1.0 if z > 0 else 0.0,
        "leaky_relu": lambda: 1.0 if z > 0 else 0.01,
        "tanh": lambda: 1 - math.tanh(z) ** 2,
        "sigmoid": lambda: g("sigmoid", z) * (1 - g("sigmoid", z)),
    }[name]()


def forward_one(W: list[Array], b: list[Array], x: Array, activation: str, masks: list[Array] | None = None) -> Any:
    """Z, A and H (A after dropout) of one example, lists by layer; `masks[l]` is this example's column."""
    Z, A, H = [x], [x], [x]
    L = len(W) - 1
    for l in range(1, L + 1):
        z = W[l] @ H[l - 1] + b[l][:, 0]
        if l < L:
            a = np.array([g(activation, v) for v in z])
            h = a * masks[l] if masks else a
        elif len(z) == 1:
            a = h = np.array([g("sigmoid", z[0])])
        else:
            a = h = np.exp(z) / np.exp(z).sum()
        Z.append(z)
        A.append(a)
        H.append(h)
    return Z, A, H


def loss_one(y_hat: Array, y: int) -> float:
    """Cross-entropy of one example, straight from the definition."""
    if len(y_hat) == 1:
        return float(-y * math.log(y_hat[0]) - (1 - y) * math.log(1 - y_hat[0]))
    return float(-np.log(y_hat[y]))


def cost(W: list[Array], b: list[Array], X: Array, Y: Any, activation: str, **options: Any) -> float:
    """The cost of a batch: mean loss, weighted if asked for, plus the L2 penalty."""
    masks, l2, weights = options.get("masks"), options.get("l2", 0.0), options.get("weights")
    total = 0.0
    for i in range(X.shape[1]):
        columns = [m[:, i] for m in masks] if masks else None
        y_hat = forward_one(W, b, X[:, i], activation, columns)[1][-1]
        total += loss_one(y_hat, Y[i]) * (1 if weights is None else weights[i])
    penalty = sum(float((w**2).sum()) for w in W[1:])
    return float(total / X.shape[1] + l2 / 2 * penalty)


def gradients(W: list[Array], b: list[Array], X: Array, Y: Any, activation: str, **options: Any) -> Any:
    """dW and db of the cost by the chain rule, example by example and unit by unit."""
    masks, l2, weights = options.get("masks"), options.get("l2", 0.0), options.get("weights")
    m, L = X.shape[1], len(W) - 1
    dW = [np.zeros_like(w) for w in W]
    db = [np.zeros_like(v) for v in b]
    for i in range(m):
        columns = [mask[:, i] for mask in masks] if masks else None
        Z, A, H = forward_one(W, b, X[:, i], activation, columns)
        target = np.array([float(Y[i])]) if len(A[L]) == 1 else np.eye(len(A[L]))[Y[i]]
        dz = (A[L] - target) * (1 if weights is None else weights[i]) / m
        for l in range(L, 0, -1):
            dW[l] += np.outer(dz, H[l - 1])
            db[l] += dz[:, None]
            if l > 1:
                da = W[l].T @ dz * (columns[l - 1] if columns else 1)
                dz = da * np.array([g_prime(activation, v) for v in Z[l - 1]])
    for l in range(1, L + 1):
        dW[l] += l2 * W[l]
    return dW, db
