"""A training as the command line shows it: what it says, which events it prints, and how it ends when it is stopped."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.messages import say, warn
from nncli.cli.stop_signals import signals
from nncli.errors import Interrupted, TrainingError
from nncli.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.cli.progress import Progress
    from nncli.config import ConfigFile
    from nncli.run.dataset import Experiment, Plan
    from nncli.run.directory import RunDirectory
    from nncli.run.training import TrainingRun
    from nncli.training.loop import Trainer


class TrainingSession:
    """A training from the config to the last line.

    Args:
        config_file: What to train.
        directory: That of the run to go on with; None for a new one.
        progress: Shows it.
        as_json: Print events instead of the model's path.
    """

    def __init__(self, config_file: ConfigFile, directory: Path | None, progress: Progress, *, as_json: bool) -> None:
        self._config_file, self._directory, self._progress, self._as_json = config_file, directory, progress, as_json
        self._if_stopped = "stopped before the first epoch: nothing had been trained yet"
        if directory:
            self._if_stopped = f"stopped before it went on; {printable(str(directory))} is as it was"

    def run(self, out: Path | None = None, *, force: bool = False) -> None:
        """Train; a new run is written to `out`, with `force` in place of the one there.

        Raises:
            Interrupted: With what there is to say: what is saved, and how to go on.
            NncliError: What went wrong.
        """
        try:
            self._run(out, force)
        except Interrupted as interrupted:
            interrupted.message = self._if_stopped
            raise

    def _run(self, out: Path | None, force: bool) -> None:
        from nncli.run.checkpoint import restore_checkpoint, saved_processes
        from nncli.run.dataset import load_experiment, plan_experiment
        from nncli.run.directory import RunDirectory, create_run
        from nncli.run.trainer import make_trainer
        from nncli.run.training import TrainingRun

        plan, directory = plan_experiment(self._config_file), self._directory
        for note in plan.notes:
            say(note)
        name = self._config_file.path.stem
        with RunDirectory(directory) if directory else create_run(name, out, force=force) as run:
            with self._progress.loading(plan.n_images) as on_progress:
                experiment = load_experiment(plan, on_progress, say)
            _say_what_is_loaded(experiment)
            n_processes = saved_processes(run / "last.npz") if directory else None
            with self._progress.features(_n_featured(experiment)) as on_progress:
                trainer = make_trainer(experiment, n_processes, on_progress, say)
            training_run = TrainingRun(experiment, trainer, run, warn)
            if directory:
                restore_checkpoint(run / "last.npz", trainer, training_run.fingerprint)
                _say_where_it_stands(plan, trainer, run)
            self._emit("start", _start_event(run, experiment))
            self._train(training_run)
            report = training_run.write_report()
            _say_result(report)
            self._emit("done", {"model": str(run / "model.npz"), **report})
            if not self._as_json:
                click.echo(str(run / "model.npz"))

    def _train(self, training_run: TrainingRun) -> None:
        """Train and save, to the end or to a stop signal, which is raised when all is saved."""
        state, epochs = training_run.trainer.state, training_run.experiment.plan.config.training.epochs
        go_on = f"go on with: nncli train --resume {printable(str(training_run.run.path))}"
        signals.orderly = True
        training_run.start()
        self._if_stopped = f"stopped at once, what was saved last is whole; {go_on}"
        self._run_epochs(training_run)
        signals.take_time()
        try:
            training_run.save()
        except TrainingError as error:  # numbers that are not finite: last.npz stays at its last good state
            if not signals.received:
                raise
            warn(str(error))
        else:
            where = "after the last epoch" if training_run.trainer.is_finished else f"in epoch {state.epoch + 1}"
            self._if_stopped = f"stopped {where} of {epochs}, everything is saved; {go_on}"
        signals.end_order()

    def _run_epochs(self, training_run: TrainingRun) -> None:
        trainer = training_run.trainer
        state, n_examples = trainer.state, trainer.training_set.n_examples
        with self._progress.training(trainer.settings.epochs, state.epoch, n_examples, state.n_seen) as on_batch:
            for result in training_run.epochs(signals.stop_asked, on_batch):
                self._progress.epoch(result, is_best=state.best_epoch == result.epoch)
                try:
                    self._emit("epoch", dataclasses.asdict(result))
                except OSError:  # nobody reads the events any more, or the disk is full
                    training_run.save()
                    raise

    def _emit(self, event: str, content: dict[str, Any]) -> None:
        if self._as_json:
            click.echo(json.dumps({"event": event, **content}))


def _say_what_is_loaded(experiment: Experiment) -> None:
    plan = experiment.plan
    for image in experiment.skipped:
        warn(f"{printable(image.path)}: {image.reason}; skipped")
    features = f"; {plan.features}: {plan.layer_dims[0]} features" if plan.features else ""
    layers = " -> ".join(map(str, plan.layer_dims))
    say(
        f"{len(plan.classes)} classes, {len(experiment.training.labels)} training and "
        f"{len(experiment.validation.labels)} validation images of {plan.image_format}{features}; "
        f"network {layers}, {plan.size}"
    )


def _say_where_it_stands(plan: Plan, trainer: Trainer, run: RunDirectory) -> None:
    state, epochs, shown = trainer.state, plan.config.training.epochs, printable(str(run.path))
    if trainer.is_finished:
        reason = "stopped early" if trainer.stopped_early else "is finished"
        say(f"{shown} {reason} after {state.epoch} epochs; --epochs with a larger number trains it further")
    else:
        say(f"going on with {shown} in epoch {state.epoch + 1} of {epochs}")


def _start_event(run: RunDirectory, experiment: Experiment) -> dict[str, Any]:
    plan = experiment.plan
    return {
        "run": str(run.path),
        "classes": list(plan.classes),
        "layer_dims": list(plan.layer_dims),
        "n_parameters": plan.n_parameters,
        "training_images": len(experiment.training.labels),
        "validation_images": len(experiment.validation.labels),
        "epochs": plan.config.training.epochs,
    }


def _say_result(report: dict[str, Any]) -> None:
    early = ", stopped early" if report["stopped_early"] else ""
    say(
        f"best epoch {report['best_epoch']} of {report['epochs']}{early}: {report['split']} accuracy "
        f"{report['accuracy']:.4f}, loss {report['loss']:.4f} on {report['images']} images, {report['seconds']:.1f} s"
    )


def _n_featured(experiment: Experiment) -> int:
    """Images whose features are computed before the first epoch."""
    versions = {"none": 1, "mirror": 2}.get(experiment.plan.config.data.augmentation, 0)
    n_images = versions * len(experiment.training.labels) + len(experiment.validation.labels)
    return n_images if experiment.features else 0
