"""How long a training will take, told before it starts: a few steps on a few images, timed, times how many there are.

    seconds = images * seconds of an image's features             once, or for both versions of a mirrored image
            + projection                                          counted, see below
            + epochs * (training images * seconds of an image in a step + validation images * a third of this)
            + validation images * seconds of their exact features, which the report is made from
            + start and end

The steps are real ones, of a trainer like the one to come: with its augmentation, ensemble and processes. A validation
image goes forward only, which is one of the three products of a step. The projection on principal directions does not
grow with the number of images as all else does: its operations are counted, at a rate that two cores of 2020 reach.

It is told for the machine as busy as it is now. A validation that ends training early makes it shorter.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.pixel_rows import PixelRows
from nncli.features.settings.looks import n_votes
from nncli.features.span import MOST_COLUMNS, MOST_EXACT, PASSES
from nncli.run.hooks import NOBODY
from nncli.run.trainer import communicator_of, make_trainer

if TYPE_CHECKING:
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
"""Floating-point operations in a second."""


def predicted_seconds(experiment: Experiment, hooks: Hooks = NOBODY) -> float:
    """Seconds that `make_trainer` and its epochs will take on this experiment, measured on a part; the hooks watch."""
    training, validation = experiment.config.training, experiment.validation
    m, n_validation = len(experiment.training.labels), len(validation.labels)
    batch_size = m if training.batch_size == "full" else min(training.batch_size, m)
    part = _part(experiment, max(FEWEST_IMAGES // max(experiment.n_looks, 1), 2 * batch_size))
    started = time.perf_counter()
    with hooks.on_features(part.n_featured + part.n_visited) as on_progress:
        trainer = make_trainer(part, communicator_of(experiment), on_progress)
    preparing = time.perf_counter() - started
    features, report = preparing, 0.0
    if experiment.n_featured:
        data = experiment.config.data
        votes = n_votes(data.looks) * (2 if data.test_time_augmentation == "mirror" else 1)
        features = preparing / part.n_featured * experiment.n_featured
        report = preparing / part.n_featured * n_validation * votes
    epochs = training.epochs * _seconds_of_an_example(trainer) * (m + n_validation / 3)
    return features + _seconds_of_projection(experiment) + epochs + report + START_AND_END


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


def _seconds_of_an_example(trainer: Trainer) -> float:
    """Seconds of a training example in a step."""
    times, examples = [time.perf_counter()], [0]

    def on_batch(m: int) -> None:
        times.append(time.perf_counter())
        examples.append(m)

    def is_enough() -> bool:
        return len(times) > NOT_COUNTED + FEWEST_STEPS and times[-1] - times[0] > SECONDS

    for _ in trainer.run(is_enough, on_batch):
        if is_enough():
            break
    first = min(NOT_COUNTED, len(times) - 2)
    return (times[-1] - times[first]) / sum(examples[first + 1 :])


def _seconds_of_projection(experiment: Experiment) -> float:
    """Seconds to find the principal directions of all training columns, if any are wanted."""
    config = experiment.config
    if config.network.project == "none":
        return 0.0
    n, r = config.data.n_features, experiment.plan.layer_dims[0]
    m = min(len(experiment.training.labels) * max(experiment.n_looks, 1), MOST_COLUMNS)
    few = min(m, MOST_EXACT)
    passes = 0 if m <= MOST_EXACT else (4 * PASSES + 2) * m * n * r
    return (2 * few * few * n + 10 * few**3 + passes) / RATE


def in_words(seconds: float) -> str:
    """A duration as one says it: about 8 s, about 3 min, about 2 h."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {seconds / 60:.0f} min" if seconds < 90 * 60 else f"about {seconds / 3600:.1f} h"
