"""Test whether images keep their class when they are mirrored: an arrow to the left does not, a flower does.

A recipe for photos trains on mirror images, too, and averages the answers for an image and its mirror image. The sum of
both answers of a linear classifier is its answer to the sum of both feature columns,

    f(x) + f(x') = w^T (phi(x) + phi(x'))

and what an image and its mirror image do not have in common is lost in it. So two classifiers are compared on some of
the training images: one sees phi(x), the other phi(x) + phi(x'). Where the second one fails on images that the first
one gets right, left and right matter.

phi are answers of learned patches, and the classifier is ridge regression on the classes as 0 and 1. With the kernel
K = X X^T and its hat matrix H = K (K + lambda I)^-1 the answer for an image that was left out is there without a second
fit (Allen 1974, "PRESS"), so that every image is judged by a classifier that has not seen it:

    f_i without image i = (f_i - H_ii y_i) / (1 - H_ii)

Of the images that only one of the two gets right, half would be on either side by chance; a sign test says how
improbable what was found is (McNemar 1947), for all images together and for each class, whose limit is stricter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.image.image_format import ImageFormat
from nncli.features.column import FeatureColumn
from nncli.features.settings.patches import Patches
from nncli.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.config.options import Color
    from nncli.data.looks import Looks
    from nncli.data.source import ImageSource, LabeledFiles

SIDE = 48
"""Height and width at which images are compared."""

FEATURES = (Patches(count=64, stride=2),)

FEWEST, MOST = 150, 600
"""Images looked at."""

MOST_PIXELS = 150_000_000
"""Pixels decoded: of large photos fewer are looked at, so that it takes a second or two."""

LAMBDAS = 0.01, 0.1, 1.0
"""Ridge penalties, in units of the mean eigenvalue of the kernel; each classifier has its best one."""

IMPROBABLE = 1e-3
"""Probability of a chance find that is borne."""

MOST_NAMED = 4


@dataclass(frozen=True)
class MirrorTest:
    """Comparison of images as they are with the average over an image and its mirror image.

    Attributes:
        n_images: How many were compared.
        accuracy, mirrored_accuracy: The share that is right when left out: as they are, and averaged.
        changed: Classes that lose by it, the one that loses most first; empty where all keep their class.
    """

    n_images: int
    accuracy: float
    mirrored_accuracy: float
    changed: tuple[str, ...]

    @property
    def keeps_class(self) -> bool:
        """Whether nothing speaks against mirror images."""
        return not self.changed

    def __str__(self) -> str:
        more = ", ..." if len(self.changed) > MOST_NAMED else ""
        names = ", ".join(map(printable, self.changed[:MOST_NAMED])) + more
        return (
            f"mirrored, images lose their class ({names}): of {self.n_images} tried, {self.accuracy:.0%} are right as "
            f"they are, {self.mirrored_accuracy:.0%} together with their mirror image"
        )


def compare_mirrored(source: ImageSource, files: LabeledFiles, looks: Looks, color: Color) -> MirrorTest:
    """Compare some of the training images with their mirror images.

    Args:
        source: The images.
        files: Those to train on.
        looks: What they look like.
        color: ``rgb`` or ``grayscale``.
    """
    n = min(max(FEWEST, MOST_PIXELS // (looks.height * looks.width)), MOST)
    chosen = np.arange(len(files.paths))[:: -(-len(files.paths) // n)]
    image_format = ImageFormat(SIDE, SIDE, color, "stretch")
    loaded = source.load([files.paths[i] for i in chosen], image_format)
    labels = np.array(files.labels, np.intp)[chosen[loaded.kept]]
    column = FeatureColumn.fit(FEATURES, image_format.shape, loaded.pixels, seed=0)
    as_they_are, mirrored = np.empty((2, len(labels), column.n_features), np.float32)
    column.extract_both(loaded.pixels, as_they_are, mirrored)
    return compare(as_they_are, mirrored, labels, source.classes)


def compare(
    as_they_are: NDArray[Any], mirrored: NDArray[Any], labels: NDArray[np.intp], classes: tuple[str, ...]
) -> MirrorTest:
    """The test on feature columns as rows, (m, n) each, of images and of their mirror images."""
    alone, together = (right_when_left_out(X, labels, len(classes)) for X in (as_they_are, as_they_are + mirrored))
    lost, gained = alone & ~together, together & ~alone
    n_lost, n_gained = (np.bincount(labels[which], minlength=len(classes)) for which in (lost, gained))
    by_loss = [int(k) for k in np.argsort(n_gained - n_lost, kind="stable") if n_lost[k] > n_gained[k]]
    changed = [k for k in by_loss if chance_of(int(n_lost[k]), int(n_gained[k])) < IMPROBABLE / len(classes)]
    if not changed and chance_of(int(lost.sum()), int(gained.sum())) < IMPROBABLE:
        changed = by_loss
    return MirrorTest(len(labels), float(alone.mean()), float(together.mean()), tuple(classes[k] for k in changed))


def right_when_left_out(X: NDArray[Any], labels: NDArray[np.intp], n_classes: int) -> NDArray[np.bool_]:
    """Which images ridge regression on all others gets right, (m,).

    Args:
        X: Feature columns as rows, (m, n).
        labels: (m,).
        n_classes: How many.
    """
    X = X - X.mean(axis=0)
    deviation = X.std(axis=0)
    X /= np.maximum(deviation, max(1e-2 * float(deviation.mean()), 1e-9))
    Y = np.eye(n_classes)[labels]
    Y -= Y.mean(axis=0)
    eigenvalues, U = np.linalg.eigh((X @ X.T).astype(np.float64))
    right = np.zeros((len(LAMBDAS), len(labels)), np.bool_)
    for each, relative in zip(right, LAMBDAS, strict=True):
        shrinking = eigenvalues / (eigenvalues + relative * max(float(eigenvalues.mean()), 1e-9))
        H = (U * shrinking) @ U.T
        own = np.diag(H)[:, np.newaxis]
        left_out = (H @ Y - own * Y) / (1 - own)
        each[:] = left_out.argmax(axis=1) == labels
    best: NDArray[np.bool_] = right[right.sum(axis=1).argmax()]
    return best


def chance_of(n_lost: int, n_gained: int) -> float:
    """Probability that a fair coin shows one side at least `n_lost` times in `n_lost + n_gained` throws."""
    n = n_lost + n_gained
    return float(sum(math.comb(n, k) for k in range(n_lost, n + 1)) / 2**n)
