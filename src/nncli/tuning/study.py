"""A search: trials one after another, each a training, in a file that survives and can be shared.

optuna draws the choices (tree-structured Parzen estimator, Bergstra et al. 2011) and says which trials to give up
early: those that at the same point of their training are worse than half of the others. The first trial is the config
as it is. Where the budget is too short for several whole trainings, trials are smaller ones, and the best are repeated
(size.py). Of a trial that was killed nothing counts; what was finished before is in the file.

Several ranks are as many searches that share a study: each asks it for trials of its own. They meet before the first
trial, before the best are repeated, which are dealt out to them, and at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import optuna
from optuna.trial import TrialState, create_trial
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from nncli.config.writing import used_options
from nncli.errors import NncliError, TrainingError, UsageError
from nncli.evaluation.resampling import Drawn
from nncli.machine.backend import refuse_ranks
from nncli.machine.extras import refuse_missing
from nncli.machine.file_lock import locked_folder
from nncli.machine.ranks import ALONE, Ranks, come_from_the_first
from nncli.run.hooks import NOBODY, Hooks
from nncli.run.loading import learn, load
from nncli.run.pipeline import train
from nncli.run.plan import refuse_shards
from nncli.text import printable
from nncli.tuning.measure import MEASURES
from nncli.tuning.search_space import OWN, SearchSpace
from nncli.tuning.size import FEWEST_IMAGES, measured_cost, resized, set_aside
from nncli.tuning.trial import TrialHooks, contest, tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nncli.run.dataset import Experiment
    from nncli.run.plan import Plan
    from nncli.training.state import EpochResult
    from nncli.tuning.search_space import Choice
    from nncli.tuning.trial import SearchHooks, Tried

NAME = "nncli"
"""Of the study within its file."""

WARM_UP, SPARED = 3, 5
"""Tenths of its epochs, and finished trials, before which none is given up."""

RANDOM = 12
"""Trials before the sampler learns from them."""

PER_TRIAL = 1 / 12
"""Share of the budget that a trial of the first round is to take: half of it is enough for six, with time to spare."""

LEAST = 0.1
"""Share of a recipe's training, or a thousand images, that must fit into a trial, or the recipe is not tried."""

MEASURED = 0.25
"""Share of the budget after which nothing is measured twice."""

LATE = 1.5
"""If the first trial takes so many times as long as planned, the others are made smaller."""

SLOW = 3
"""A trial that takes so many times as long is given up."""

ENOUGH = 5
"""Trials beside the config's own that are to be finished in the first round."""

FIRST_ROUND = 0.5, 0.75
"""Share of the budget that the first round takes; the second number where fewer are finished by the first."""

CAUTION = 0.8
"""Share of the time left that is planned with."""

RANK_APART = 7919
"""Between the seeds of two ranks."""

