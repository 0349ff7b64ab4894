"""Soft targets: mixed examples and smoothed labels, against overfitting.

    mixup     x = (1 - s) x + s x'                      y = (1 - s) y + s y'         s ~ Beta(alpha, alpha)
    cutmix    x = x' in a random share s of its rows    y = (1 - s) y + s y'         s ~ Beta(alpha, alpha)
    cutout    x = 0 in a random share s of its rows     y as it is                   s ~ uniform up to 1/2

x is a feature column and x' another one of the batch. Each training batch is mixed with a certain probability, all its
examples by the same share; the other batches show the network what it will see later. Batches are in random order, so
that the partner of an example can simply be the next one.

The rows that change are drawn one by one, as Kadra et al. do, and not as a rectangle of pixels as in the original
cutmix and cutout: features need not be pixels, nor neighbors in the column neighbors in the image.

    label smoothing    y = (1 - s) y + s / (number of classes)       never quite sure, so weights need not grow for ever

Sources: Zhang et al. 2018 (mixup); Yun et al. 2019 (cutmix); DeVries and Taylor 2017 (cutout); Kadra et al. 2021 (both
for feature columns); Szegedy et al. 2016, section 7 (label smoothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

CUTOUT_MAX = 0.5
"""Largest share of the features that cutout takes away: of nothing nothing can be learned."""


@dataclass(frozen=True)
class Mixing:
    """How training batches are mixed.

    Attributes:
        kind: mixup, cutmix or cutout.
        probability: Of a batch to be mixed.
        alpha: Both parameters of the Beta distribution of the share; 1 makes all shares equally likely.
    """

    kind: str
    probability: float = 0.5
    alpha: float = 1.0

    def apply(self, rng: np.random.Generator, X: NDArray[Any], Y: NDArray[np.intp], n_outputs: int) -> NDArray[Any]:
        """Mix a batch, or leave it as it is.

        What is drawn from `rng` does not depend on m: several processes, each with a share of a batch, draw alike.

        Args:
            rng: The source of all randomness.
            X: Feature columns, (n_0, m), mixed in place.
            Y: Class indices, (m,).
            n_outputs: n_L.

        Returns:
            Y, or target probabilities, (n_L, m).
        """
        if rng.random() >= self.probability:
            return Y
        if self.kind == "cutout":
            X[np.asarray(rng.random(X.shape[0]) < rng.uniform(0, CUTOUT_MAX), like=X)] = 0
            return Y
        share = float(rng.beta(self.alpha, self.alpha))
        partner = np.roll(X.T, -1, axis=0).T  # examples are rows in memory: two copies of whole blocks
        if self.kind == "cutmix":
            chosen = rng.random((X.shape[0], 1)) < share
            share = float(chosen.mean())
            np.copyto(X, partner, where=np.asarray(chosen, like=X))
        else:
            partner -= X
            partner *= share
            X += partner
        targets = one_hot(Y, n_outputs, X.dtype)
        return (1 - share) * targets + share * np.roll(targets, -1, axis=1)


def one_hot(Y: NDArray[np.intp], n_outputs: int, dtype: DTypeLike) -> NDArray[Any]:
    """Class indices, (m,), as target probabilities, (n_L, m); one output is the probability of class 1."""
    if n_outputs == 1:
        return Y[None].astype(dtype)
    targets = np.zeros((n_outputs, Y.size), dtype, like=Y)
    targets[Y, np.arange(Y.size, like=Y)] = 1
    return targets


def smooth(Y: NDArray[Any], smoothing: float, n_outputs: int, dtype: DTypeLike) -> NDArray[Any]:
    """Target probabilities, (n_L, m), of which a share `smoothing` is given to all classes alike.

    Args:
        Y: Class indices, (m,), or target probabilities, (n_L, m).
        smoothing: The share, 0 <= smoothing < 1.
        n_outputs: n_L.
        dtype: Precision.
    """
    targets = Y if Y.ndim == 2 else one_hot(Y, n_outputs, dtype)
    return (1 - smoothing) * targets + smoothing / max(n_outputs, 2)


def example_weights(class_weights: NDArray[Any], Y: NDArray[Any]) -> NDArray[Any]:
    """Weight of each example, (m,): the weight of its class, or the average over its target probabilities."""
    weights: NDArray[Any]
    if Y.ndim == 1:
        weights = class_weights[Y]
    elif Y.shape[0] == 1:
        weights = class_weights[0] + (class_weights[1] - class_weights[0]) * Y[0]
    else:
        weights = class_weights @ Y
    return weights
