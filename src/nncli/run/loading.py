"""From a plan to its images, watched; `check` goes no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.run.dataset import load_experiment
from nncli.run.hooks import NOBODY, Hooks

if TYPE_CHECKING:
    from nncli.run.dataset import Experiment
    from nncli.run.plan import Plan


def load(plan: Plan, hooks: Hooks = NOBODY) -> Experiment:
    """Load the images of a plan.

    Raises:
        DataError: See `load_experiment`.
    """
    for note in plan.notes:
        hooks.on_note(note)
    with hooks.on_loading(plan.n_images) as on_progress:
        experiment = load_experiment(plan, on_progress, hooks.on_note)
    hooks.on_loaded(experiment)
    return experiment