NOT_LEARNED = ("data.path", "data.cache", "data.placement", "training.processes", "training.backend")
"""Options that a study of the same images and settings may be continued with differently."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Outcome(NamedTuple):
    """Outcome of a training: what it is judged by, None if it was stopped, and what the study keeps about it."""

    value: float | None
    about: dict[str, Any]


class Search:
    """A study of a config.

    Args:
        experiment: The config's own, with its images; all of its ranks are to search.
        file: The study: a path, which is made if it is not there, or the URL of a database server.

    Attributes:
        space: What is searched.
        task, names: `data.task`, and the names of classes, labels or numbers.
        measure: What trials are judged by.
        set_aside: Images that no trial trains on or is chosen by, for the verdict; None where there are too few.

    Raises:
        UsageError: The file is a study of something else.
        DataError: The validation images cannot tell what is better.
        NncliError: The file cannot be used.
    """

    def __init__(self, experiment: Experiment, file: str) -> None:
        self._experiment, self._file, self._ranks = experiment, file, experiment.ranks
        self.task, self.names = experiment.config.data.task, experiment.classes
        self.measure = MEASURES[self.task]
        self.measure.refuse(experiment.validation)
        training, self.set_aside = set_aside(experiment)
        self._images = training, experiment.validation
        self.space = SearchSpace(experiment.plan)
        try:
            if self._ranks.rank > 0:
                self._ranks.meet()  # the first has made it
            with _alone(file):
                self._open(file)
            if self._ranks.rank == 0:
                self._ranks.meet()
        except ImportError as error:
            raise _no_driver(error) from error
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
            seed += RANK_APART * self._ranks.rank
            # What others are trying now counts as if it were bad, so that it is not tried twice.
            liar: dict[str, Any] = {"constant_liar": True} if self._ranks.size > 1 else {}
            study.sampler = optuna.samplers.TPESampler(n_startup_trials=RANDOM, seed=seed % 2**32, **liar)
        if self._ranks.rank == 0:
            self._check_that_it_is_ours()
        self._bury_the_dead()

    def _check_that_it_is_ours(self) -> None:
        known = self._study.user_attrs.get("of")
        settings = {key: str(value) for key, value in used_options(self._experiment.config).items()}
        settings = {key: value for key, value in settings.items() if key not in NOT_LEARNED}
        own = hashlib.blake2b(repr(sorted(settings.items())).encode(), digest_size=16).hexdigest()
        own += self._experiment.fingerprint
        if known is None:
            self._study.set_user_attr("of", own)
        elif known != own:
            raise UsageError(f"{shown(self._file)}: a study of other settings or other images; choose another --study")

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

    def trials(self) -> list[Tried]:
        """All that have begun, those of other processes too; one that is only asked for has no choice to tell."""
        return [tried(trial) for trial in self._study.get_trials(deepcopy=False) if "start" in trial.params]

    def plan_of(self, tried: Tried) -> Plan:
        """The whole plan that a trial stands for."""
        return self._experiment.plan if tried.is_own else self.space.plan_of(tried.choice)

    def run(self, hooks: SearchHooks, seconds: float, n_trials: int | None = None) -> None:
        """Try for so many seconds, or until the hooks say stop.

        Trials that are smaller than the whole training are a first round; the best are then trained once more, as
        large as the time left allows.

        Args:
            hooks: See there. A trial that is under way when they stop the search does not count.
            seconds: The budget; of several ranks that of the first, as the next.
            n_trials: End the first round after so many.

        Raises:
            NncliError: The study cannot be written any more.
        """
        ranks = self._ranks
        self._seconds, n_trials = ranks.from_first(lambda: (seconds, n_trials))
        self._hooks, self._begun = hooks, time.monotonic()
        n_own = None if n_trials is None else len(range(ranks.rank, n_trials, ranks.size))
        try:
            self.space.leave_out(ranks.from_first(self._size_trials))
            n_done = 0
            while not self._is_over and (n_own is None or n_done < n_own):
                self._make_smaller(self._try_one())
                n_done += 1
            ranks.meet(hooks.should_stop)
            if self._share < 1:
                self._repeat_the_best()
            ranks.meet(hooks.should_stop)
        except SQLAlchemyError as error:
            raise _unusable(self._file, error) from error

    def _size_trials(self) -> dict[str, float]:
        """Measure what the beginnings cost, and choose how large trials are; a study that is resumed keeps that.

        Returns:
            Those that are left out because they would take too long, and their seconds.
        """
        with _alone(self._file):
            return self._sized()

    def _sized(self) -> dict[str, float]:
        sizes = self._study.user_attrs.get("sizes")
        if sizes is None:
            self._hooks.on_note("measuring how long a training takes")
            least = min(LEAST, FEWEST_IMAGES / len(self._images[0].rows))
            trial, share = self._seconds * PER_TRIAL, 1.0
            slow: dict[str, float] = {}
            for start in self.space.starts:
                if slow:  # the further ones are of a larger effort
                    slow[start] = max(slow.values())
                    continue
                plan = self.space.plan_of(self.space.as_it_is(start))
                cost = measured_cost(plan, *self._images, self._hooks)
                is_slow = start != OWN and cost.seconds(least) > trial
                if is_slow and self._spent < MEASURED:  # once more, for the machine may have been busy
                    again = measured_cost(plan, *self._images, self._hooks)
                    cost = min(cost, again, key=lambda each: each.seconds(1))
                if start != OWN and cost.seconds(least) > trial:
                    slow[start] = cost.seconds(1)
                else:
                    share = min(share, cost.share(trial))
            sizes = {"share": share, "left_out": slow}
            self._study.set_user_attr("sizes", sizes)
        left_out: dict[str, float] = sizes["left_out"]
        self.space.leave_out(left_out)
        self._hooks.on_sized(sizes["share"], left_out)
        self._enqueue_first_choices()
        return left_out

    @property
    def _share(self) -> float:
        """How large trials are; all ranks hear of it when one of them makes them smaller."""
        share: float = self._study.user_attrs["sizes"]["share"]
        return share

    def _make_smaller(self, first: Tried) -> None:
        """Correct the size of trials if the config's own took much longer than measured, as on a busy machine."""
        planned = self._seconds * PER_TRIAL
        if first.is_own and first.share == self._share and first.seconds > LATE * planned:
            share = first.share * planned / first.seconds
            left_out = self._study.user_attrs["sizes"]["left_out"]
            self._study.set_user_attr("sizes", {"share": share, "left_out": left_out})
            self._study.enqueue_trial(first.choice, user_attrs={"own": True})
            self._hooks.on_sized(share, {})

    @property
    def _spent(self) -> float:
        """Share of the budget that is used up."""
        return (time.monotonic() - self._begun) / self._seconds

    @property
    def _is_over(self) -> bool:
        """Whether the first round is."""
        is_stopped = self._hooks.should_stop()
        if is_stopped or self._share == 1:
            return is_stopped
        n_others = sum(each.state == "finished" and not each.is_own for each in self.trials())
        return self._spent > FIRST_ROUND[n_others < ENOUGH]

    def _repeat_the_best(self) -> None:
        """Train the config's own settings and the best others again, as large as the time left allows for two."""
        ranks = self._ranks
        best, share = ranks.from_first(self._best)
        done = [each.choice for each in self.trials() if each.state == "finished" and each.share == share]
        for k, each in list(enumerate(best))[ranks.rank :: ranks.size]:
            expected = each.seconds * share / each.share
            if self._hooks.should_stop() or (k > 1 and expected > CAUTION * self._seconds * (1 - self._spent)):
                return
            if each.choice not in done:
                self._repeat(each, share)

    def _best(self) -> tuple[list[Tried], float]:
        """The trials to repeat, the config's own first and then the best, and how large; none where time is short."""
        small = [each for each in self.trials() if each.state == "finished" and each.share == self._share]
        own = [each for each in small if each.is_own]
        others = sorted((each for each in small if not each.is_own), key=lambda each: each.score, reverse=True)
        if not own or not others:
            return [], 1.0
        left = self._seconds * (1 - self._spent)
        whole = [each.seconds / self._share for each in (own[0], others[0])]
        together = sum(whole) if self._ranks.size == 1 else max(whole)
        share = min(1.0, CAUTION * left / together)
        return ([own[0], *others] if share >= self._share else []), share

    def _try_one(self) -> Tried:
        """Let the study choose, and train."""
        with _alone(self._file):  # SQLite locks no row that is read: two processes could take the same asked-for trial
            trial = self._study.ask()
        trial.set_user_attr("process", [socket.gethostname(), os.getpid()])
        is_own, choice = bool(trial.user_attrs.get("own")), self.space.suggest(trial)
        most = SLOW * PER_TRIAL * self._seconds
        hooks = TrialHooks(self._hooks, None if is_own else trial, most, self.measure.of_epoch)
        outcome = self._train(trial.number, choice, self._share, hooks, is_own=is_own)
        for name, value in outcome.about.items():
            trial.set_user_attr(name, value)
        unfinished = TrialState.PRUNED if hooks.is_hopeless else TrialState.FAIL
        state = unfinished if outcome.value is None else TrialState.COMPLETE  # hopeless, perhaps, at its last report
        found = tried(self._study.tell(trial, outcome.value, state))
        self._hooks.on_tried(found)
        return found

    def _repeat(self, before: Tried, share: float) -> None:
        """Train a choice once more; it is kept as a further trial when it is finished."""
        hooks = TrialHooks(self._hooks, None, self._seconds, self.measure.of_epoch)
        outcome = self._train(before.number, before.choice, share, hooks, is_own=before.is_own)
        if outcome.value is None:
            return
        distributions = self._study.get_trials(deepcopy=False)[before.number].distributions
        about = outcome.about | {"own": before.is_own, "again": before.number}
        self._study.add_trial(
            create_trial(value=outcome.value, params=before.choice, distributions=distributions, user_attrs=about)
        )
        same = [each for each in self.trials() if each.share == share and each.choice == before.choice]
        self._hooks.on_tried(same[-1])

    def _train(self, number: int, choice: Choice, share: float, hooks: TrialHooks, *, is_own: bool) -> Outcome:
        """Train a choice at a share of the whole training."""
        plan = self._experiment.plan if is_own else self.space.plan_of(choice)
        plan, training, validation = resized(plan, *self._images, share)
        n_training, n_validation, epochs = len(training.rows), len(validation.rows), plan.config.training.epochs
        about: dict[str, Any] = {"share": share, "n_training": n_training, "n_validation": n_validation}
        about["epochs"] = hooks.epochs = epochs
        self._hooks.on_trial(number, choice, n_training, epochs)
        begun = time.monotonic()
        try:
            result = train(learn(plan, training, validation, hooks), hooks)
        except TrainingError:  # the loss is not finite: as bad as can be
            return Outcome(self.measure.lowest, about | {"seconds": time.monotonic() - begun})
        if not result.trainer.is_finished:
            return Outcome(None, about | {"slow": hooks.is_slow})
        kept = result.trainer.state.history[result.trainer.state.best_epoch - 1]
        found = self.measure.of_training(result)
        value = found.value if isinstance(found, Drawn) else found
        if isinstance(found, Drawn):
            about |= {"interval": list(found.interval), "deviation": found.deviation}
        about |= {"loss": kept.val_loss, "seconds": time.monotonic() - begun}
        is_candidate = share > self._share or (self._share == 1 and (is_own or self._is_best(value, kept)))
        if is_candidate and self.set_aside is not None:
            about |= self.measure.answers(result, self.set_aside)
        return Outcome(value, about)

    def _is_best(self, value: float, kept: EpochResult) -> bool:
        return all(each.score <= (value, -(kept.val_loss or 0.0)) for each in contest(self.trials()))


