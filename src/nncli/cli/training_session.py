"""A training as the command line shows it: what it says, which events it prints, and how it ends when it is stopped."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.evaluation_report import share_text
from nncli.cli.messages import say, settings
from nncli.cli.next_step import say_next, way_to_look
from nncli.cli.progress import Progress
from nncli.cli.stop_signals import signals
from nncli.data.folder_walk import some
from nncli.errors import Interrupted
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nncli.machine.ranks import Ranks
    from nncli.run.dataset import Experiment
    from nncli.run.hooks import Counts, Hooks
    from nncli.run.plan import Plan
    from nncli.run.training import Finished, Training
    from nncli.training.state import EpochResult


class TrainingSession(Progress):
    """A training from its plan to the last line.

    Args:
        mode: How progress is shown, see `Progress`.
        resume: The run to resume; None for a new one.
        as_json: Print events instead of the model's path.
        ranks: The processes that train together, of which this one is the first.
    """

    def __init__(self, mode: str, resume: Path | None, *, as_json: bool, ranks: Ranks) -> None:
        super().__init__(mode)
        self._ranks = ranks
        self._resume, self._as_json, self._trains_patterns = resume, as_json, False
        self._if_stopped = "stopped before the first epoch: nothing had been trained yet"
        if resume:
            self._if_stopped = f"stopped before it went on; {printable(str(resume))} is as it was"

    def run(self, make_plan: Callable[[Hooks], Plan], out: Path | None = None, *, force: bool = False) -> None:
        """Train; a new run is written to `out`, with `force` in place of the one there.

        Raises:
            Interrupted: With what there is to say: what is saved, and how to resume.
            NncliError: What went wrong.
        """
        try:
            from nncli.run.pipeline import run_plan

            plan = make_plan(self)
            self._trains_patterns = plan.config.training.pattern_epochs > 0 and not self._resume
            path, finished = run_plan(plan, self, out=out, force=force, resume=self._resume, ranks=self._ranks)
            self._tell_result(path, finished)
        except Interrupted as interrupted:
            interrupted.message = self._if_stopped
            raise

    def _tell_result(self, path: Path, finished: Finished) -> None:
        metrics, model = finished.metrics, str(path / "model.npz")
        early = ", stopped early" if metrics["stopped_early"] else ""
        kept = f"best epoch {metrics['best_epoch']} of {metrics['epochs']}{early}"
        if metrics["kept"] == "last":
            kept = f"kept: the last epoch of {metrics['epochs']}"
        if (n := finished.model.n_looks) > 1:
            kept += f", {n} looks at each image vote (in the epochs one)"
        say(f"{kept}: {_figures(metrics)}, {metrics['seconds']:.1f} s in epochs")
        for finding in metrics["findings"]:
            say(f"note: {finding['text']}")
        self._emit("done", {"model": model, **metrics})
        if not self._as_json:
            click.echo(model)
        say_next(*way_to_look(path))

    def on_learning(self, n_blocks: int) -> Counts:
        """As of any command; what patterns learn is part of a run from its first epoch on, and lost before."""
        if self._trains_patterns:
            self._if_stopped = (
                "stopped before the first epoch, so nothing is kept, not what patterns had learned either; the same "
                "command begins again (with fewer training.pattern_epochs it comes to the first epoch sooner)"
            )
        return super().on_learning(n_blocks)

    def on_loaded(self, experiment: Experiment) -> None:
        """Name the skipped images, and say what the network will be."""
        super().on_loaded(experiment)
        plan = experiment.plan
        n_training, n_validation = experiment.training.n_images, len(experiment.validation.labels)
        images = f"{n_training:,} training and {counted(n_validation, 'validation image')} of {plan.image_format}"
        blocks, layers = plan.config.data.features, " -> ".join(map(str, plan.layer_dims))
        n_networks = plan.config.training.ensemble
        networks = counted(n_networks, "network") if n_networks > 1 else "network"
        of_blocks = f"{counted(len(blocks), 'feature block')}, " if plan.features else ""
        say(f"{_answers(plan)}, {images}")
        say(f"{of_blocks}{networks} {layers}, {counted(plan.n_parameters, 'parameter')}")
        if settings.verbose:
            say(f"classes: {', '.join(map(printable, plan.classes))}")
            say(f"features: {plan.features or 'pixels'}")

    def on_start(self, training: Training) -> None:
        """Say where it stands; from now on it ends in order."""
        self._training, self._path = training, training.path
        if self._resume:
            self._say_where_it_stands()
        plan, experiment = training.experiment.plan, training.experiment
        content = {
            "run": str(self._path),
            "classes": list(plan.classes),
            "layer_dims": list(plan.layer_dims),
            "n_parameters": plan.n_parameters,
            "training_images": experiment.training.n_images,
            "validation_images": len(experiment.validation.labels),
            "epochs": plan.config.training.epochs,
        }
        self._emit("start", content)
        self._go_on = f"resume with: nncli train --resume {printable(str(self._path))}"
        signals.orderly = True

    def _say_where_it_stands(self) -> None:
        trainer, shown = self._training.trainer, printable(str(self._path))
        state, epochs = trainer.state, trainer.settings.epochs
        if trainer.is_finished:
            reason = "stopped early" if trainer.stopped_early else "is finished"
            after = f"after {counted(state.epoch, 'epoch')}"
            say(f"{shown} {reason} {after}; --epochs with a larger number trains it further")
        else:
            say(f"going on with {shown} in epoch {state.epoch + 1} of {epochs}")

    def on_training(self, training: Training) -> Counts:
        """Show a bar over all epochs."""
        self._if_stopped = f"stopped at once, what was saved last is whole; {self._go_on}"
        trainer, state = training.trainer, training.trainer.state
        return self.training(trainer.settings.epochs, state.epoch, trainer.training_set.n_examples, state.n_seen)

    def on_epoch(self, result: EpochResult) -> None:
        """Show it."""
        trainer = self._training.trainer
        is_best = trainer.settings.monitor != "last" and trainer.state.best_epoch == result.epoch
        self.show_epoch(result, is_best=is_best)
        try:
            self._emit("epoch", dataclasses.asdict(result))
        except OSError:  # nobody reads the events any more, or the disk is full
            self._training.save()
            raise

    def should_stop(self) -> bool:
        """Whether there was a signal."""
        return signals.stop_asked()

    def on_trained(self, training: Training) -> None:  # noqa: ARG002
        """Let saving take its time."""
        signals.take_time()

    def on_saved(self, training: Training, *, is_whole: bool) -> None:
        """End here if there was a signal.

        Raises:
            Interrupted: There was one.
        """
        if is_whole:
            trainer = training.trainer
            where = "after the last epoch" if trainer.is_finished else f"in epoch {trainer.state.epoch + 1}"
            self._if_stopped = f"stopped {where} of {trainer.settings.epochs}, everything is saved; {self._go_on}"
        signals.end_order()

    def _emit(self, event: str, content: dict[str, Any]) -> None:
        if self._as_json:
            click.echo(json.dumps({"event": event, **content}))


def _answers(plan: Plan) -> str:
    """How many classes there are, or which labels or numbers."""
    task = plan.config.data.task
    words = {"multilabel": ("label", "labels"), "regression": ("target", "targets")}
    one, several = words.get(task, ("class", "classes"))
    names = "" if task == "classification" else f" ({some(plan.classes)})"
    return f"{len(plan.classes)} {several if len(plan.classes) > 1 else one}{names}"


def _figures(metrics: dict[str, Any]) -> str:
    """How good the model is, in a line."""
    if metrics.get("task") == "regression":
        from nncli.cli.regression import result_text

        return result_text(metrics)
    if metrics.get("task") == "multilabel":
        from nncli.cli import multilabel

        return multilabel.result_text(metrics)
    always = f"{metrics['baseline']['accuracy']:.4f} by always answering {printable(metrics['baseline']['class'])}"
    balanced = f", balanced {metrics['balanced_accuracy']:.4f}" if metrics["classes_are_unequal"] else ""
    accuracy = f"{metrics['split']} accuracy {share_text(metrics)}\non {counted(metrics['images'], 'image')}"
    return f"{accuracy}, {always}{balanced}, loss {metrics['loss']:.4f}"
