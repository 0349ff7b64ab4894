"""Resuming a run: what may have changed since, and what not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.config import load_config
from nncli.config.writing import used_options, values_of, yaml_value
from nncli.errors import NncliError, UsageError
from nncli.machine.ranks import ALONE
from nncli.model.file import read_model
from nncli.run.checkpoint import CHECKPOINT
from nncli.run.plan import plan_experiment
from nncli.run.sample_choice import AUTO, LEFT_OPEN
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nncli.config import Override, TrainConfig
    from nncli.machine.ranks import Ranks
    from nncli.model.file import Model
    from nncli.run.directory import RunDirectory
    from nncli.run.plan import Plan

EXTENDABLE = ("training.epochs", "training.patience", "data.cache", "data.path", "training.watch", "training.backend")
"""Keys that may change when a run is resumed: they say when to stop, or how to load or look, not what to learn. That
photos at another place are the same, the checkpoint tells (`restore`)."""


BEFORE = {"data.color_profile": "ignore", "data.range": "full"}
"""Values that runs had whose config does not know the key."""


def plan_resumed(
    directory: Path, config: Path | None = None, overrides: Sequence[Override] = (), ranks: Ranks = ALONE
) -> Plan:
    """The plan of a run to resume.

    Args:
        directory: Of the run.
        config: The config that it was begun with, perhaps changed where that is allowed; by default the run's own one.
        overrides: Further values.
        ranks: See `plan_experiment`.

    Raises:
        UsageError: There is no such run, or it cannot be resumed with such a config.
        ConfigError, DataError: See `load_config` and `plan_experiment`.
    """
    if not directory.exists():
        raise UsageError(f"{printable(str(directory))}: no such folder, so there is no run to resume")
    if not (directory / CHECKPOINT).is_file():
        raise UsageError(f"{printable(str(directory))}: holds no {CHECKPOINT}, so there is nothing to resume")
    kept_file = load_config(directory / "config.yaml")
    before = {key: value for key, value in BEFORE.items() if not kept_file.was_set(key)}
    kept = kept_file.with_values(before).config
    config_file = load_config(config or directory / "config.yaml", overrides).with_defaults(before)
    if not (config and config_file.depends_on_images):  # the run's own config says what came of them
        _refuse_changes(directory, kept, config_file.config)
    plan = plan_experiment(config_file, ranks=ranks)
    _refuse_changes(directory, kept, plan.config)
    return plan


def learned_before(directory: RunDirectory, plan: Plan) -> Model | None:
    """The model of a run that is resumed, for what its features have learned: another version may learn otherwise.

    None before the first epoch's end, when nothing has been trained on it that could not begin again.
    """
    try:
        model = read_model(directory / "model.npz")
    except NncliError:
        return None
    same = model.column.features == plan.config.data.features and model.layer_dims == plan.layer_dims
    return model if same and model.image_format == plan.image_format else None


def _refuse_changes(directory: Path, kept: TrainConfig, config: TrainConfig) -> None:
    before, now = values_of(kept), values_of(config)
    counting = used_options(kept) | used_options(config)
    free = {*EXTENDABLE, *(key for key in LEFT_OPEN if now[key] == AUTO)}
    changed = [key for key in counting if now[key] != before[key] and key not in free]
    if changed:
        listed = ", ".join(
            f"{key} (was {printable(yaml_value(before[key]))}, now {printable(yaml_value(now[key]))})"
            for key in changed
        )
        raise UsageError(f"{printable(str(directory))}: cannot be resumed with another {listed}; start a new run")
