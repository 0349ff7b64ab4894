"""From a config and its images to a plan: what would be trained on what. A few images at most are opened.

The config was checked by itself already; here it is checked against the images, and errors still point into the config.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nncli.config.shapes import SIDES
from nncli.data.divided_table import Division, read_divided
from nncli.data.image.image_format import ImageFormat
from nncli.data.manifest.shards import shards_of
from nncli.data.reading import Reading, read_source
from nncli.data.source import LabeledFiles
from nncli.errors import UsageError
from nncli.features.settings import PIXELS
from nncli.features.settings.column import n_directions
from nncli.machine.backend import open_backend
from nncli.machine.ranks import ALONE, Ranks
from nncli.run.recipe_choice import apply_recipe
from nncli.run.recipe_trial import Watched, unwatched
from nncli.run.sample_choice import apply_samples
from nncli.text import printable

if TYPE_CHECKING:
    from nncli.config import ConfigFile, TrainConfig
    from nncli.config.options import DataConfig
    from nncli.data.source import ImageSource


@dataclass(frozen=True)
class Plan:
    """A training that is about to begin; no image has been loaded yet.

    Attributes:
        config_file: Where the settings come from; nothing that the images decide is left open.
        source: The images of all splits.
        image_format: How images become pixel values.
        layer_dims: (n_0, ..., n_L), nothing automatic left.
        training_files, validation_files: The split; validation may be empty. Where every rank holds training images of
            its own, these are listed in `training_files`, once the work is handed out.
        notes: What is worth knowing about the images.
        unused_keys: Keys of the config that the images make meaningless.
    """

    config_file: ConfigFile
    source: ImageSource
    image_format: ImageFormat
    layer_dims: tuple[int, ...]
    training_files: LabeledFiles
    validation_files: LabeledFiles
    notes: tuple[str, ...]
    unused_keys: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in natural order."""
        return self.source.classes

    @property
    def n_images(self) -> int:
        """Images of both parts of the split."""
        return len(self.training_files.paths) + len(self.validation_files.paths) + self.source.n_elsewhere

    @property
    def config(self) -> TrainConfig:
        """The settings."""
        return self.config_file.config

    def is_divided(self, n_ranks: int) -> bool:
        """Whether each of so many ranks holds training images of its own."""
        return n_ranks > 1 and self.config.data.placement == "shards"

    def without_training_files(self) -> Plan:
        """The plan for ranks that get the list of their training images apart."""
        source = replace(self.source, splits={}, groups={}, order={}, sides={})
        return replace(self, source=source, training_files=LabeledFiles((), ()))

    @property
    def features(self) -> str:
        """The blocks of the feature column in words; empty if it is the pixels themselves."""
        features = self.config.data.features
        return "" if features == PIXELS else ", ".join(map(str, features))

    @property
    def n_parameters(self) -> int:
        """Number of learned parameters of all networks: weights, biases, and of each normalized unit gain and shift."""
        n = self.layer_dims
        normalization = 0 if self.config.network.normalization == "none" else 2 * sum(n[1:-1])
        network = sum(n[l] * n[l - 1] + n[l] for l in range(1, len(n))) + normalization
        return network * self.config.training.ensemble

    @property
    def size(self) -> str:
        """How much is to be learned, in words: "1,234 parameters", and what an ensemble costs."""
        n = self.config.training.ensemble
        return f"{self.n_parameters:,} parameters" + (f" in {n} networks, {n} times the cost" if n > 1 else "")


def plan_experiment(
    config_file: ConfigFile,
    source: ImageSource | None = None,
    on_trying: Watched = unwatched,
    ranks: Ranks = ALONE,
) -> Plan:
    """Find the images, and check the config against them.

    Args:
        config_file: As written.
        source: The images; by default those of the folder `data.path`.
        on_trying: Watches recipes being tried, see `try_recipes`.
        ranks: The processes of the run, of which this is the first; the others are to `help_run`.

    Raises:
        ConfigError: The config does not fit the images; nothing was started.
        DataError: The folder cannot be used.
        UsageError: There is no such backend here.
    """
    config = config_file.config
    open_backend(config.training.backend)  # what is missing is told before any image is looked at
    source = source or _read(config, ranks)
    _check_task(config_file, source)
    if source.only_size:
        config_file = config_file.with_values({"data.image_size": source.only_size, "data.color": "grayscale"})
    for key in ("data.validation_split", "data.groups"):
        if "val" in source.splits and config_file.was_set(key):
            raise config_file.error(key, f"{key} has no use: {source.root} has a val folder; remove one")
    try:
        training, validation = source.split(config.data.validation_split, config.training.seed, config.data.groups)
    except UsageError as error:
        raise config_file.error("data.groups", f"data.{error}") from error
    if not validation.paths:
        _refuse_what_needs_validation(config_file)
    _check_class_weights(config_file, source.classes)
    _check_mirror_targets(config_file, source.classes)
    config_file, notes = apply_recipe(config_file, source, source.seen(training), on_trying)
    config_file, found = apply_samples(config_file, source, source.seen(training).paths)
    _check_placement(config_file, has_validation=bool(validation.paths))
    config = config_file.config
    layer_dims = resolve_layer_dims(config_file, source, len(training.paths) + source.n_elsewhere)
    judges_nothing = not validation.paths and config.training.monitor != "last"
    is_split = "val" in source.splits
    unused = {"data.validation_split": is_split, "data.groups": is_split, "training.monitor": judges_nothing}
    unused_keys = tuple(key for key, is_unused in unused.items() if is_unused)
    notes = (*source.notes, *notes, *found)
    return Plan(config_file, source, format_of(config.data), layer_dims, training, validation, notes, unused_keys)