def open_search(plan: Plan, file: str, hooks: Hooks = NOBODY, ranks: Ranks = ALONE) -> Search:
    """Load the images of a plan, and open its study.

    Args:
        plan: Of the config.
        file: See `Search`.
        hooks: Watch.
        ranks: The processes that search together, of which this one is the first; the others are to `help_search`.

    Raises:
        UsageError: They cannot.
        NncliError: See `Search` and `load`.
    """
    refuse_ranks(plan.config.training.backend, ranks.size)
    refuse_shards(plan, ranks.size)
    _refuse_address(file)
    if ranks.n_machines > 1 and "://" not in file:
        raise UsageError(f"{printable(file)}: a file is for one machine; choose --study postgresql://..., a server's")
    ranks.from_first(lambda: (plan, file))
    return Search(load(plan, hooks, None, ranks), file)


def help_search(ranks: Ranks, hooks: SearchHooks) -> None:
    """Do this process's part of a search that the first one opens and runs."""
    plan, file = ranks.from_first(come_from_the_first)
    Search(load(plan, hooks, None, ranks), file).run(hooks, 0)


def shown(file: str) -> str:
    """A study as messages may call it: without the password."""
    if "://" not in file:
        return printable(file)
    return printable(make_url(file).difference_update_query(["password"]).render_as_string(hide_password=True))


