"""``nncli check``: everything that can be known before the first epoch."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.config_words import settings_option
from nncli.cli.messages import fitted, say, warn
from nncli.cli.multilabel import label_lines
from nncli.cli.next_step import say_next
from nncli.cli.options import Output
from nncli.cli.progress import Progress
from nncli.cli.regression import target_lines
from nncli.errors import EXIT_GATE, EXIT_SKIPPED
from nncli.features.settings.looks import are_parts, n_votes
from nncli.text import counted, printable, size_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nncli.config import ConfigFile
    from nncli.run.dataset import Experiment, Plan
    from nncli.run.hooks import Hooks


PARTS = "at the whole image", "at five parts of it"
SHIFTS = "at the image as it is", "moved up, down, left and right"
"""The first look at an image, and the others, by `data.looks`."""


class Check(Progress):
    """Images being checked.

    Args:
        mode: As for `Progress`.

    Attributes:
        seconds_kept: Time of what the cache keeps, so that a training need not do it again.
    """

    fate = "will be skipped"

    def __init__(self, mode: str) -> None:
        super().__init__(mode)
        self.seconds_kept = 0.0

    @contextmanager
    def on_trying(self, n_candidates: int) -> Iterator[Callable[[int], None]]:
        """As ever; the outcome is kept."""
        with self._timed(), super().on_trying(n_candidates) as on_tried:
            yield on_tried

    @contextmanager
    def on_loading(self, n_images: int) -> Iterator[Callable[[int], None]]:
        """As ever; the pixels are kept."""
        with self._timed(), super().on_loading(n_images) as on_progress:
            yield on_progress

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds_kept += time.perf_counter() - started


@click.command(short_help="Check a config and its images; print the plan; train nothing.")
@click.argument("config", type=click.Path(path_type=Path))
@settings_option
@click.option(
    "--preview",
    metavar="FILE",
    type=Output("picture"),
    help="Draw samples of each class as the network has them (PNG).",
)
@click.option("--strict", is_flag=True, help="Exit with 4 if images, or near-copies, are in several splits or classes.")
def command(config: Path, settings: tuple[str, ...], preview: str | None, *, strict: bool) -> None:
    """Check CONFIG and every image it uses, print the plan and what is odd about the images, and train nothing.

    \b
    Examples:
      nncli check configs/digits.yaml
      nncli check photos.yaml --set data.image_size=[96,96] --preview samples.png

    Exits with 2 if the config is wrong, 1 if images cannot be read, 3 if some were skipped as the config asks.
    """  # fmt: skip
    from nncli.config import load_config, parse_override

    show_plan(load_config(config, [parse_override(text) for text in settings]), "auto", preview, strict=strict)
    say_next("train", config, *(word for text in settings for word in ("--set", text)))


def show_plan(config_file: ConfigFile, progress: str, preview: str | None = None, *, strict: bool = False) -> None:
    """Load what `config_file` asks for and print what would be trained; also ``nncli train --dry-run``.

    Args:
        config_file: The config.
        progress: How loading images is shown, see `Progress`.
        preview: Where to draw samples, if anywhere.
        strict: Exit with 4 if images are in several splits or classes.
    """
    from nncli.cli.inspection_report import FIRST_COLUMN, inspection_lines
    from nncli.run.dataset import load_test_images
    from nncli.run.inspection import inspect
    from nncli.run.loading import load
    from nncli.run.plan import plan_experiment

    started = time.perf_counter()
    hooks = Check(progress)
    plan = plan_experiment(config_file, on_trying=hooks.on_trying)
    untrained = plan.config_file.with_values({"training.pattern_epochs": 0})  # training patterns can take minutes
    experiment = load(replace(plan, config_file=untrained), hooks)
    loaded = time.perf_counter() - started
    if plan.config.data.cache == "on":
        loaded -= hooks.seconds_kept
    lines = [*_lines(plan, experiment), ("time", _time(plan, experiment, loaded, hooks))]
    click.echo(fitted("\n".join(f"{name:<11}{text}" for name, text in lines), sys.stdout, 11))
    splits = {"training": experiment.training, "validation": experiment.validation}
    test, unreadable = load_test_images(plan)
    for image in unreadable:
        warn(f"{printable(image.path)}: {image.reason}; in the test split, which training does not use")
    splits |= {"test": test} if test else {}
    there = {name: images for name, images in splits.items() if images.paths}
    findings = inspect(there, plan.image_format.shape)
    lines_of = {"multilabel": label_lines, "regression": target_lines}.get(experiment.task.name)
    if lines_of:
        click.echo("\n".join(["", *lines_of(plan.classes, there)]))
    click.echo(fitted("\n".join(inspection_lines(there, plan.classes, findings)), sys.stdout, FIRST_COLUMN))
    if preview:
        _draw(preview, plan, experiment)
    if strict and findings.is_serious:
        warn("--strict: images are in more than one split or class, so no accuracy on them can be trusted")
        click.get_current_context().exit(EXIT_GATE)
    if experiment.skipped:
        click.get_current_context().exit(EXIT_SKIPPED)


def _draw(path: str, plan: Plan, experiment: Experiment) -> None:
    from nncli.pictures.preview import MOST_CLASSES, preview
    from nncli.pictures.tiles import save_png

    images = experiment.training
    labels = images.targets if experiment.task.name == "multilabel" else images.labels
    save_png(Path(path), preview(images.pixels, images.rows, labels, plan.classes, plan.image_format))
    if len(plan.classes) > MOST_CLASSES:
        say(f"{printable(path)}: the first {MOST_CLASSES} of {len(plan.classes)} classes")


def _lines(plan: Plan, experiment: Experiment) -> list[tuple[str, str]]:
    config = plan.config
    data, training = config.data, config.training
    n_training, n_validation = len(experiment.training.labels), len(experiment.validation.labels)
    has_classes = plan.config.data.task == "classification"
    counts = Counter([*experiment.training.labels.tolist(), *experiment.validation.labels.tolist()])
    per_class = ", ".join(f"{printable(name)} {counts[index]:,}" for index, name in enumerate(plan.classes))
    batch = n_training if training.batch_size == "full" else min(training.batch_size, n_training)
    hidden = [f"{n} {config.network.activation}" for n in plan.layer_dims[1:-1]]
    output = f"{plan.layer_dims[-1]} {experiment.task.output(plan.layer_dims[-1])}"
    how = {"none": "", "mirror": "mirrored or not, in every epoch"}
    changes = how.get(data.augmentation, f"as {data.augmentation}, strength {data.augmentation_strength:g}")
    augmented = [("augmented", changes)] if changes else []
    recipe = [] if training.recipe == "plain" else [("recipe", f"{training.recipe}, effort {training.effort}")]
    features = (
        [("features", f"{plan.features}: {plan.layer_dims[0]} per image, {data.scaling}")] if plan.features else []
    )
    n_epochs = training.pattern_epochs
    patterns = [("patterns", f"trained for {counted(n_epochs, 'epoch')}")] if n_epochs else []
    pixels = size_in_words(experiment.training.n_bytes + experiment.validation.n_bytes)
    return [
        ("config", printable(str(plan.config_file.path))),
        *recipe,
        ("data", f"{printable(str(data.path))}: {counted(n_training + n_validation, 'image')}, {_answers(plan)}"),
        *([("classes", per_class)] if has_classes else []),
        ("input", _input(plan)),
        *features,
        *_looks(experiment),
        *augmented,
        *patterns,
        ("split", f"{n_training:,} to train on, {n_validation:,} to validate"),
        ("network", f"{' -> '.join([str(plan.layer_dims[0]), *hidden, output])}: {plan.size}"),
        (
            "training",
            f"{counted(training.epochs, 'epoch')} of {counted(-(-n_training // batch), 'batch')} of {batch:,}, "
            f"{training.optimizer}, learning rate {training.learning_rate:g} {training.schedule}, seed {training.seed}",
        ),
        *_at_the_end(plan),
        ("memory", f"{pixels} of pixels"),
    ]


def _answers(plan: Plan) -> str:
    """How many classes or labels there are, or which numbers."""
    if plan.config.data.task != "regression":
        return counted(len(plan.classes), "class" if plan.config.data.task == "classification" else "label")
    return f"to tell {', '.join(map(printable, plan.classes))}, {plan.config.training.loss} loss"


def _time(plan: Plan, experiment: Experiment, loaded: float, hooks: Hooks) -> str:
    """Time until there is a model, in words, `loaded` seconds of it before training; patterns are untrained."""
    from nncli.run.duration import in_words, predicted_seconds, seconds_of_patterns

    seconds = loaded + predicted_seconds(experiment, hooks)
    if plan.config.training.pattern_epochs:
        seconds += seconds_of_patterns(experiment, plan.config.training.pattern_epochs)
    return f"{in_words(seconds)} on this machine, as busy as it is now; measured on a few images"


def _looks(experiment: Experiment) -> list[tuple[str, str]]:
    """How an image is looked at, if not only once."""
    looks, augmentation = experiment.config.data.looks, experiment.config.data.augmentation
    if looks == "whole":
        return []
    first, others = PARTS if are_parts(looks) else SHIFTS
    in_training, in_prediction = experiment.n_looks > 0, n_votes(looks) > 1
    if in_training and in_prediction:
        return [("looks", f"{first}, and {others}")]
    if in_training or in_prediction:
        return [("looks", f"{first}, in {'training' if in_training else 'prediction'} also {others}")]
    return [("looks", f"{first} alone, because {augmentation} changes it in every epoch")]


def _at_the_end(plan: Plan) -> list[tuple[str, str]]:
    """Averaging and calibration after the network."""
    data, training, lines = plan.config.data, plan.config.training, []
    if training.ensemble > 1:
        lines.append(("ensemble", f"the average of {training.ensemble} networks"))
    is_mirrored = data.test_time_augmentation == "mirror"
    if n_votes(data.looks) > 1:
        n, mirrored = n_votes(data.looks, mirrored=is_mirrored), ", mirror images among them" if is_mirrored else ""
        lines.append(("predicted", f"as the average of {n} looks at an image{mirrored}"))
    elif is_mirrored:
        lines.append(("predicted", "as the average for an image and its mirror image, which takes twice the time"))
    if training.calibration == "temperature":
        lines.append(("calibrated", "by a temperature, fitted on the validation images"))
    return lines


def _input(plan: Plan) -> str:
    """Input of the network, in words."""
    data, n = plan.config.data, plan.layer_dims[0]
    values = "" if plan.features else f", {data.scaling}: {counted(n, 'value')} per image"
    return f"{plan.image_format}, {data.resize}{values}"
