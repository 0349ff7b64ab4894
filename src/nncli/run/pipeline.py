"""From a plan to a trained model: the one way of the command line, of Python, of `check` and of a search.

plan_experiment, plan_resumed    a config and images that go together       plan.py, resuming.py
load                             the images, decoded                        loading.py, dataset.py
train                            a network, trained on them                 trainer.py, training.py
run_plan                         both in a run directory, and its report    directory.py

Where several processes work on a run, the first one does `run_plan` and the others `help_run`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nncli.errors import TrainingError
from nncli.machine.backend import refuse_ranks
from nncli.machine.ranks import ALONE, Ranks
from nncli.run.checkpoint import CHECKPOINT, saved_processes, take_over
from nncli.run.directory import RunDirectory, create_run
from nncli.run.hooks import NOBODY, Hooks
from nncli.run.loading import hand_out, handed_out, load
from nncli.run.resuming import learned_before
from nncli.run.trainer import communicator_of, make_trainer
from nncli.run.training import Training, TrainingRun

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.run.dataset import Experiment
    from nncli.run.plan import Plan
    from nncli.run.training import Finished


def train(
    experiment: Experiment, hooks: Hooks = NOBODY, directory: RunDirectory | None = None, *, resume: bool = False
) -> Training:
    """Train to the end, or until the hooks say stop, and save.

    Args:
        experiment: Data and plan.
        hooks: See there.
        directory: Where to write; by default nothing is written.
        resume: Go on from the checkpoint in `directory`, with as many processes as wrote it.

    Raises:
        TrainingError: The loss or a parameter is not finite.
        ModelFileError: The checkpoint is damaged or of other images.
        NncliError: A file cannot be written.
    """
    n_pieces = saved_processes(directory / CHECKPOINT) if directory and resume else None
    n_columns = experiment.n_featured // experiment.ranks.size + experiment.n_visited
    with hooks.on_features(n_columns) as on_progress:
        trainer = make_trainer(experiment, communicator_of(experiment, n_pieces), on_progress, hooks.on_note)
    training = Training(experiment, trainer)
    if directory:
        training = TrainingRun(experiment, trainer, directory, hooks.on_warning)
        if resume:
            training.restore()
    if experiment.ranks.size > 1:
        take_over(trainer, experiment.ranks)
    hooks.on_start(training)
    training.start()
    with hooks.on_training(training) as on_batch:
        for result in training.epochs(hooks.should_stop, on_batch):
            hooks.on_epoch(result)
    hooks.on_trained(training)
    try:
        training.save()
    except TrainingError as error:  # numbers that are not finite: last.npz stays at its last good state
        if not hooks.should_stop():
            raise
        hooks.on_warning(str(error))
        hooks.on_saved(training, is_whole=False)
    else:
        hooks.on_saved(training, is_whole=True)
    return training


def run_plan(
    plan: Plan,
    hooks: Hooks = NOBODY,
    *,
    out: Path | None = None,
    force: bool = False,
    resume: Path | None = None,
    ranks: Ranks = ALONE,
) -> tuple[Path, Finished]:
    """Train a plan in a run directory and write the report; returns both.

    Args:
        plan: Of a new run, or from `plan_resumed`.
        hooks: See there; one that stops the training raises when it is saved.
        out: The directory of a new run; by default the next one in `runs/`.
        force: Replace the run in `out`.
        resume: The run to resume.
        ranks: The processes, of which this one is the first; the others are to `help_run`.

    Raises:
        NncliError: What went wrong.
    """
    refuse_ranks(plan.config.training.backend, ranks.size)
    name = plan.config_file.path.stem
    with RunDirectory(resume) if resume else create_run(name, out, force=force) as directory:
        learned = learned_before(directory, plan) if resume else None
        plan = hand_out(plan, learned, ranks)
        training = train(load(plan, hooks, learned, ranks), hooks, directory, resume=resume is not None)
        with hooks.on_predicting(len(training.judges.rows)) as on_progress:
            return directory.path, training.finish(on_progress)


def help_run(ranks: Ranks, hooks: Hooks = NOBODY) -> None:
    """Do this process's part of a run whose first process does `run_plan`; nothing is written.

    Raises:
        NncliError: Something went wrong here that need not have gone wrong elsewhere.
    """
    plan, learned = handed_out(ranks)
    with contextlib.suppress(TrainingError):  # a loss that is not finite is so for all; the first process tells
        train(load(plan, hooks, learned, ranks), hooks)