def _read(config: TrainConfig, ranks: Ranks) -> ImageSource:
    """The images at `data.path`; of a table in several files each rank reads some, if it is to hold their images."""
    path, reading = config.data.path, reading_of(config.data)
    if config.data.placement == "shared" or not shards_of(path):
        return read_source(path, reading)
    division = Division(str(path), reading, config.data.validation_split, config.training.seed)
    return read_divided(ranks.from_first(lambda: division), ranks)


def format_of(data: DataConfig) -> ImageFormat:
    """The image format that a config asks for, in which nothing is left to the images."""
    chosen = data.range if isinstance(data.range, tuple) else None
    crop = None if data.crop is None else tuple(float(data.crop.get(side, 0)) for side in SIDES)
    return ImageFormat(
        *(*data.image_size, data.color, data.resize, data.max_pixels, data.background, data.color_profile),
        value_range=chosen,
        crop=crop,  # type: ignore[arg-type]
    )


def reading_of(data: DataConfig) -> Reading:
    """How a config says that its data are to be read."""
    return Reading(
        splits="" if data.splits == "auto" else data.splits,
        columns={} if isinstance(data.columns, str) else data.columns,
        label_from=data.label_from,
        order=data.order,
        transpose=data.transpose == "on",
        task=data.task,
        side_cameras=data.side_cameras or {},
    )


def _check_task(config_file: ConfigFile, source: ImageSource) -> None:
    """Labels and numbers come from a table; images in memory have classes."""
    task, has_targets = config_file.config.data.task, any(files.targets for files in source.splits.values())
    if has_targets != (task != "classification"):
        raise config_file.error("data.task", f"data.task {task} does not go with these images, which have classes")


def _refuse_what_needs_validation(config_file: ConfigFile) -> None:
    training = config_file.config.training
    keeps_last = training.monitor == "last"
    for key, is_used in {
        "training.patience": training.patience is not None,
        "training.monitor": config_file.was_set("training.monitor") and not keeps_last,
    }.items():
        if is_used:
            message = f"{key} needs validation images: set data.validation_split, or remove {key.partition('.')[2]}"
            raise config_file.error(key, message)


def _check_placement(config_file: ConfigFile, *, has_validation: bool) -> None:
    """Refuse shards where something needs the pixels of all training images in one place."""
    config = config_file.config
    if config.data.placement != "shards":
        return
    needs = {
        f"training.mixing {config.training.mixing} mixes images of": config.training.mixing in ("mixup", "cutmix"),
        "training.pattern_epochs trains patterns on": config.training.pattern_epochs > 0,
        "training.watch looks at": config.training.watch == "on",
        "a run without validation images is judged by": not has_validation,
    }
    for what, is_needed in needs.items():
        if is_needed:
            message = f"data.placement shards keeps training images apart, but {what} all of them; write shared"
            raise config_file.error("data.placement", message)


def refuse_shards(plan: Plan, n_ranks: int) -> None:
    """Refuse shards for a command whose ranks each train on all images.

    Raises:
        UsageError: There are several ranks, and each is to hold its own training images.
    """
    if plan.is_divided(n_ranks):
        raise UsageError("data.placement: shards is for train; every rank needs all images here, so write shared")


def _check_class_weights(config_file: ConfigFile, classes: tuple[str, ...]) -> None:
    weights = config_file.config.training.class_weights
    if isinstance(weights, str):
        return
    for name in weights:
        if name not in classes:
            raise config_file.error(
                f"training.class_weights.{name}",
                f"training.class_weights names a class {name!r} that the data do not have; "
                f"they have {', '.join(map(printable, classes))}",
            )


def _check_mirror_targets(config_file: ConfigFile, names: tuple[str, ...]) -> None:
    negated = config_file.config.data.mirror_targets
    unknown = [] if isinstance(negated, str) else [name for name in negated if name not in names]
    if unknown:
        raise config_file.error(
            "data.mirror_targets",
            f"data.mirror_targets names {printable(unknown[0])}; the targets are {', '.join(map(printable, names))}",
        )


def resolve_layer_dims(config_file: ConfigFile, source: ImageSource, n_training: int) -> tuple[int, ...]:
    """Layer sizes with nothing automatic left: what the images, the projection and the classes make of them.

    Raises:
        ConfigError: The output layer does not fit the classes.
    """
    classes, data, project = source.classes, config_file.config.data, config_file.config.network.project
    is_classification = data.task == "classification"
    names = {"multilabel": "labels", "regression": "targets"}.get(data.task, "classes")
    dims = list(config_file.config.network.layer_dims)
    dims[0] = data.n_features  # the config has checked a number already
    if project != "none":
        n_columns = n_training * (2 if data.augmentation == "mirror" else 1)
        dims[0] = n_directions(None if project == "auto" else project, n_columns, data.n_features)
    if dims[-1] == "auto":
        dims[-1] = 1 if len(classes) == 2 and is_classification else len(classes)
    if dims[-1] != len(classes) and not (is_classification and dims[-1] == 1 and len(classes) == 2):
        raise config_file.error(
            f"network.layer_dims[{len(dims) - 1}]",
            f"network.layer_dims ends with {dims[-1]} but {source.root} has {len(classes)} {names} "
            f"({', '.join(map(printable, classes[:4]))}{', ...' if len(classes) > 4 else ''}); write auto",
        )
    return tuple(int(n) for n in dims)
