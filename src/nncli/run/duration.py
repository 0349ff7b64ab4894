"""How long a training will take, told before it starts: a few steps on a few images, timed, times how many there are.

    seconds = images * seconds of an image's features             once, or for both versions of a mirrored image
            + projection                                          first operations, counted, and then passes, measured
            + epochs * (training images * seconds of an image in a step + validation images * a third of this)
            + validation images * seconds of their exact features, which the report is made from
            + start and end

The steps are real ones, of a trainer like the one to come: with its augmentation, ensemble and processes. A validation
image goes forward only, which is one of the three products of a step. The projection on principal directions begins
with work that does not grow with the number of images as all else does: its operations are counted, at a rate that a
core of 2020 reaches. The passes over all columns that follow are measured on random ones.

It is told for the machine as busy as it is now. A validation that ends training early makes it shorter.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.pixel_rows import PixelRows
from nncli.features.settings.looks import n_votes
from nncli.features.span import BLOCK_VALUES, MOST_COLUMNS, MOST_EXACT, PASSES, ScaledRows, one_pass
from nncli.machine.forking import number_of_processes
from nncli.run.hooks import NOBODY
from nncli.run.trainer import communicator_of, make_trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.hooks import Hooks
    from nncli.training.loop import Trainer

FEWEST_IMAGES, MOST_VALIDATION = 192, 64
"""Images that are timed: two batches of training images, and no fewer than this; of several looks at each, fewer."""

SECONDS = 1.0
"""Time spent on steps."""

FEWEST_STEPS, NOT_COUNTED = 4, 2
"""Steps that are timed at least, and those before them, in which memory is touched for the first time."""

START_AND_END = 1.0
"""Seconds in which modules are imported and files written."""

RATE = 3e10
"""Floating-point operations in a second, of one core."""


def predicted_seconds(experiment: Experiment, hooks: Hooks = NOBODY) -> float:
    """Seconds that `make_trainer` and its epochs will take on this experiment, measured on a part; the hooks watch."""
    training, validation = experiment.config.training, experiment.validation
    m, n_validation = len(experiment.training.labels), len(validation.labels)
    batch_size = m if training.batch_size == "full" else min(training.batch_size, m)
    part = _part(experiment, max(FEWEST_IMAGES // max(experiment.n_looks, 1), 2 * batch_size))
    with hooks.on_features(part.n_featured + part.n_visited) as on_progress:
        watch = _FeatureWatch(part.n_featured, on_progress)
        trainer = make_trainer(part, communicator_of(experiment), watch)
    data = experiment.config.data
    votes = n_votes(data.looks, mirrored=data.test_time_augmentation == "mirror")
    n_columns = experiment.n_featured + (n_validation * votes if experiment.n_featured else 0)  # these for the report
    epochs = training.epochs * _seconds_of_an_example(trainer, len(part.validation.labels)) * (m + n_validation / 3)
    return watch.seconds_of_a_column * n_columns + _seconds_of_projection(experiment) + epochs + START_AND_END


class _FeatureWatch:
    """Tells how long features take, without the directions that are found after them.

    Args:
        n_columns: How many there will be.
        on_progress: To be told, too.
    """

    def __init__(self, n_columns: int, on_progress: Callable[[int], None]) -> None:
        self._n_columns, self._on_progress, self._n_done = n_columns, on_progress, 0
        self._started = self._last = time.perf_counter()

    def __call__(self, n: int) -> None:
        self._on_progress(n)
        self._n_done += n
        if self._n_done <= self._n_columns:
            self._last = time.perf_counter()

    @property
    def seconds_of_a_column(self) -> float:
        """Seconds from the start to the last column, for each of them."""
        return (self._last - self._started) / max(self._n_columns, 1)


def seconds_of_patterns(experiment: Experiment, n_epochs: int) -> float:
    """Seconds in which `trained` would train the patterns of the feature column for so many epochs.

    One epoch, and then two, of a few images tell what cutting their windows takes, and what an epoch.
    """
    from nncli.run.trained_patterns import EPOCHS_OF_SAME, Lesson, most_images, trained

    part, column, seconds = _some(experiment.training, FEWEST_IMAGES), experiment.column, [0.0]
    for epochs in (1, 2):
        started = time.perf_counter()
        trained(column, PixelRows(part.pixels, part.rows), Lesson(part.labels, epochs, is_mirrored=False), 0)
        seconds.append(time.perf_counter() - started)
    epoch = max(seconds[2] - seconds[1], 0)
    cutting = max(seconds[1] - epoch, 0)
    n = min(len(experiment.training.labels), most_images(column))
    return n / len(part.labels) * (n_epochs * epoch + -(-n_epochs // EPOCHS_OF_SAME) * cutting)


def _part(experiment: Experiment, n: int) -> Experiment:
    """Some of the images, as an experiment of its own that keeps nothing in the cache."""
    file = experiment.plan.config_file.with_values({"data.cache": "off"})
    return replace(
        experiment,
        plan=replace(experiment.plan, config_file=file),
        training=_some(experiment.training, n),
        validation=_some(experiment.validation, MOST_VALIDATION),
        span=replace(experiment.span),
    )


def _some(images: ImageSet, n: int) -> ImageSet:
    m = len(images.labels)
    return images.chosen(np.linspace(0, m - 1, min(n, m)).astype(np.intp))


def _seconds_of_an_example(trainer: Trainer, n_validation: int) -> float:
    """Seconds of a training example in a step; each epoch, these validation images go forward, too."""
    times, examples, n_more = [time.perf_counter()], [0.0], 0.0

    def on_batch(m: int) -> None:
        nonlocal n_more
        times.append(time.perf_counter())
        examples.append(m + n_more)
        n_more = 0.0

    def is_enough() -> bool:
        return len(times) > NOT_COUNTED + FEWEST_STEPS and times[-1] - times[0] > SECONDS

    for _ in trainer.run(is_enough, on_batch):
        if is_enough():
            break
        n_more = n_validation / 3  # within the time of the next batch
    first = min(NOT_COUNTED, len(times) - 2)
    return (times[-1] - times[first]) / sum(examples[first + 1 :])


def _seconds_of_projection(experiment: Experiment) -> float:
    """Seconds to find the principal directions of all training columns, if any are wanted, and to project on them."""
    config = experiment.config
    if config.network.project == "none":
        return 0.0
    n, r = config.data.n_features, experiment.plan.layer_dims[0]
    n_columns = len(experiment.training.labels) * max(experiment.n_looks, 1)
    m = min(n_columns, MOST_COLUMNS)
    few = min(m, MOST_EXACT)
    start = (2 * few * few * n + 2 * few * n * r + 10 * few**3) / RATE
    n_passes = PASSES + 0.5 if m > MOST_EXACT else 0  # the last one, and projecting, is one of a pass's two products
    visits = n_passes * m + 0.5 * (n_columns + len(experiment.validation.labels))
    return start + visits * _seconds_of_a_visit(n, r, experiment.like)


def _seconds_of_a_visit(n: int, r: int, like: NDArray[Any]) -> float:
    """Seconds of a column in a pass that looks for r directions of n entries, every core being busy with some."""
    m, rng = number_of_processes() * max(1, BLOCK_VALUES // n), np.random.default_rng(0)
    V, scale = rng.standard_normal((n, r), np.float32), np.asarray(np.ones(n, np.float32), like=like)
    columns = ScaledRows(rng.integers(256, size=(m, n), dtype=np.uint8), scale, 0 * scale)
    for _ in range(2):  # the first time, memory is touched
        started = time.perf_counter()
        one_pass(columns, np.zeros(n), V)
    return (time.perf_counter() - started) / m


def in_words(seconds: float) -> str:
    """A duration as one says it: about 8 s, about 3 min, about 2 h."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {seconds / 60:.0f} min" if seconds < 90 * 60 else f"about {seconds / 3600:.1f} h"
