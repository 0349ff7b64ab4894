"""Part 5 of 5: gradient descent, and the methods that get there faster.

    gradient_descent   theta = theta - alpha g
    momentum           v = mu v + g                  theta = theta - alpha v
    nesterov           v = mu v + g                  theta = theta - alpha (g + mu v)
    rmsprop            s = beta2 s + (1 - beta2) g^2
                                                     theta = theta - alpha g / (sqrt(s) + eps)
    adam               v = beta1 v + (1 - beta1) g
                       s = beta2 s + (1 - beta2) g^2,  and after t steps
                                                     theta = theta - alpha (v / (1 - beta1^t))
                                                                     / (sqrt(s / (1 - beta2^t)) + eps)
    adamw              adam, and theta = theta - alpha weight_decay theta for the weights, beside the gradient

g is the gradient, theta all parameters: one vector each, so no method has a layer loop. Momentum is a ball that rolls
on; RMSprop gives each parameter a step of its own, small where gradients are large; Adam is both, with averages
corrected for having started at zero.

Each `step` uses the gradient's memory as scratch: nothing is allocated, and the gradient is gone afterwards.

Sources: Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013; Tieleman and Hinton 2012 (lecture 6.5);
Kingma and Ba 2015 (algorithm 1); Loshchilov and Hutter 2019 (algorithm 2); clipping: Pascanu et al. 2013 (algorithm 1).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nncli.network.parameters import Array

ALL = slice(None)
"""Every entry of a vector."""

BLOCK = 32_768
"""Entries updated at a time: four vectors of so many float32 fit into a core's second-level cache (1 MB and more)."""


def blocks(part: slice, size: int, block: int | None = None) -> Iterator[slice]:
    """Divide `part` of a vector of `size` entries into slices of at most `block` entries, by default BLOCK.

    A method passes over its vectors ten times. Block by block, nine of the passes find them in the cache. Where
    starting a pass costs more than that, one block takes all.
    """
    start, stop, _ = part.indices(size)
    block = block or BLOCK
    for begin in range(start, stop, block):
        yield slice(begin, min(begin + block, stop))


class Optimizer(Protocol):
    """Interface of an optimizer to the training loop.

    Attributes:
        state: The vectors it carries from step to step, by name, each of shape (size,).
        step_count: Steps made so far.
    """

    state: dict[str, Array]
    step_count: int

    def step(self, theta: Array, gradient: Array, learning_rate: float, part: slice = ALL) -> None:
        """Move `theta`, shape (size,), in place; `gradient`, shape (size,), is used up.

        With `part`, only these entries of theta, gradient and state are touched: the others are another process's.
        """


class GradientDescent:
    """theta = theta - alpha g."""

    def __init__(self) -> None:
        self.state: dict[str, Array] = {}
        self.step_count = 0

    def step(self, theta: Array, gradient: Array, learning_rate: float, part: slice = ALL) -> None:
        """See the module's first lines."""
        self.step_count += 1
        theta, g = theta[part], gradient[part]
        g *= learning_rate
        theta -= g


class Momentum:
    """v = mu v + g;  theta = theta - alpha v, or with `nesterov` theta - alpha (g + mu v)."""

    def __init__(
        self,
        theta: Array,
        *,
        momentum: float = 0.9,
        nesterov: bool = False,
        zeros_like: Callable[[Array], Array] = np.zeros_like,
        block: int | None = None,
    ) -> None:
        self.block = block
        self.velocity = zeros_like(theta)
        self.state: dict[str, Array] = {"velocity": self.velocity}
        self.step_count = 0
        self.momentum = momentum
        self.nesterov = nesterov

    def step(self, theta: Array, gradient: Array, learning_rate: float, part: slice = ALL) -> None:
        """See the module's first lines."""
        self.step_count += 1
        for block in blocks(part, theta.size, self.block):
            t, g, v = theta[block], gradient[block], self.velocity[block]
            v *= self.momentum
            v += g
            if self.nesterov:
                g *= learning_rate  # alpha g now, alpha mu v next: two terms through one scratch vector
                t -= g
                np.multiply(v, learning_rate * self.momentum, out=g)
            else:
                np.multiply(v, learning_rate, out=g)
            t -= g


