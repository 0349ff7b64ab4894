"""What ``nncli train`` tells on stderr before and after the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.cli.messages import say, warn
from nncli.text import printable

if TYPE_CHECKING:
    from nncli.experiment import Experiment, Plan
    from nncli.run_directory import RunDirectory
    from nncli.training.loop import Trainer


def say_what_is_loaded(experiment: Experiment) -> None:
    """Before the first epoch: what is trained on what."""
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


def say_where_it_stands(plan: Plan, trainer: Trainer, run: RunDirectory) -> None:
    """What is left of a run that is resumed."""
    state, epochs, shown = trainer.state, plan.config.training.epochs, printable(str(run.path))
    if trainer.is_finished:
        reason = "stopped early" if trainer.stopped_early else "is finished"
        say(f"{shown} {reason} after {state.epoch} epochs; --epochs with a larger number trains it further")
    else:
        say(f"going on with {shown} in epoch {state.epoch + 1} of {epochs}")


def say_result(report: dict[str, Any]) -> None:
    """How good the best epoch was."""
    early = ", stopped early" if report["stopped_early"] else ""
    say(
        f"best epoch {report['best_epoch']} of {report['epochs']}{early}: {report['split']} accuracy "
        f"{report['accuracy']:.4f}, loss {report['loss']:.4f} on {report['images']} images, {report['seconds']:.1f} s"
    )
