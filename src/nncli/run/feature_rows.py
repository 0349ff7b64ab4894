"""Feature columns of a whole data set: fitted on its training images, computed once, kept as bytes.

Training looks at every feature column again in each epoch, so it is worth keeping them, and a byte for each entry is
enough to train on: between the smallest and the largest value of a feature lie 255 steps, far less than what two photos
of the same thing differ by. Prediction computes with the exact values.

    byte = (feature - low) / step            network input = byte * (step * scale) + (low * scale + offset)

In memory and in the cache the bytes are treated like pixels: rows that can be more than fit into memory.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.cache import Rows, cached
from nncli.data.cache_folder import FEATURES, About
from nncli.data.pixel_rows import MemoryReturner
from nncli.data.scaling import Scaling
from nncli.features.column import FeatureColumn
from nncli.features.settings.looks import n_looks as looks_of
from nncli.machine.backend import HOST, on_host, processes_beside
from nncli.machine.divide import divide, shared_array
from nncli.machine.ranks import ALONE, Ranks, share
from nncli.model.half_precision import rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.data.pixel_rows import PixelRows
    from nncli.features.settings import Features, Shape
    from nncli.run.trained_patterns import Lesson

VERSION = 3
"""Part of the name of a cache entry: to be raised when blocks compute something else."""

SAMPLE_BYTES = 1 << 28
MOST_SAMPLE_IMAGES = 10_000
"""Images that the blocks learn from: more teach them nothing new."""

MOST_SCALING_IMAGES = 400
"""Of these, images that mean, deviation and limits are taken from."""

CHUNK = 32
"""Images at a time."""

SHOWN = 1 << 25
"""Bytes of features in a file that count as a process's memory while they are computed, and while they are read."""

FEW = 64
"""Fewer images than this are not worth starting processes for."""

STEPS = 255
MARGIN = 0.2
"""Room above and below the range seen, as a share of it; what lies further out is cut off in training."""

FLATTEST = 0.01
"""Smallest deviation used, as a share of the block's average: a feature that hardly ever changes is not blown up."""