def _refuse_address(file: str) -> None:
    """Refuse what is no URL; nothing of it is shown, for a part of it may be a password."""
    kind, is_url, address = file.partition("://")
    try:
        if not is_url or (address.count("@") < 2 and make_url(file)):
            return
    except (ArgumentError, ValueError):  # the latter is of a port that is no number
        pass
    example = f"{kind}://user@host/database"
    raise UsageError(f"--study {printable(kind)}://...: no URL; write {printable(example)}, and @ in a password as %40")


@contextlib.contextmanager
def _alone(file: str) -> Iterator[None]:
    """Keep others from opening a study in the same folder: two that start at once would both make the tables."""
    if "://" in file:  # a server sees to that
        yield
        return
    with locked_folder(Path(file).absolute().parent):
        yield


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
    return NncliError(f"{shown(file)}: cannot be used as a study: {printable(str(reason))[:200]}")


def _no_driver(error: ImportError) -> UsageError:
    """The error to raise where the program that speaks to a database server is missing."""
    cause = error.__cause__ if isinstance(error.__cause__, ModuleNotFoundError) else None
    if cause is None:
        raise error
    if str(cause.name).startswith("psycopg"):
        return refuse_missing("this --study", cause, "postgres")
    return UsageError(f"this --study needs {cause.name}, which is not installed")
