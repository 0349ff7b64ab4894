"""A search: trials one after another, each a training, in a file that survives and can be shared.

optuna draws the choices (tree-structured Parzen estimator, Bergstra et al. 2011) and says which trials to give up
early: those that at the same point of their training are worse than half of the others. The first trial is the config
as it is. Of a trial that was killed nothing counts; what was finished before is in the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from nncli.config.writing import used_options
from nncli.errors import NncliError, TrainingError, UsageError
from nncli.run.dataset import with_features
from nncli.run.hooks import Hooks
from nncli.run.pipeline import train
from nncli.text import printable

try:
    import fcntl
except ImportError:  # an operating system without such locks
    fcntl = None  # type: ignore[assignment]
from nncli.tuning.search_space import Choice, SearchSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optuna.trial import FrozenTrial, Trial

    from nncli.run.dataset import Experiment
    from nncli.run.plan import Plan
    from nncli.training.state import EpochResult

NAME = "nncli"
"""Of the study within its file."""

STEPS = 10
"""Trials are compared by how many tenths of their epochs are over, since they may differ in epochs."""

WARM_UP, SPARED = 3, 5
"""Tenths of its epochs, and finished trials, before which none is given up."""

RANDOM = 12
"""Trials before the sampler learns from them."""

NOT_LEARNED = ("data.path", "data.cache", "training.processes")
"""Options that a study of the same images and settings may be continued with differently."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True)
class Tried:
    """A trial.

    Attributes:
        number: From 0.
        state: finished, pruned, unfinished or running.
        is_own: The config as it is.
        choice: What it chose.
        accuracy, loss: On the validation images; only of finished ones.
    """

    number: int
    state: str
    is_own: bool
    choice: Choice
    accuracy: float | None = None
    loss: float | None = None

    @property
    def score(self) -> tuple[float, float]:
        """Larger is better; the loss decides between equal accuracies."""
        return self.accuracy or 0.0, -(self.loss or 0.0)


