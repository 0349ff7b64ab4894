"""Learning a dictionary of patches: small pictures that many places of the training images resemble.

    sample      patches from random places of random images
    normalize   p = (p - mean(p)) / sqrt(var(p) + contrast)          light and shadow do not matter
    whiten      z = ZCA (p - mu)                                     neighboring pixels are alike; what is left is form
    cluster     spherical k-means: K directions of length 1, each the sum of the z it answers most strongly to

ZCA = V diag(1 / sqrt(lambda + 0.1)) V^T, with the eigenvectors and eigenvalues of the covariance of the patches: every
direction gets about the same variance, and the result still looks like the patch.

Sources: Coates, Ng and Lee 2011 (section 3); Coates and Ng 2012, "Learning feature representations with k-means".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array

WHITENING = 0.1
"""Added to every variance before dividing by it: directions in which nothing happens stay small."""

ROUNDS = 10
"""Rounds of k-means; more do not change what the network makes of them."""

ROUNDS_OF_SOME, SOME = 7, 4
"""The first rounds, in which directions are still far from where they end, look at every fourth row only."""

ENOUGH = 16
"""Rows for each direction that such a round needs."""

CHUNK = 1024
"""Patches compared with the dictionary at a time."""

FOLD = 255**2
"""From the variance of values from 0 to 1 to that of values from 0 to 255."""

TINY = 1e-8
"""Keeps a division by the length of a vector finite."""


def learn_dictionary(
    images: NDArray[np.uint8], size: int, count: int, contrast: float, n_samples: int, rng: np.random.Generator
) -> Array:
    """Learn patches, and fold everything that happens to a patch before the comparison into one matrix.

    Normalization by the mean, whitening and comparison are linear. So for a patch p of an image as it is, divided by
    its contrast sqrt(var(p) + contrast) alone, and a 1 below it, the answers are one product:

        s = D ZCA (p - mean(p)) / c - D ZCA mu = M [p / c; 1]        M = [D ZCA (I - 11^T/d), -D ZCA mu]

    Args:
        images: (m, height, width, channels).
        size: Height and width of a patch.
        count: K, patches to learn.
        contrast: Added to the variance of a patch, whose values are from 0 to 1.
        n_samples: Patches to learn from.
        rng: The source of all randomness.

    Returns:
        M^T, (d + 1, K), with d = size * size * channels.
    """
    patches = normalized(sample_patches(images, size, n_samples, rng), contrast)
    mean = patches.mean(axis=0)
    patches -= mean
    zca = whitening(patches)
    dictionary = spherical_k_means(patches @ zca, count, rng)
    comparison = dictionary.astype(np.float64) @ zca
    offset = -comparison @ mean
    comparison -= comparison.mean(axis=1, keepdims=True)  # subtracting the mean of each patch is linear, too
    # Row by row, as a model file has it: in another order a product of the same numbers can round otherwise.
    return np.vstack([comparison.T, offset]).astype(np.float32, order="C")


def sample_patches(images: NDArray[np.uint8], size: int, n: int, rng: np.random.Generator) -> Array:
    """Cut `n` patches from random places, as rows of values from 0 to 1, (n, size * size * channels)."""
    m, height, width, channels = images.shape
    image = np.sort(rng.integers(0, m, n))  # in order, because the images may lie in a file
    top, left = rng.integers(0, height - size + 1, n), rng.integers(0, width - size + 1, n)
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
    patches = windows[image, top, left].transpose(0, 2, 3, 1)  # (n, size, size, channels)
    return patches.reshape(n, size * size * channels) * np.float32(1 / 255)


def normalized(patches: Array, contrast: float) -> Array:
    """Each row with mean 0 and about the same variance, in place."""
    patches -= patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(patches.var(axis=1, keepdims=True) + np.float32(contrast) + TINY)
    return patches


def whitening(patches: Array) -> Array:
    """The ZCA matrix of rows with mean 0, (d, d)."""
    covariance = (patches.T @ patches).astype(np.float64) / len(patches)
    eigenvalues, V = np.linalg.eigh(covariance)
    zca: Array = ((V / np.sqrt(np.maximum(eigenvalues, 0) + WHITENING)) @ V.T).astype(np.float32)
    return zca


def spherical_k_means(Z: Array, count: int, rng: np.random.Generator) -> Array:
    """Directions that the rows of Z lie along, either way.

    Each round gives every row z to the direction d with the largest |d . z|, and makes every direction the sum of its
    rows, each weighted by d . z. A direction that nobody chose starts again from a random row.

    Args:
        Z: (n, d).
        count: K.
        rng: Chooses the rows to start from.

    Returns:
        (K, d), rows of length 1.
    """
    directions = _unit(Z[rng.choice(len(Z), count, replace=len(Z) < count)])
    for i in range(ROUNDS):
        rows = Z[:: SOME if i < ROUNDS_OF_SOME and len(Z) >= SOME * ENOUGH * count else 1]
        sums = np.zeros_like(directions)
        for start in range(0, len(rows), CHUNK):
            _add_to_nearest(np.ascontiguousarray(rows[start : start + CHUNK]), directions, sums)
        unused = ~sums.any(axis=1)
        sums[unused] = Z[rng.integers(0, len(Z), int(unused.sum()))]
        directions = _unit(sums)
    return directions


def _add_to_nearest(z: Array, directions: Array, sums: Array) -> None:
    """Add every row of `z`, weighted by its answer, to the sum of the direction that it answers to most strongly."""
    answers = z @ directions.T  # (n, K)
    strength = np.abs(answers)
    chosen = strength.argmax(axis=1)
    order = np.argsort(chosen, kind="stable")
    present, first = np.unique(chosen[order], return_index=True)
    weighted = z[order]
    weighted *= answers[order, chosen[order]][:, None]
    sums[present] += np.add.reduceat(weighted, first, axis=0)


def _unit(rows: Array) -> Array:
    unit: Array = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + np.float32(TINY))
    return unit
