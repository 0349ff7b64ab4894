"""Part 1 of 5: initialization.

    xavier      W[l] ~ N(0, 1 / n_{l-1})      b[l] = 0
    he          W[l] ~ N(0, 2 / n_{l-1})      b[l] = 0

A unit adds n_{l-1} products. If the inputs have variance v and the weights variance s, the sum has variance
n_{l-1} s v: with s = 1 / n_{l-1} a signal leaves each layer as strong as it came in, however deep the network is. ReLU
silences half of its inputs, which the 2 of `he` makes up for.

The other three are here to see why that matters (configs/lessons has an experiment for each):

    zeros       every unit of a layer computes the same and learns the same: the layer is one unit wide for ever,
                and with relu nothing moves at all, because every derivative is zero
    constant    the same symmetry, at a value other than zero
    normal      W[l] ~ N(0, scale^2): too small, and signals and derivatives shrink by a factor in each layer until
                nothing reaches the first one; too large, and sigmoid and tanh sit where they are flat, while relu
                explodes

Sources: Glorot and Bengio 2010 (section 4.2.1, with the fan-in alone as LeCun et al. 1998, section 4.6);
He et al. 2015 (section 2.2).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nncli.network.parameters import Array, Parameters


def xavier(rng: np.random.Generator, n_out: int, n_in: int, _scale: float) -> Array:
    """Normal with variance 1 / n_in, shape (n_out, n_in)."""
    return rng.standard_normal((n_out, n_in)) * math.sqrt(1 / n_in)


def he(rng: np.random.Generator, n_out: int, n_in: int, _scale: float) -> Array:
    """Normal with variance 2 / n_in, shape (n_out, n_in)."""
    return rng.standard_normal((n_out, n_in)) * math.sqrt(2 / n_in)


def zeros(_rng: np.random.Generator, n_out: int, n_in: int, _scale: float) -> Array:
    """All zero, shape (n_out, n_in)."""
    return np.zeros((n_out, n_in))


def constant(_rng: np.random.Generator, n_out: int, n_in: int, scale: float) -> Array:
    """All equal to `scale`, shape (n_out, n_in)."""
    return np.full((n_out, n_in), scale)


def normal(rng: np.random.Generator, n_out: int, n_in: int, scale: float) -> Array:
    """Normal with standard deviation `scale`, shape (n_out, n_in)."""
    return rng.standard_normal((n_out, n_in)) * scale


INITIALIZATIONS = {"xavier": xavier, "he": he, "zeros": zeros, "constant": constant, "normal": normal}


def initialize(parameters: Parameters, rng: np.random.Generator, method: str = "xavier", scale: float = 0.01) -> None:
    """Fill `parameters` with their starting values: weights by `method`, biases 0, gains 1, shifts 0.

    Args:
        parameters: Filled in place, member by member.
        rng: The source of all randomness. Drawn in float64 whatever the precision: every precision starts alike.
        method: A key of `INITIALIZATIONS`.
        scale: The value of `constant`, the standard deviation of `normal`; the others ignore it.
    """
    draw = INITIALIZATIONS[method]
    for network in parameters.members:
        for l in range(1, network.n_layers + 1):
            n_out, n_in = network.W[l].shape
            network.W[l][...] = np.asarray(draw(rng, n_out, n_in, scale), like=network.W[l])
            network.b[l][...] = 0
        for one, zero in ((network.gain, network.shift), (network.variance, network.mean)):
            for l in range(1, len(one)):
                one[l][...], zero[l][...] = 1, 0
