"""How strange an image is: how little it is like any that the network was trained on.

Probabilities do not tell. A network that knows five flowers is as sure about a bowl of noodles as about many a rose,
because it has only learned what tells flowers from each other. So the image's standardized feature column x, centered
on the training images', is compared with theirs, t_j, by the cosine of the angle between the two:

    strangeness score(x) = mean over the ten nearest j of  r_j - 2 cos(x, t_j)

r_j is the mean cosine of t_j with its own ten nearest. Without it some training images, "hubs", would be near to
everything, noodles included (cross-domain similarity local scaling: Conneau et al. 2018, section 2.3; hubs: Radovanovic
et al. 2010).

A score means little by itself; its place among the scores of the validation images does. If an image is like them, the
share of these that are at least as strange,

    p = (1 + number of validation images with at least this score) / (1 + number of validation images)

is uniform on 0..1: a conformal p-value (Vovk et al. 2005; for outliers Bates et al. 2023). Told is 1 - p: 0.99 is
stranger than 99 of 100 validation images, and of images like them 1 in 100 is as strange as that.

Columns are long, so a randomized Fourier transform shortens them, which hardly changes angles (Ailon and Chazelle
2009): signs are flipped at random, and some of the frequencies are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LENGTH = 2048
"""Numbers that a feature column is shortened to; shorter ones stay as they are."""

MOST_REFERENCES = 1500
"""Training images that are kept to compare with: 3 MB."""

N_NEAREST = 10

FEWEST = 20
"""Validation images below which strangeness cannot be told: no p-value could be small."""

CHUNK = 256
"""Images at a time."""

ROUNDING = 1e-5
"""Scores that differ by less are the same: float32 sums depend a little on the images beside one."""


def n_shortened(n_features: int) -> int:
    """How long the shortened column is."""
    return min(n_features, LENGTH)


class Shortening:
    """From feature columns to shorter ones with nearly the same angles.

    Args:
        n_features: Length of a column, n_0.
    """

    def __init__(self, n_features: int) -> None:
        self.n_features, self.length = n_features, n_shortened(n_features)
        if n_features > self.length:
            import hashlib  # 2 ms, which models of few inputs do not spend

            # Bits of a hash are the same on every machine and with every version of NumPy.
            n_frequencies = n_features // 2
            n_bytes = -(-n_features // 8)
            stream = hashlib.shake_128(b"strangeness").digest(n_bytes + 8 * n_frequencies)
            bits = np.unpackbits(np.frombuffer(stream, np.uint8, n_bytes))[:n_features]
            self._signs = (1 - 2 * bits.astype(np.float32)).astype(np.float32)
            draws = np.frombuffer(stream, "<u8", n_frequencies, n_bytes)
            self._kept = 1 + np.sort(np.argsort(draws, kind="stable")[: self.length // 2])

    @classmethod
    @cache
    def of(cls, n_features: int) -> Shortening:
        """The one for columns of this length."""
        return cls(n_features)

    def __call__(self, columns: Floats) -> Floats:
        """Shorten `columns`, (m, n_0), to (m, length)."""
        if self.n_features == self.length:
            return columns
        waves = np.fft.rfft(columns * self._signs, axis=1)[:, self._kept]
        return np.concatenate([waves.real, waves.imag], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Strangeness:
    """The measure of strangeness.

    Attributes:
        references: Shortened columns of training images, centered, (n, length) int8, each with its own scale.
        hubness: r_j, (n,) float32.
        center: What was subtracted, (length,) float32.
        validation: Scores of the validation images, ascending, (m,) float32.
    """

    references: NDArray[np.int8]
    hubness: Floats
    center: Floats
    validation: Floats

    @cached_property
    def _unit_references(self) -> Floats:
        return _unit(self.references.astype(np.float32))

    def scores(self, columns: Floats) -> Floats:
        """The strangeness score of each image, (m,).

        Args:
            columns: Scaled for the network, (m, n_0).
        """
        unit = _unit(Shortening.of(columns.shape[1])(columns) - self.center)
        found = np.empty(len(unit), np.float32)
        for start in range(0, len(unit), CHUNK):
            likeness = 2 * (unit[start : start + CHUNK] @ self._unit_references.T) - self.hubness
            found[start : start + CHUNK] = -np.partition(likeness, -N_NEAREST, axis=1)[:, -N_NEAREST:].mean(axis=1)
        return found

    def measured(self, scores: Floats) -> Strangeness | None:
        """The same with the `scores` of the validation images, (m,), as its scale; None where they are too few."""
        if len(scores) < FEWEST:
            return None
        return Strangeness(self.references, self.hubness, self.center, np.sort(scores))

    def told(self, scores: Floats) -> NDArray[np.float64]:
        """1 - p of each score, (m,): 0..1, the larger the stranger."""
        n = len(self.validation)
        as_strange = n - np.searchsorted(self.validation, scores - ROUNDING, side="left")
        told: NDArray[np.float64] = 1 - (1 + as_strange) / (1 + n)
        return told

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, by name, for the model file."""
        return {
            "strangeness.references": self.references,
            "strangeness.hubness": self.hubness,
            "strangeness.center": self.center,
            "strangeness.validation": self.validation,
        }


def fit_strangeness(training: Floats) -> Strangeness | None:
    """Keep training images to compare with, which has no scale yet; None where there are too few.

    Args:
        training: Columns of up to `MOST_REFERENCES` training images, scaled for the network, (n, n_0).
    """
    if len(training) <= N_NEAREST:
        return None
    shortened = Shortening.of(training.shape[1])(training)
    center = shortened.mean(axis=0)
    centered = shortened - center
    largest = np.abs(centered).max(axis=1, keepdims=True)
    references = np.rint(centered * (127 / np.maximum(largest, 1e-9))).astype(np.int8)
    unit = _unit(references.astype(np.float32))
    hubness = np.empty(len(unit), np.float32)
    for start in range(0, len(unit), CHUNK):
        cosines = unit[start : start + CHUNK] @ unit.T
        nearest = np.partition(cosines, -1 - N_NEAREST, axis=1)[:, -1 - N_NEAREST :]
        hubness[start : start + CHUNK] = (nearest.sum(axis=1) - nearest.max(axis=1)) / N_NEAREST  # without itself
    return Strangeness(references, hubness, center, np.empty(0, np.float32))


def chosen_references(n: int, seed: int) -> NDArray[np.intp]:
    """Which of n training images are kept: all, or some at random, ascending."""
    if n <= MOST_REFERENCES:
        return np.arange(n)
    return np.sort(np.random.default_rng([seed, n]).choice(n, MOST_REFERENCES, replace=False))


def _unit(vectors: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    unit: Floats = vectors / np.maximum(lengths, 1e-9)
    return unit
