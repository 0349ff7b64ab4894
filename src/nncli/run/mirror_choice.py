"""Test whether images keep their class when they are mirrored: an arrow to the left does not, a flower does.

A recipe for photos trains on mirror images, too, and averages the answers for an image and its mirror image. Where the
mirror image of one class is another class, both do harm. So a classifier learns some of the training images as they are
and is asked for the mirror image of each of them. Two classes are swapped if most mirror images of either are taken for
the other one. That a mirror image is harder, because all hands of a set are right hands, say, is no reason: its errors
go anywhere, and such images lose nothing by being mirrored.

The classifier is ridge regression on the classes as 0 and 1, f(x) = k(x)^T A with A = (K + lambda I)^-1 Y = C Y and
the kernel K = X X^T + c; the columns of X^T are answers of learned patches. The constant c stands for the mean:
columns that were only freed of it sum to 0, so each is minus the sum of all others, and these would tell the answer of
the one that is left out. The answer without image i is there without a second fit (Allen 1974, "PRESS"), so that no
image, nor its mirror image, is judged by a classifier that has seen it:

    A without i = A - C_i A_i / C_ii

Of the mirror images that are taken for one of the two classes, half would be taken for the other one by chance; a sign
test says how improbable it is that so many are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.image.image_format import ImageFormat
from nncli.features.column import FeatureColumn
from nncli.features.settings.patches import Patches
from nncli.run.kept_answers import PART, kept_answers
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
"""Ridge penalties, in units of the mean eigenvalue of the kernel; the one that gets most images right when left out."""

IMPROBABLE = 1e-3
"""Probability of a chance find that is borne."""

MOST_NAMED = 4

VERSION = 1
"""Part of the name of kept answers: to be raised when they are made in another way."""


@dataclass(frozen=True)
class MirrorTest:
    """Classes of mirror images, as far as a classifier can tell.

    Attributes:
        n_images: How many were looked at.
        swapped: Pairs of classes that are each other's mirror image.
        share: Of the mirror images of these classes that are taken for the other one; 0 where there are none.
    """

    n_images: int
    swapped: tuple[tuple[str, str], ...] = ()
    share: float = 0.0

    @property
    def keeps_class(self) -> bool:
        """Whether nothing speaks against mirror images."""
        return not self.swapped

    def __str__(self) -> str:
        more = ", ..." if len(self.swapped) > MOST_NAMED else ""
        pairs = ", ".join(" and ".join(map(printable, pair)) for pair in self.swapped[:MOST_NAMED]) + more
        return f"mirrored, {pairs} look like each other ({self.share:.0%} of {self.n_images} tried)"


def compare_mirrored(
    source: ImageSource, files: LabeledFiles, looks: Looks, color: Color, *, is_kept: bool = False
) -> MirrorTest:
    """See what some of the training images look like when they are mirrored.

    Args:
        source: The images.
        files: Those to train on.
        looks: What they look like.
        color: ``rgb`` or ``grayscale``.
        is_kept: Whether what was seen is kept in the cache for the next time.
    """
    chosen = evenly_chosen(len(files.paths), looks, MOST)
    image_format = ImageFormat(SIDE, SIDE, color, "stretch")
    loaded = source.load([files.paths[i] for i in chosen], image_format, cached=is_kept, part=PART)
    labels = np.array(files.labels, np.intp)[chosen[loaded.kept]]
    if not len(labels):
        return MirrorTest(0)
    n_classes, answer = len(source.classes), np.dtype("<u4")

    def make() -> NDArray[np.uint8]:
        column = FeatureColumn.fit(FEATURES, image_format.shape, loaded.pixels, seed=0)
        as_they_are, mirrored = np.empty((2, len(labels), column.n_features), np.float32)
        column.extract_both(loaded.pixels, as_they_are, mirrored)
        answers = mirrored_answers(as_they_are, mirrored, labels, n_classes)
        return answers.astype(answer).reshape(-1, 1).view(np.uint8)

    depends_on = VERSION, LAMBDAS, FEATURES, color, n_classes, labels.tolist()
    root = source.root if is_kept else None
    kept = kept_answers("mirror images", depends_on, loaded.pixels, answer.itemsize, make, root)
    return compare(np.ascontiguousarray(kept).view(answer)[:, 0].astype(np.intp), labels, source.classes)


def evenly_chosen(n_images: int, looks: Looks, most: int) -> NDArray[np.intp]:
    """Places of the images to decode, at most `most` and fewer of large ones, evenly chosen of `n_images`."""
    n = min(max(FEWEST, MOST_PIXELS // (looks.height * looks.width)), most, n_images)
    return np.arange(n) * n_images // max(n, 1)


def compare(answers: NDArray[np.intp], labels: NDArray[np.intp], classes: tuple[str, ...]) -> MirrorTest:
    """The test on the classes that mirror images are taken for, and on those of the images, (m,) each."""
    n = len(classes)
    taken = np.zeros((n, n), np.intp)  # images of the class of the row whose mirror image is taken for the column's
    np.add.at(taken, (labels, answers), 1)
    mostly, pairs = 2 * taken > taken.sum(axis=1, keepdims=True), []
    for a, b in np.argwhere(np.triu(mostly & mostly.T, 1)).tolist():
        n_swapped, n_kept = int(taken[a, b] + taken[b, a]), int(taken[a, a] + taken[b, b])
        if chance_of(n_swapped, n_kept) < IMPROBABLE / (n * (n - 1) / 2):
            pairs.append((a, b))
    concerned = sum(int(taken[[a, b]].sum()) for a, b in pairs)
    share = sum(int(taken[a, b] + taken[b, a]) for a, b in pairs) / max(concerned, 1)
    return MirrorTest(concerned or len(labels), tuple((classes[a], classes[b]) for a, b in pairs), share)


def mirrored_answers(
    as_they_are: NDArray[Any], mirrored: NDArray[Any], labels: NDArray[np.intp], n_classes: int
) -> NDArray[np.intp]:
    """Classes that mirror images are taken for by ridge regression on all other images as they are, (m,).

    Args:
        as_they_are: Feature columns as rows, (m, n).
        mirrored: Those of the mirror images, likewise.
        labels: Of the images, (m,).
        n_classes: How many.
    """
    mean, deviation = as_they_are.mean(axis=0), as_they_are.std(axis=0)
    deviation = np.maximum(deviation, max(1e-2 * float(deviation.mean()), 1e-9))
    X, M = (as_they_are - mean) / deviation, (mirrored - mean) / deviation
    Y = np.eye(n_classes)[labels]
    Y -= Y.mean(axis=0)
    K, K_mirrored = (X @ X.T).astype(np.float64), (M @ X.T).astype(np.float64)
    unit = max(float(np.trace(K)) / len(K), 1e-9)
    K, K_mirrored = K + unit, K_mirrored + unit
    best, answers = -1, labels
    for relative in LAMBDAS:
        C = np.linalg.inv(K + relative * unit * np.eye(len(K)))
        A = C @ Y
        own = A / np.diag(C)[:, np.newaxis]
        n_right = int(((Y - own).argmax(axis=1) == labels).sum())  # left out, an image gets Y_i - A_i / C_ii
        if n_right > best:
            left_out = K_mirrored @ A - np.einsum("ij,ji->i", K_mirrored, C)[:, np.newaxis] * own
            best, answers = n_right, left_out.argmax(axis=1)
    return answers


def chance_of(n_heads: int, n_tails: int) -> float:
    """Probability that a fair coin shows heads at least `n_heads` times in `n_heads + n_tails` throws."""
    n = n_heads + n_tails
    return float(sum(math.comb(n, k) for k in range(n_heads, n + 1)) / 2**n)