class RMSprop:
    """s = beta2 s + (1 - beta2) g^2;  theta = theta - alpha g / (sqrt(s) + eps)."""

    def __init__(
        self,
        theta: Array,
        *,
        beta2: float = 0.9,
        epsilon: float = 1e-8,
        zeros_like: Callable[[Array], Array] = np.zeros_like,
        block: int | None = None,
    ) -> None:
        self.block = block
        self.mean_square = zeros_like(theta)
        self._scratch = np.empty(min(block or BLOCK, theta.size), theta.dtype, like=theta)
        self.state: dict[str, Array] = {"mean_square": self.mean_square}
        self.step_count = 0
        self.beta2, self.epsilon = beta2, epsilon

    def step(self, theta: Array, gradient: Array, learning_rate: float, part: slice = ALL) -> None:
        """See the module's first lines."""
        self.step_count += 1
        for block in blocks(part, theta.size, self.block):
            t, g, s = theta[block], gradient[block], self.mean_square[block]
            scratch = self._scratch[: g.size]
            np.multiply(g, g, out=scratch)
            scratch *= 1 - self.beta2
            s *= self.beta2
            s += scratch
            np.sqrt(s, out=scratch)
            scratch += self.epsilon
            g /= scratch
            g *= learning_rate
            t -= g


class Adam:
    """Adam; with `weight_decay` AdamW.

    Every pass over the vectors costs as much as a small layer, so the constants are folded. With V = v / (1 - beta1)
    and S = s / (1 - beta2) the updates lose a multiplication each, V = beta1 V + g and S = beta2 S + g^2, and

        alpha v / (1 - beta1^t) / (sqrt(s / (1 - beta2^t)) + eps)  =  alpha k1 / k2  V / (sqrt(S) + eps / k2)

    with k1 = (1 - beta1) / (1 - beta1^t) and k2 = sqrt((1 - beta2) / (1 - beta2^t)).

    Args:
        theta: The parameters; gives size and precision.
        n_weights: How many of the first entries of theta are weights, which decay; the rest are biases, which do not.
        beta1: Decay of the average gradient.
        beta2: Decay of the average squared gradient.
        epsilon: Keeps the division finite.
        weight_decay: Share of each weight that a step of learning rate 1 would remove.
        zeros_like: Allocates the state; several processes need memory that all of them see.
        block: Entries updated at a time; see `blocks`.
    """

    def __init__(
        self,
        theta: Array,
        n_weights: int = 0,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        zeros_like: Callable[[Array], Array] = np.zeros_like,
        block: int | None = None,
    ) -> None:
        self.block = block
        self.velocity = zeros_like(theta)  # V above
        self.mean_square = zeros_like(theta)  # S above
        self.state: dict[str, Array] = {"velocity": self.velocity, "mean_square": self.mean_square}
        self.step_count = 0
        self.n_weights = n_weights
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.weight_decay = weight_decay

    def step(self, theta: Array, gradient: Array, learning_rate: float, part: slice = ALL) -> None:
        """See the module's first lines and the class's."""
        self.step_count += 1
        k1 = (1 - self.beta1) / (1 - self.beta1**self.step_count)
        k2 = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.step_count))
        for block in blocks(part, theta.size, self.block):
            t, g, v, s = theta[block], gradient[block], self.velocity[block], self.mean_square[block]
            if self.weight_decay:
                theta[: self.n_weights][block] *= 1 - learning_rate * self.weight_decay
            v *= self.beta1
            v += g
            g *= g
            s *= self.beta2
            s += g
            np.sqrt(s, out=g)
            g += self.epsilon / k2
            np.divide(v, g, out=g)
            g *= learning_rate * k1 / k2
            t -= g


def clip_by_norm(gradient: Array, max_norm: float, squared_norm: float | None = None) -> float:
    """Shorten the whole gradient to length `max_norm` if it is longer; its direction stays.

    Args:
        gradient: All gradients as one vector, (size,), scaled in place; or a part of it.
        max_norm: The greatest Euclidean norm allowed.
        squared_norm: Of the whole gradient, if `gradient` is only a part.

    Returns:
        The norm before clipping.
    """
    norm = math.sqrt(float(np.dot(gradient, gradient)) if squared_norm is None else squared_norm)
    if norm > max_norm:
        gradient *= max_norm / norm
    return norm
