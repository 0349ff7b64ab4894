"""Training learned patterns by backpropagation: from what is frequent to what tells classes apart.

The patterns of `deep_patches` are learned without labels: they are what many windows have in common, sky as much as
wings. A softmax layer is put on top of their answers, and both are trained by gradient descent, as two layers of a
network are. Then the softmax layer is thrown away; the patterns stay, and are computed with as before.

Forward, for an image with P whitened windows Z, (P, r), and patterns D, (K', r):

    S = Z D^T                                    answers, (P, K')
    F = [C max(S, t), C min(S, -t)]              averaged over the cells, C is (g, P): the features of deep_patches
    x = mask (F - mean) / deviation              standardized, some dropped
    Y_hat = softmax(W x + b)

Backward, for a batch of m images, each line the derivative of the loss J by what stands on its left above:

    dZ_L = (Y_hat - Y) / m        dW = dZ_L x^T        db = dZ_L
    dF = mask W^T dZ_L / deviation
    dS = [S > t] C^T dF_strong + [S < -t] C^T dF_weak          only answers beyond the threshold move anything
    dD = dS^T Z

The patches below stay as they are, so nothing has to go further back. All images share D, so that its gradient is the
sum over windows and images: this is what makes a convolutional layer, here with few numbers, because Z has r
coordinates for each window and not the hundreds that the window itself has.

Sources: LeCun, Bottou, Bengio and Haffner 1998 (shared weights); Srivastava et al. 2014 (dropout); to learn without
labels first: Hinton, Osindero and Teh 2006.
"""

from __future__ import annotations

import functools
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.machine.cores import usable_cores
from nncli.network.optimization import Adam
from nncli.training.schedules import LearningRate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Array = np.ndarray[Any, np.dtype[np.float32]]

BATCH_SIZE, TOGETHER = 128, 16
"""Images in a step, and those of them that one thread computes at a time: their answers stay in its cache."""

LEARNING_RATE, WEIGHT_DECAY, DROPOUT, LABEL_SMOOTHING = 2e-3, 0.05, 0.3, 0.1

SCALED_BY = 400
"""Images that mean and deviation of the features are taken from."""

FLATTEST = 0.05
"""Smallest deviation, as a share of the average one."""


class PatternNetwork:
    """Patterns with a softmax layer on top.

    Args:
        directions: D, (K', r).
        threshold: t.
        cells: C, the matrix that averages over the windows of each cell, (g, P).
        n_classes: n_L.

    Attributes:
        theta: W, (n_L, 2 g K'), D and b one after the other, in one vector.
        mean, deviation: Of the features, (2 g K',).
    """

    def __init__(self, directions: Array, threshold: float, cells: Array, n_classes: int) -> None:
        self.threshold, self.cells = np.asarray(threshold, directions.dtype), cells.astype(directions.dtype)
        n = 2 * len(cells) * len(directions)
        self._shapes = (n_classes, n), directions.shape, (n_classes,)
        self.theta = np.zeros(sum(map(math.prod, self._shapes)), directions.dtype)
        self.split(self.theta)[1][:] = directions
        self.mean, self.deviation = np.zeros(n, directions.dtype), np.ones(n, directions.dtype)

    def split(self, vector: Array) -> list[Array]:
        """W, D and b, or their gradients, as views of a vector."""
        ends = np.cumsum([math.prod(shape) for shape in self._shapes])[:-1]
        return [part.reshape(shape) for part, shape in zip(np.split(vector, ends), self._shapes, strict=True)]

    def standardize(self, Z: Array) -> None:
        """Take mean and deviation from the features of some images, whose windows are Z, (m, P, r)."""
        F = self.features(Z)[1]
        deviation = F.std(axis=0)
        self.mean, self.deviation = F.mean(axis=0), np.maximum(deviation, FLATTEST * deviation.mean() + 1e-12)

    def features(self, Z: Array) -> tuple[Array, Array]:
        """Answers S, (m, P, K'), and features F, (m, 2 g K'), of windows Z, (m, P, r)."""
        m, P, r = Z.shape
        S = (Z.reshape(-1, r) @ self.split(self.theta)[1].T).reshape(m, P, -1)
        strong, weak = self.cells @ np.maximum(S, self.threshold), self.cells @ np.minimum(S, -self.threshold)
        return S, np.concatenate([strong.reshape(m, -1), weak.reshape(m, -1)], axis=1)

    def loss_and_gradient(self, Z: Array, Y: Array, mask: Array) -> tuple[float, Array]:
        """The sum of the losses of some images, and its gradient by `theta`.

        Args:
            Z: Whitened windows, (m, P, r).
            Y: Target probabilities, (m, n_L).
            mask: Of dropout, (m, 2 g K').
        """
        W, D, b = self.split(self.theta)
        S, F = self.features(Z)
        x = mask * (F - self.mean) / self.deviation
        logits = x @ W.T + b
        logits -= logits.max(axis=1, keepdims=True)
        log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        d_logits = np.exp(log_probabilities) - Y
        d_strong, d_weak = np.split(d_logits @ W * mask / self.deviation, 2, axis=1)
        shape = len(Z), len(self.cells), len(D)
        d_S = (self.cells.T @ d_strong.reshape(shape)) * (self.threshold < S)
        d_S += (self.cells.T @ d_weak.reshape(shape)) * (-self.threshold > S)
        d_D = d_S.reshape(-1, len(D)).T @ Z.reshape(-1, Z.shape[2])
        gradient = np.concatenate([(d_logits.T @ x).ravel(), d_D.ravel(), d_logits.sum(axis=0)])
        return float(-(Y * log_probabilities).sum()), gradient


