"""Trial of the recipes on a few training images, before `auto` settles on one.

Size, color and outlines tell what images are like, not where their classes differ. Drawn dials are small and gray, too,
but turned and shifted, as the recipe `digits` shows them, one is like the next; and patches, freed of their brightness,
cannot tell bright images from dark ones. So every candidate is tried: small versions of its features are computed from
a few hundred training images, a linear classifier learns four fifths of these and is asked for the last fifth, five
times over.

    digits              its patterns; learned from images deformed twice at random, asked for images as they are
    garments, photos    their patches, patterns and colors; learned from images as they are
    pixels              the values themselves

The classifier is ridge regression on the classes as 0 and 1, in the span of the columns (features/span.py), where the
number of features makes no difference: f(x) = k(x)^T A with A = (K + lambda I)^-1 Y. The kernel K = X X^T + c has a
constant for the mean.

All candidates are asked for the same images, so only those count for which one of two is right and the other wrong
(McNemar 1947): n of these and a lead of d would by chance lie within sqrt(n) of 0. The candidate of the rule stays
unless another one leads by more than `CLEARLY` times as much.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nncli.config.recipes import RECIPES, Facts, recipe_defaults
from nncli.data.augmentation.kinds import make_augmentation
from nncli.data.image.image_format import ImageFormat
from nncli.features.column import FeatureColumn
from nncli.features.settings import PIXELS
from nncli.machine.cores import usable_cores
from nncli.run.kept_answers import PART, kept_answers
from nncli.run.mirror_choice import evenly_chosen

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from nncli.data.looks import Looks
    from nncli.data.source import ImageSource, LabeledFiles
    from nncli.features.settings import Features, Shape

PIXELS_ALONE = "pixels"
"""The candidate that is no recipe."""

CANDIDATES = (*RECIPES, PIXELS_ALONE)

FEWEST, MOST = 100, 400
"""Images that say something, and images tried."""

SIDE = 32
"""Pixels of the longer side at which larger images are tried."""

SMALL = {"count": 32, "deep_count": 64, "directions": 32}
"""Most patches, patterns and directions of the small versions."""

N_DEFORMED, N_FOLDS = 2, 5

LAMBDAS = 0.001, 0.01, 0.1, 1.0
"""Ridge penalties, in units of the mean eigenvalue of the kernel; each candidate gets the one that suits it best."""

CLEARLY = 3.0
"""Standard errors by which a candidate has to lead: three of them have the chance to."""


VERSION = 2
"""Part of the name of what is kept of a trial: to be raised when something else is tried."""

Watched: TypeAlias = "Callable[[int], AbstractContextManager[Callable[[int], None]]]"
"""As `Hooks.on_trying`."""


def unwatched(_n_candidates: int) -> AbstractContextManager[Callable[[int], None]]:
    """Nobody watches."""
    return nullcontext(lambda _n: None)


@dataclass(frozen=True)
class Trial:
    """Outcome of a trial.

    Attributes:
        n_images: How many were tried.
        right: Candidate -> whether it was right for each of them, (n_images,).
        rule: The candidate of the rule.
    """

    n_images: int
    right: dict[str, NDArray[np.bool_]]
    rule: str

    @property
    def chosen(self) -> str:
        """The best of those that are clearly better than the rule's, or that one."""
        better = [name for name in self.right if self._lead(name) > CLEARLY]
        return max(better, key=lambda name: int(self.right[name].sum()), default=self.rule)

    def _lead(self, name: str) -> float:
        """How many standard errors it is ahead of the rule's."""
        its, rules = self.right[name], self.right[self.rule]
        return int(its.sum() - rules.sum()) / math.sqrt(max(int((its != rules).sum()), 1))

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {answers.mean():.2f}" for name, answers in self.right.items())
        change = f"; {self.chosen} instead of {self.rule}" if self.chosen != self.rule else ""
        return f"tried on {self.n_images} images: {shares}{change}"


