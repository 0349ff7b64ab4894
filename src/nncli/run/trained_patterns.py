"""Patterns of a feature column trained by backpropagation, on as many training images at a time as fit into memory.

The mathematics is in training/patterns.py. Here windows are cut and whitened by all processes, and the column gets its
new patterns. Where images are mirrored in training, half of them are seen mirrored here, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.features.column import FeatureColumn
from nncli.features.deep_patches import DIRECTIONS, DeepPatchesBlock
from nncli.machine.divide import divide, shared_array
from nncli.machine.forking import number_of_processes
from nncli.training.patterns import PatternNetwork, train_patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from nncli.data.pixel_rows import PixelRows
    from nncli.features.deep_patches import Patterns

    Whole = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

MOST_WINDOW_BYTES = 1 << 29
"""Of the whitened windows, all in memory: those of 18,000 images of 32x32."""

EPOCHS_OF_SAME = 6
"""Epochs in a row that look at the same windows: to cut other ones takes as long as an epoch."""

TOGETHER = 32
"""Images whose windows are cut at a time."""

MANY_IMAGES = 64
"""Images from which on several processes cut windows."""


@dataclass(frozen=True)
class Lesson:
    """Facts about the training images that patterns learn from.

    Attributes:
        labels: Class indices, (m,).
        epochs: For which patterns are trained.
        is_mirrored: Whether mirror images may stand for them.
        on_epoch: Told of every epoch of a block when it begins.
    """

    labels: NDArray[np.intp]
    epochs: int
    is_mirrored: bool
    on_epoch: Callable[[int], None] = lambda _n: None


def trained(column: FeatureColumn, images: PixelRows, lesson: Lesson, seed: int) -> FeatureColumn:
    """The column with the patterns of its blocks trained, where they have just been learned.

    Args:
        column: As it was learned without labels.
        images: All training images.
        lesson: About them.
        seed: Of the run.
    """
    blocks = list(column.blocks)
    for i, block in enumerate(column.blocks):
        if isinstance(block, DeepPatchesBlock):
            rng = np.random.default_rng([seed, i, len(blocks), 1])
            blocks[i] = _trained_block(block, images, lesson, rng, column.whole)
    return FeatureColumn(column.features, column.shape, blocks, column.looks)


def most_images(column: FeatureColumn) -> int:
    """Images that the patterns of a column see at a time."""
    return max((_most_images(block) for block in column.blocks if isinstance(block, DeepPatchesBlock)), default=0)


def _most_images(block: DeepPatchesBlock) -> int:
    return max(MOST_WINDOW_BYTES // (2 * math.prod(block.positions) * DIRECTIONS), 1)


def _trained_block(
    block: DeepPatchesBlock, images: PixelRows, lesson: Lesson, rng: np.random.Generator, whole: Whole
) -> DeepPatchesBlock:
    patterns = block.patterns
    if patterns is None:
        return block
    threshold, n_classes = block.settings.deep_threshold, int(lesson.labels.max()) + 1
    network = PatternNetwork(patterns.directions, threshold, block.cells, n_classes)
    epochs = _epochs(block, patterns, images, lesson, rng, whole)
    return block.with_patterns(patterns._replace(directions=train_patterns(epochs, lesson.epochs, network, rng)))


def _epochs(
    block: DeepPatchesBlock,
    patterns: Patterns,
    images: PixelRows,
    lesson: Lesson,
    rng: np.random.Generator,
    whole: Whole,
) -> Iterator[tuple[NDArray[np.float16], NDArray[np.intp]]]:
    """Windows and labels for each epoch: of the same images for a few epochs, then of others."""
    shape = math.prod(block.positions), int(patterns.directions.shape[1])
    n = min(len(images), _most_images(block))
    windows = shared_array((n, math.prod(shape)), np.float16).reshape(n, *shape)
    for epoch in range(lesson.epochs):
        if epoch % EPOCHS_OF_SAME == 0:
            chosen = np.sort(rng.choice(len(images), n, replace=False))
            is_mirrored = rng.random(n) < (0.5 if lesson.is_mirrored else 0)

            def work(
                start: int, stop: int, chosen: NDArray[np.intp] = chosen, mirrored: NDArray[np.bool_] = is_mirrored
            ) -> None:
                pixels = images.take(chosen[start:stop], np.empty((stop - start, images.n_values), np.uint8))
                some, its = whole(pixels), mirrored[start:stop]
                some[its] = some[its, :, ::-1]
                block.whitened(some, patterns, windows[start:stop])

            divide(n, TOGETHER, work, number_of_processes() if n >= MANY_IMAGES else 1)
        lesson.on_epoch(1)
        yield windows, lesson.labels[chosen]