@dataclass(frozen=True)
class FittedFeatures:
    """A feature column with what the network and the store of bytes need to know about its values.

    Attributes:
        column: The blocks.
        scaling: From features to network input: mean 0 and standard deviation 1 over the training images.
        low, step: From features to bytes, (n_0,) float32 each.
        known: Bytes of the training images, (m, n_0), where the scaling was taken from all of them; else None.
    """

    column: FeatureColumn
    scaling: Scaling
    low: NDArray[np.float32]
    step: NDArray[np.float32]
    known: NDArray[np.uint8] | None = None

    @property
    def scaling_of_bytes(self) -> Scaling:
        """From bytes to network input."""
        scale, offset = self.scaling.scale, self.scaling.offset
        return Scaling(self.step * scale, self.low * scale + offset)

    def moved_to(self, like: NDArray[Any]) -> FittedFeatures:
        """The same, computed where `like` lies; the scaling stays."""
        low, step = (np.asarray(each, like=like) for each in (self.low, self.step))
        return replace(self, column=self.column.moved_to(like), low=low, step=step)

    def to_bytes(self, features: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
        """Write feature columns, (m, n_0), which are changed, to `out`, likewise, on this machine."""
        features -= self.low
        features /= self.step
        np.rint(features, out=features)
        np.clip(features, 0, STEPS, out=features)
        out[:] = on_host(features.astype(np.uint8))


def fit_features(
    features: Features,
    shape: Shape,
    images: PixelRows,
    seed: int,
    learned: FeatureColumn | None = None,
    on_block: Callable[[int], None] = lambda _n: None,
    ranks: Ranks = ALONE,
    lesson: Lesson | None = None,
    looks: str = "whole",
    like: NDArray[Any] = HOST,
) -> FittedFeatures:
    """Learn what the blocks need from training images.

    Args:
        features: The settings of the blocks.
        shape: Height, width and channels.
        images: Training images alone.
        seed: Of the run.
        learned: What an earlier part of the run has learned, if there was one.
        on_block: Told of every block that has learned, and of the scaling.
        ranks: The first of them learns, all compute what the scaling is taken from.
        lesson: For blocks that learn from labels, too; None: none does.
        looks: At the images, see `FeatureColumn`.
        like: An array: features are computed where it lies. What is learned is learned, and stays, on this machine.
    """
    sample = _sample(images, np.random.default_rng([seed, len(images)]))

    def learn() -> FeatureColumn:
        column = FeatureColumn.fit(features, shape, sample, seed, on_block, looks)
        if lesson is not None:
            from nncli.run.trained_patterns import trained  # most runs have none

            column = trained(column, images, lesson, seed)
        arrays = {name: rounded(array) for name, array in column.arrays().items()}  # for a small model file
        return FeatureColumn.from_arrays(features, shape, arrays, looks)

    column = learned or ranks.from_first(learn)
    seen = sample[:: max(1, len(sample) // MOST_SCALING_IMAGES)]
    values = _values(column.moved_to(like), seen, ranks)
    fitted = _fitted(column, values)
    on_block(1)
    if ranks.size > 1 or len(seen) < len(images):
        return fitted
    known = np.empty(values.shape, np.uint8)
    fitted.to_bytes(values, known)
    return replace(fitted, known=known)


def _fitted(column: FeatureColumn, values: NDArray[np.float32]) -> FittedFeatures:
    """The scaling and the limits of features, of which some are `values`, (m, n_0)."""
    mean, deviation = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    scale = np.concatenate(
        [1 / np.maximum(deviation[part], max(FLATTEST * deviation[part].mean(), 1e-6)) for part in column.entries()]
    )
    low, high = values.min(axis=0), values.max(axis=0)
    margin = MARGIN * (high - low)
    step = np.maximum((high - low + 2 * margin) / STEPS, 1e-9)
    scaling = Scaling(scale.astype(np.float32), (-mean * scale).astype(np.float32))
    return FittedFeatures(column, scaling, (low - margin).astype(np.float32), step.astype(np.float32))


def _sample(images: PixelRows, rng: np.random.Generator) -> PixelRows:
    """Some of the images, or all if they are few."""
    n = min(len(images), MOST_SAMPLE_IMAGES, max(SAMPLE_BYTES // images.n_values, 1))
    return images.some(np.sort(rng.choice(len(images), n, replace=False)))


def _values(column: FeatureColumn, pixels: NDArray[np.uint8], ranks: Ranks) -> NDArray[np.float32]:
    """The exact features of some images, (m, n_0)."""
    own = pixels[share(ranks, len(pixels))]
    values = shared_array((len(own), column.n_features), np.float32)

    def work(start: int, stop: int) -> None:
        features = np.empty((stop - start, column.n_features), np.float32, like=column.like)
        column.extract(own[start:stop], features)
        values[start:stop] = on_host(features)

    _divide(len(own), work, column)
    return ranks.joined(values, [len(own)])


def feature_rows(
    fitted: FittedFeatures,
    images: PixelRows,
    on_progress: Callable[[int], None] = lambda _n: None,
    *,
    n_more: int = 0,
    n_looks: int = 2,
    is_training: bool = False,
    kept_as: About | None = None,
    on_note: Callable[[str], None] = lambda _note: None,
) -> NDArray[np.uint8]:
    """The feature columns of `images`, and of more looks at some, as bytes, from the cache if they are there.

    Args:
        fitted: From `fit_features`, perhaps moved to a GPU, which then computes them.
        images: The images.
        on_progress: Told the number of images just finished.
        n_more: The first ones of them are wanted in more looks than one: mirrored, at parts.
        n_looks: Looks at these, the first included.
        is_training: The first ones are the training images that `fitted` was fitted on.
        kept_as: What the cache is to keep them as, see `cache_entry`; by default they are not kept.
        on_note: Told in a line why they could not be kept.

    Returns:
        (m + n_more (n_looks - 1), n_0): those of the second look come after all images, and so on.
    """

    def compute(memory: NDArray[np.uint8] | None) -> Rows:
        shape = len(images) + n_more * (n_looks - 1), fitted.column.n_features
        rows = shared_array(shape, np.uint8) if memory is None else memory
        return Rows(_filled(fitted, images, rows, on_progress, n_more, fitted.known if is_training else None))

    made = compute(None) if kept_as is None else cached(kept_as.preprocessing, kept_as, compute, on_progress, on_note)
    return made.values


def cache_entry(fitted: FittedFeatures, data: str, source: str, n_images: int) -> About:
    """Cache entry of the features of some images.

    Args:
        fitted: How they are computed.
        data: A digest of the images.
        source: The folder they come from.
        n_images: How many.
    """
    column = fitted.column
    settings = [block.to_dict() for block in column.features]
    digest = hashlib.blake2b(json.dumps([VERSION, np.__version__, data, settings]).encode(), digest_size=20)
    for array in (*column.arrays().values(), fitted.low, fitted.step):
        digest.update(np.ascontiguousarray(array).data)
    words = ", ".join(block.kind for block in column.features)
    return About(FEATURES, source, words, digest.hexdigest(), n_images, 0, column.n_features, [])


def _filled(
    fitted: FittedFeatures,
    images: PixelRows,
    rows: NDArray[np.uint8],
    on_progress: Callable[[int], None],
    n_more: int,
    known: NDArray[np.uint8] | None,
) -> NDArray[np.uint8]:
    """`rows`, see `feature_rows`, with the features of `images` written into them by all processes.

    The first look at the first of them is copied where it is `known`.
    """
    m, n_known = len(images), 0 if known is None else len(known)
    n_looks = 1 + ((len(rows) - m) // n_more if n_more else 0)
    is_mirrored = n_looks > looks_of(fitted.column.looks)

    returner = MemoryReturner(rows, SHOWN)

    def work(start: int, stop: int) -> None:
        pixels = images.take(slice(start, stop), np.empty((stop - start, images.n_values), np.uint8))
        looks = np.empty((n_looks, stop - start, rows.shape[1]), np.float32, like=fitted.low)
        n, there = (max(min(stop, count) - start, 0) for count in (n_more, n_known))
        if n:
            fitted.column.extract_looks(pixels[:n], looks[:, :n], mirrored=is_mirrored, is_first_known=there > 0)
        rest = max(n, there)
        if rest < stop - start:
            fitted.column.extract(pixels[rest:], looks[0, rest:])
        fitted.to_bytes(looks[0, there:], rows[start + there : stop])
        if known is not None:
            rows[start : start + there] = known[start : start + there]
        for number, look in enumerate(looks[1:, :n]):
            first = m + number * n_more + start
            fitted.to_bytes(look, rows[first : first + n])
        returner.used(stop - start + (n_looks - 1) * n)

    done = told = 0

    def tell(n: int) -> None:  # of images and mirror images alike
        nonlocal told, done
        done += n
        now = done * len(rows) // m
        on_progress(now - told)
        told = now

    _divide(m, work, fitted.column, tell)
    return rows


def _divide(
    n_items: int,
    work: Callable[[int, int], None],
    column: FeatureColumn,
    on_progress: Callable[[int], None] = lambda _n: None,
) -> None:
    """Compute features of a column by several processes, or by this one where they are few."""
    divide(n_items, CHUNK, work, processes_beside(column.like) if n_items >= FEW else 1, on_progress)
