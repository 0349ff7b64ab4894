"""Training as a Python function: what `nncli train` does, without its signals, bars and lines.

What there is to say goes to the logger ``nncli``.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.api.classifier import Classifier, load
from nncli.config import Override, load_config
from nncli.errors import UsageError
from nncli.run.hooks import Hooks
from nncli.run.pipeline import run_plan
from nncli.run.plan import plan_experiment
from nncli.run.resuming import plan_resumed

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from nncli.run.dataset import Experiment
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


class _Logged(Hooks):
    def __init__(self, on_epoch: Callable[[EpochResult], None]) -> None:
        self._on_epoch = on_epoch

    def on_note(self, text: str) -> None:
        logger.info(text)

    def on_warning(self, text: str) -> None:
        logger.warning(text)

    def on_loaded(self, experiment: Experiment) -> None:
        for image in experiment.skipped:
            logger.warning("%s: %s; skipped", image.path, image.reason)

    def on_epoch(self, result: EpochResult) -> None:
        self._on_epoch(result)


def train(
    config: str | os.PathLike[str] | None = None,
    settings: Mapping[str, object] | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
    resume: str | os.PathLike[str] | None = None,
    on_epoch: Callable[[EpochResult], None] = lambda _result: None,
) -> Run:
    """Train what a config says; writes a run directory, as `nncli train` does.

    Args:
        config: The YAML file. May be left out with `resume`, which then uses the run's own config.
        settings: What replaces the file's values, by key: ``{"training.epochs": 5}``, as ``--set`` does.
        out: The run directory; by default ``runs/CONFIG-N`` in the working directory.
        force: Replace the run in `out`.
        resume: The directory of a run to resume, begun here or on the command line; more ``training.epochs``
            extend one that is finished.
        on_epoch: Told the result of each epoch: epoch, loss, accuracy, val_loss, val_accuracy and more.

    Raises:
        UsageError: `resume` is no run, or cannot be resumed with such settings; or neither it nor a config is given.
        ConfigError: Config or settings are wrong; with every problem.
        NncliError: Images cannot be read, files not written, or the loss is not finite.
    """
    changes = overrides(settings or {})
    if resume is not None:
        if out is not None or force:
            raise UsageError("resume goes on in the run's own directory: leave out out and force")
        plan = plan_resumed(Path(resume), Path(config) if config else None, changes)
    elif config is None:
        raise UsageError("train needs a config, or a run to resume")
    else:
        plan = plan_experiment(load_config(Path(config), changes))
    path, finished = run_plan(
        plan, _Logged(on_epoch), out=Path(out) if out else None, force=force, resume=Path(resume) if resume else None
    )
    return Run(path, finished.metrics)


def overrides(settings: Mapping[str, object]) -> list[Override]:
    """Values by key as a config takes them."""
    return [Override(key, json.dumps(value, default=_plain), f"settings {key!r}") for key, value in settings.items()]


def _plain(value: object) -> object:
    """NumPy's numbers and arrays as Python's, anything else as its text."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)
