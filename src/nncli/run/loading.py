"""From a plan to its images, watched; `check` goes no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.features.settings import PIXELS
from nncli.machine.ranks import ALONE, Ranks
from nncli.run.dataset import load_sets, with_features
from nncli.run.hooks import NOBODY, Hooks

if TYPE_CHECKING:
    from nncli.data.loading import BadImage
    from nncli.model.file import Model
    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.plan import Plan


def load(plan: Plan, hooks: Hooks = NOBODY, learned: Model | None = None, ranks: Ranks = ALONE) -> Experiment:
    """Load the images of a plan.

    Args:
        plan: Which.
        hooks: Watch.
        learned: A model of the same run, if it is resumed.
        ranks: The processes that load them together.

    Raises:
        DataError: See `load_sets`.
    """
    for note in plan.notes if ranks.rank == 0 else ():
        hooks.on_note(note)
    with hooks.on_loading(plan.n_images // ranks.size) as on_progress:
        training, validation, bad = load_sets(plan, on_progress, hooks.on_note, ranks)
    experiment = learn(plan, training, validation, hooks, bad, learned, ranks)
    hooks.on_loaded(experiment)
    return experiment


def learn(
    plan: Plan,
    training: ImageSet,
    validation: ImageSet,
    hooks: Hooks = NOBODY,
    bad: tuple[BadImage, ...] = (),
    learned: Model | None = None,
    ranks: Ranks = ALONE,
) -> Experiment:
    """The experiment on images that are loaded, see `with_features`; the hooks watch."""
    features, n_epochs = plan.config.data.features, plan.config.training.pattern_epochs
    n_steps = len(features) + 1 + n_epochs * sum(block.kind == "deep_patches" for block in features)
    with hooks.on_learning(0 if features == PIXELS else n_steps) as on_block:
        return with_features(plan, training, validation, bad, learned, on_block, ranks)
