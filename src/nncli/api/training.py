"""Training as a Python function: what `nncli train` does, without its signals, bars and lines.

What there is to say goes to the logger ``nncli``.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.api.classifier import Classifier, load
from nncli.config import Override, load_config
from nncli.run.dataset import load_experiment, plan_experiment
from nncli.run.directory import create_run
from nncli.run.trainer import make_trainer
from nncli.run.training import TrainingRun

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from nncli.training.state import EpochResult

logger = logging.getLogger("nncli")


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        path: The run directory.
        metrics: What metrics.json holds: accuracy, loss, per_class, confusion and more.
    """

    path: Path
    metrics: dict[str, Any]

    @property
    def model(self) -> Path:
        """The model file."""
        return self.path / "model.npz"

    def load(self) -> Classifier:
        """The model, ready to predict."""
        return load(self.model)


def train(
    config: str | os.PathLike[str],
    settings: Mapping[str, object] | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
    on_epoch: Callable[[EpochResult], None] = lambda _result: None,
) -> Run:
    """Train what a config says; writes a run directory, as `nncli train` does.

    Args:
        config: The YAML file.
        settings: What replaces the file's values, by key: ``{"training.epochs": 5}``, as ``--set`` does.
        out: The run directory; by default ``runs/CONFIG-N`` in the working directory.
        force: Replace the run in `out`.
        on_epoch: Told the result of each epoch: epoch, loss, accuracy, val_loss, val_accuracy and more.

    Raises:
        ConfigError: Config or settings are wrong; with every problem.
        NncliError: Images cannot be read, files not written, or the loss is not finite.
    """
    overrides = [
        Override(key, json.dumps(value, default=str), f"settings {key!r}") for key, value in (settings or {}).items()
    ]
    config_file = load_config(Path(config), overrides)
    plan = plan_experiment(config_file)
    for note in plan.notes:
        logger.info(note)
    with create_run(config_file.path.stem, None if out is None else Path(out), force=force) as run:
        experiment = load_experiment(plan, on_note=logger.info)
        for image in experiment.skipped:
            logger.warning("%s: %s; skipped", image.path, image.reason)
        training_run = TrainingRun(experiment, make_trainer(experiment, on_note=logger.info), run, logger.warning)
        training_run.start()
        for result in training_run.epochs(lambda: False, lambda _n_examples: None):
            on_epoch(result)
        training_run.save()
        return Run(run.path, training_run.write_report())