def train_patterns(
    epochs: Iterable[tuple[NDArray[np.float16], NDArray[np.intp]]],
    n_epochs: int,
    network: PatternNetwork,
    rng: np.random.Generator,
) -> Array:
    """Train patterns to tell classes apart; (K', r).

    Args:
        epochs: What is seen in each epoch: windows of images, whitened, (m, P, r), and class indices, (m,).
        n_epochs: How many there are.
        network: Patterns to start from, and a softmax layer; trained in place.
        rng: The source of all randomness. The same one gives the same bits, however many cores there are.
    """
    W, D, _ = network.split(network.theta)
    optimizer = Adam(network.theta, W.size, weight_decay=WEIGHT_DECAY)
    targets = np.full((len(W), len(W)), LABEL_SMOOTHING / len(W), np.float32)
    np.fill_diagonal(targets, 1 - LABEL_SMOOTHING + LABEL_SMOOTHING / len(W))
    with ThreadPoolExecutor(usable_cores()) as threads:
        for windows, labels in epochs:
            if not optimizer.step_count:
                network.standardize(windows[:: -(-len(labels) // SCALED_BY)].astype(np.float32))
            schedule = LearningRate(LEARNING_RATE, "one_cycle", n_epochs, -(-len(labels) // BATCH_SIZE))

            def part_of_gradient(
                part: NDArray[np.intp],
                mask: Array,
                windows: NDArray[np.float16] = windows,
                labels: NDArray[np.intp] = labels,
            ) -> Array:
                Z = windows[part].astype(np.float32)
                return network.loss_and_gradient(Z, targets[labels[part]], mask)[1]

            for batch in np.split(rng.permutation(len(labels)), range(BATCH_SIZE, len(labels), BATCH_SIZE)):
                kept = rng.random((len(batch), W.shape[1]), np.float32) >= DROPOUT
                parts = np.split(batch, range(TOGETHER, len(batch), TOGETHER))
                masks = np.split(kept / np.float32(1 - DROPOUT), range(TOGETHER, len(batch), TOGETHER))
                gradient = functools.reduce(np.add, threads.map(part_of_gradient, parts, masks))
                gradient /= np.float32(len(batch))
                optimizer.step(network.theta, gradient, schedule.at(optimizer.step_count))
    return D.copy()
