"""From a plan to its images, watched; `check` goes no further. Before that, all ranks of a run get the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.data.divided_table import DividedTable, Division, read_divided
from nncli.features.settings import PIXELS
from nncli.machine.ranks import ALONE, Ranks, come_from_the_first, shares
from nncli.run.dataset import load_sets, with_features
from nncli.run.hooks import NOBODY, Hooks

if TYPE_CHECKING:
    from nncli.data.loading import BadImage
    from nncli.model.file import Model
    from nncli.run.dataset import Experiment, ImageSet
    from nncli.run.plan import Plan


def hand_out(plan: Plan, learned: Model | None, ranks: Ranks) -> Plan:
    """Have all ranks know what the first one knows, and this is that one.

    Args:
        plan: Of the run.
        learned: A model of the same run, if it is resumed.
        ranks: All others are to ask what is `handed_out`.

    Returns:
        The plan of this rank. Where each holds training images of its own, it lists no others.
    """
    if not plan.is_divided(ranks.size):
        ranks.from_first(lambda: (plan, learned))
        return plan
    ranks.from_first(lambda: (plan.without_training_files(), learned))
    if isinstance(plan.source, DividedTable):
        return plan  # each has read its own
    files, m = plan.training_files, len(plan.training_files.paths)
    own = ranks.dealt([files.chosen(range(m)[part]) for part in shares(ranks.size, m)])
    source = replace(plan.source, n_elsewhere=m - len(own.paths))
    return replace(plan, training_files=own, source=source)


def handed_out(ranks: Ranks) -> tuple[Plan, Model | None]:
    """The plan of this rank and what was learned before, as the first rank hands them out.

    Raises:
        NncliError: This rank was to read some files of a table, and they are not as they should be.
    """
    asked, own = ranks.from_first(come_from_the_first), None
    if isinstance(asked, Division):
        own = read_divided(asked, ranks)
        asked = ranks.from_first(come_from_the_first)
    plan, learned = asked
    if plan.is_divided(ranks.size):
        plan = replace(plan, training_files=own.splits["all"] if own else ranks.dealt(()))
    return plan, learned


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
