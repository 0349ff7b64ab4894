"""How large a trial is: so many images and epochs that several trials end within the budget.

What a training costs is measured on some of the images, for one epoch:

    seconds(s) = learning + s * (features + epochs * epoch)            s: share of the whole training

Images are left out first, down to `FEWEST_IMAGES`, then epochs. Small trainings rank settings roughly as whole ones do;
what is best among them is trained again, as large as time allows, and judged anew (successive halving: Jamieson and
Talwalkar 2016, here with two rounds).
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.split import grouped_split, last_split, stratified_split
from nncli.errors import TrainingError
from nncli.run.cross_validation import groups_of, times_of
from nncli.run.dataset import strata
from nncli.run.hooks import NOBODY, Hooks
from nncli.run.loading import learn
from nncli.run.plan import resolve_layer_dims
from nncli.run.trainer import make_trainer
from nncli.training.communicator import SingleProcess

if TYPE_CHECKING:
    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.plan import Plan

MEASURED = 500
"""Images that a cost is measured on."""

FEWEST_IMAGES = 1000
"""Images that a small training keeps, where there are so many; fewer tell little."""

FEWEST_SET_ASIDE = 20
"""Images below which none are set aside for the verdict."""

MOST_SET_ASIDE = 10_000


@dataclass(frozen=True)
class Cost:
    """Seconds of a whole training, apart from what no share of it saves.

    Attributes:
        learning: To learn features, whatever the number of images.
        work: All the rest, which grows with images and epochs.
    """

    learning: float
    work: float

    def seconds(self, share: float) -> float:
        """Of a training of this share."""
        return self.learning + share * self.work

    def share(self, seconds: float) -> float:
        """The largest share that takes no longer, 0..1; a little even where nothing would fit."""
        return min(1.0, max((seconds - self.learning) / max(self.work, 1e-9), 1e-6))


def measured_cost(plan: Plan, training: ImageSet, validation: ImageSet, hooks: Hooks = NOBODY) -> Cost:
    """The cost of training `plan` on these images, told from one epoch on some of them; the hooks watch."""
    share = min(1.0, MEASURED / len(training.rows))
    task = plan.config.data.task
    sample = part_of(training, share, 0, task), part_of(validation, share, 0, task)
    started = time.perf_counter()
    experiment = learn(sized(plan, len(sample[0].rows), None), *sample, hooks)
    learned = time.perf_counter()
    with hooks.on_features(experiment.n_featured) as on_progress:
        trainer = make_trainer(experiment, SingleProcess(), on_progress)
    made = time.perf_counter()
    with contextlib.suppress(TrainingError):  # its loss is not finite: it takes as long all the same
        next(trainer.run())
    epoch = time.perf_counter() - made
    grown = len(training.rows) / len(sample[0].rows)
    return Cost(learned - started, grown * (made - learned + plan.config.training.epochs * epoch))


def resized(plan: Plan, training: ImageSet, validation: ImageSet, share: float) -> tuple[Plan, ImageSet, ImageSet]:
    """A plan and images for a `share` of the whole training, 0..1: fewer images, then fewer epochs."""
    images = min(1.0, max(share, FEWEST_IMAGES / len(training.rows)))
    epochs = None if share >= images else max(1, round(plan.config.training.epochs * share / images))
    seed = plan.config.training.seed
    task = plan.config.data.task
    chosen = part_of(training, images, seed, task)
    kept = min(1.0, max(images, FEWEST_IMAGES / len(validation.rows)))
    return sized(plan, len(chosen.rows), epochs), chosen, part_of(validation, kept, seed, task)


def part_of(images: ImageSet, share: float, seed: int, task: str) -> ImageSet:
    """A `share` of some images, 0..1, the same of each class or label and at least one."""
    if share >= 1:
        return images
    of_image = np.array(strata(images, task))
    rest, part = stratified_split(of_image.tolist(), share, seed)
    alone = rest[~np.isin(of_image[rest], of_image[part])]  # of a class of one
    return images.chosen(np.union1d(part, alone))


def sized(plan: Plan, n_training: int, epochs: int | None) -> Plan:
    """The same plan for so many training images, and for other epochs than its own unless None."""
    config_file = plan.config_file
    if epochs is not None:
        warmup = min(plan.config.training.warmup_epochs, epochs - 1)
        config_file = config_file.with_values({"training.epochs": epochs, "training.warmup_epochs": warmup})
    return replace(plan, config_file=config_file, layer_dims=resolve_layer_dims(config_file, plan.source, n_training))


def set_aside(experiment: Experiment) -> tuple[ImageSet, ImageSet | None]:
    """Training images to try settings on, and others for the verdict; None where there are too few to spare.

    As many are set aside as there are validation images, but a fifth at most: groups are not divided, and of images in
    an order the last ones. Pictures of side cameras go with their row, and are never judged by.
    """
    images, config = experiment.training, experiment.config
    center_of = _centers(experiment)
    judged = np.array([i for i, path in enumerate(images.paths) if path not in center_of], np.intp)
    share = min(len(experiment.validation.rows) / len(judged), 0.2, MOST_SET_ASIDE / len(judged))
    if share * len(judged) < FEWEST_SET_ASIDE:
        return images, None
    labels, seed = np.array(strata(images, config.data.task))[judged], config.training.seed
    groups = groups_of(experiment, config.data.groups)
    times = times_of(experiment.plan, [images.paths[i] for i in judged])
    if times is not None:
        aside = judged[last_split(times, share)[1]]
    elif groups is None:
        aside = judged[stratified_split(labels.tolist(), share, seed)[1]]
    else:
        aside = judged[grouped_split(labels.tolist(), share, seed, [groups[i] for i in judged])[1]]
    away = {images.paths[i] for i in aside}
    kept = np.array([i for i, path in enumerate(images.paths) if center_of.get(path, path) not in away], np.intp)
    lost = config.data.task == "classification" and set(images.labels[kept]) != set(range(len(experiment.classes)))
    if lost or not len(aside):
        return images, None
    return images.chosen(kept), images.chosen(aside)


def _centers(experiment: Experiment) -> dict[str, str]:
    """Of every picture of a side camera the one of its row."""
    sides = experiment.plan.source.sides
    return {side: center for center, files in sides.items() for side in files.paths}