def try_recipes(
    source: ImageSource,
    files: LabeledFiles,
    looks: Looks,
    image_format: ImageFormat,
    rule: str,
    on_trying: Watched = unwatched,
    *,
    is_kept: bool = False,
) -> Trial | None:
    """Try all candidates on some of the training images; None where these are too few to say anything.

    Args:
        source: The images.
        files: Those to train on.
        looks: What they look like.
        image_format: Size and color that they will get.
        rule: The recipe that suits what they look like.
        on_trying: Told how many there are, and of each in the context that it gives.
        is_kept: Whether what came of it, and what was decoded for it, is kept in the cache for the next time.
    """
    n = len(files.paths)
    if n < FEWEST:
        return None
    chosen = evenly_chosen(n, looks, MOST)
    sides = image_format.height, image_format.width
    height, width = (max(1, round(side * min(1.0, SIDE / max(sides)))) for side in sides)
    image_format = ImageFormat(height, width, image_format.color, image_format.resize)
    with on_trying(len(CANDIDATES)) as on_tried:  # loading takes its time, too
        paths = [files.paths[i] for i in chosen]
        loaded = source.load(paths, image_format, cached=is_kept, part=PART)
        labels = np.array(files.labels, np.intp)[chosen[loaded.kept]]
        if len(labels) < FEWEST:
            return None
        features = {name: _small_features(name, n, image_format.shape) for name in CANDIDATES}

        def make() -> NDArray[np.uint8]:
            return _right(features, image_format, loaded.pixels, labels, on_tried).T.astype(np.uint8)

        depends_on = VERSION, LAMBDAS, features, image_format.to_dict(), labels.tolist()
        root = source.root if is_kept else None
        answers = kept_answers(", ".join(CANDIDATES), depends_on, loaded.pixels, len(CANDIDATES), make, root)
        return Trial(len(labels), dict(zip(CANDIDATES, answers.T.astype(np.bool_), strict=True)), rule)


def _right(
    features: dict[str, Features],
    image_format: ImageFormat,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.intp],
    on_tried: Callable[[int], None],
) -> NDArray[np.bool_]:
    """Whether each candidate, by its features, is right for each of such images, (candidates, m)."""

    def tried(name: str) -> NDArray[np.bool_]:
        learned, asked = _columns(features[name], image_format, pixels, is_deformed=name == "digits")
        return right_when_left_out(learned, asked, labels, int(labels.max()) + 1)

    right = np.empty((len(features), len(labels)), np.bool_)
    with ThreadPoolExecutor(min(usable_cores(), len(features))) as threads:
        for answers, own in zip(threads.map(tried, features), right, strict=True):
            own[:] = answers
            on_tried(1)
    return right


def _small_features(name: str, n_images: int, shape: Shape) -> Features:
    """The features of a candidate, with fewer patches and patterns."""
    if name == PIXELS_ALONE:
        return PIXELS
    blocks = recipe_defaults(name, "quick", Facts(n_images, shape))["data.features"]
    keys = [SMALL.keys() & {field.name for field in fields(block)} for block in blocks]
    return tuple(
        replace(block, **{key: min(SMALL[key], getattr(block, key)) for key in sorted(own)})
        for block, own in zip(blocks, keys, strict=True)
    )


def _columns(
    features: Features, image_format: ImageFormat, pixels: NDArray[np.uint8], *, is_deformed: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Columns of what is learned from, (n_versions, m, n), and of the images as they are, (m, n)."""
    column = FeatureColumn.fit(features, image_format.shape, pixels, seed=0)
    asked = np.empty((len(pixels), column.n_features), np.float32)
    column.extract(pixels, asked)
    augmentation = make_augmentation("digits", image_format) if is_deformed else None
    if augmentation is None:
        return asked[np.newaxis], asked
    rng, learned = np.random.default_rng(0), np.empty((N_DEFORMED, *asked.shape), np.float32)
    for version in learned:
        deformed = pixels.copy()
        augmentation.apply(deformed, rng)
        column.extract(deformed, version)
    return learned, asked


def right_when_left_out(
    learned: NDArray[Any], asked: NDArray[Any], labels: NDArray[np.intp], n_classes: int
) -> NDArray[np.bool_]:
    """Whether each image is told right by a ridge regression that has not seen any version of it, (m,).

    Args:
        learned: Feature columns of the versions of the images that are learned from, as rows, (n_versions, m, n).
        asked: Those of the images that are asked for, (m, n).
        labels: Of the images, (m,).
        n_classes: How many.
    """
    n_versions, m, n = learned.shape
    mean, deviation = asked.mean(axis=0), asked.std(axis=0)
    deviation = np.maximum(deviation, max(1e-2 * float(deviation.mean()), 1e-9))
    X, Q = (learned.reshape(-1, n) - mean) / deviation, (asked - mean) / deviation
    K, k = (X @ X.T).astype(np.float64), (Q @ X.T).astype(np.float64)
    unit = max(float(np.trace(K)) / len(K), 1e-9)
    K, k, Y = K + unit, k + unit, np.tile(np.eye(n_classes)[labels], (n_versions, 1))
    fold = np.random.default_rng(0).permutation(m) % N_FOLDS
    best = np.zeros(m, np.bool_)
    for relative in LAMBDAS:
        right = np.empty(m, np.bool_)
        for number in range(N_FOLDS):
            others, own = np.tile(fold != number, n_versions), fold == number
            ridge = K[np.ix_(others, others)] + relative * unit * np.eye(int(others.sum()))
            answers = k[np.ix_(own, others)] @ np.linalg.solve(ridge, Y[others])
            right[own] = answers.argmax(axis=1) == labels[own]
        best = max(best, right, key=lambda answers: int(answers.sum()))
    return best