class Search:
    """A study of a config.

    Args:
        experiment: The config's own, with its images.
        file: The study: a path, which is made if it is not there, or the URL of a database server.

    Raises:
        UsageError: The file is a study of something else.
        NncliError: It cannot be used.
    """

    def __init__(self, experiment: Experiment, file: str) -> None:
        self._experiment, self._file = experiment, file
        self.space = SearchSpace(experiment.plan)
        try:
            with _alone(file):
                self._open(file)
        except (SQLAlchemyError, optuna.exceptions.OptunaError, OSError, RuntimeError, ValueError) as error:
            raise _unusable(file, error) from error

    def _open(self, file: str) -> None:
        url = file if "://" in file else URL.create("sqlite", database=str(Path(file).absolute())).render_as_string()
        options = {} if "://" in file else {"connect_args": {"timeout": 60}}  # seconds to wait for another process
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what is new in optuna
            storage = optuna.storages.RDBStorage(url, engine_kwargs=options)
            pruner = optuna.pruners.MedianPruner(SPARED, WARM_UP)
            study = optuna.create_study(
                storage=storage, study_name=NAME, direction="maximize", pruner=pruner, load_if_exists=True
            )
            self._study, n_before = study, len(study.get_trials(deepcopy=False))
            # Another process, or the next time, is to draw other choices.
            seed = self._experiment.config.training.seed + 1000 * n_before + os.getpid() * bool(n_before)
            study.sampler = optuna.samplers.TPESampler(n_startup_trials=RANDOM, seed=seed % 2**32)
        self._check_that_it_is_ours()
        self._bury_the_dead()
        self._enqueue_first_choices()

    def _check_that_it_is_ours(self) -> None:
        known = self._study.user_attrs.get("of")
        settings = {key: str(value) for key, value in used_options(self._experiment.config).items()}
        settings = {key: value for key, value in settings.items() if key not in NOT_LEARNED}
        own = hashlib.blake2b(repr(sorted(settings.items())).encode(), digest_size=16).hexdigest()
        own += self._experiment.fingerprint
        if known is None:
            self._study.set_user_attr("of", own)
        elif known != own:
            shown = printable(self._file)
            raise UsageError(f"{shown}: a study of other settings or other images; choose another --study")

    def _bury_the_dead(self) -> None:
        """Mark trials whose process, on this machine, is gone."""
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            host, process = trial.user_attrs.get("process", ["", 0])
            if host == socket.gethostname() and not _is_alive(process):
                self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    def _enqueue_first_choices(self) -> None:
        """Those that nobody has tried to the end, or is about to try."""
        failed = TrialState.FAIL
        trials = [trial for trial in self._study.get_trials(deepcopy=False) if trial.state != failed]
        known = [trial.params or trial.system_attrs.get("fixed_params") for trial in trials]
        for k, choice in enumerate(self.space.first_choices()):
            if choice not in known:
                self._study.enqueue_trial(choice, user_attrs={"own": k == 0})

    @property
    def n_validation(self) -> int:
        """Images that trials are judged by."""
        return len(self._experiment.validation.labels)

    def trials(self) -> list[Tried]:
        """All that have begun, those of other processes too; one that is only asked for has no choice to tell."""
        return [_tried(trial) for trial in self._study.get_trials(deepcopy=False) if "start" in trial.params]

    def plan_of(self, tried: Tried) -> Plan:
        """Plan that a trial trained."""
        return self._experiment.plan if tried.is_own else self.space.plan_of(tried.choice)

    def run(
        self, should_stop: Callable[[], bool], on_trial: Callable[[Tried], None], n_trials: int | None = None
    ) -> None:
        """Try until asked to stop.

        Args:
            should_stop: Asked after every batch; the trial under way then does not count.
            on_trial: Told each trial that has ended.
            n_trials: Stop after so many.

        Raises:
            NncliError: The study cannot be written any more.
        """
        n_done = 0
        while not should_stop() and (n_trials is None or n_done < n_trials):
            try:
                on_trial(self._try_one(should_stop))
            except SQLAlchemyError as error:
                raise _unusable(self._file, error) from error
            n_done += 1

    def _try_one(self, should_stop: Callable[[], bool]) -> Tried:
        trial = self._study.ask()
        trial.set_user_attr("process", [socket.gethostname(), os.getpid()])
        is_own = bool(trial.user_attrs.get("own"))
        choice = self.space.suggest(trial)
        plan = self._experiment.plan if is_own else self.space.plan_of(choice)
        experiment = with_features(plan, self._experiment.training, self._experiment.validation)
        hooks, accuracy = _TrialHooks(trial, should_stop, plan.config.training.epochs, may_end=not is_own), None
        try:
            trainer = train(experiment, hooks).trainer
        except TrainingError:  # the loss is not finite: as bad as can be
            accuracy = 0.0
        else:
            if trainer.is_finished:
                kept = trainer.state.history[trainer.state.best_epoch - 1]
                accuracy = kept.val_accuracy
                trial.set_user_attr("loss", kept.val_loss)
        ended = TrialState.PRUNED if hooks.is_hopeless else TrialState.FAIL
        return _tried(self._study.tell(trial, accuracy, TrialState.COMPLETE if accuracy is not None else ended))


class _TrialHooks(Hooks):
    """A trial tells the study how it gets on, and is given up if it is worse than the others."""

    def __init__(self, trial: Trial, should_stop: Callable[[], bool], epochs: int, *, may_end: bool) -> None:
        self._trial, self._should_stop, self._epochs, self._may_end = trial, should_stop, epochs, may_end
        self._step, self.is_hopeless = 0, False

    def on_epoch(self, result: EpochResult) -> None:
        before, self._step = self._step, STEPS * result.epoch // self._epochs
        if self._step > before:
            self._trial.report(result.val_accuracy or 0.0, self._step)
            self.is_hopeless = self._may_end and self._trial.should_prune()

    def should_stop(self) -> bool:
        return self.is_hopeless or self._should_stop()


def _tried(trial: FrozenTrial) -> Tried:
    words = {"COMPLETE": "finished", "FAIL": "unfinished"}
    state, about = words.get(trial.state.name, trial.state.name.lower()), trial.user_attrs
    accuracy = trial.value if state == "finished" else None
    return Tried(trial.number, state, bool(about.get("own")), dict(trial.params), accuracy, about.get("loss"))


@contextlib.contextmanager
def _alone(file: str) -> Iterator[None]:
    """Keep others from opening a study in the same folder: two that start at once would both make the tables."""
    if "://" in file:  # a server sees to that
        yield
        return
    folder = os.open(Path(file).absolute().parent, os.O_RDONLY)
    try:
        if fcntl is not None:
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def _unusable(file: str, error: Exception) -> Exception:
    if isinstance(error, NncliError):
        return error
    reason: Any = getattr(error, "orig", None) or error
    return NncliError(f"{printable(file)}: cannot be used as a study: {printable(str(reason))[:200]}")
