"""Trials: in what order, which are given up, and what the file keeps."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

from optuna.trial import TrialState  # noqa: E402

from nncli.config import load_config  # noqa: E402
from nncli.errors import NncliError, UsageError  # noqa: E402
from nncli.run.dataset import load_experiment, plan_experiment  # noqa: E402
from nncli.run.hooks import NOBODY  # noqa: E402
from nncli.training.loop import Trainer  # noqa: E402
from nncli.tuning import study  # noqa: E402
from nncli.tuning.search_space import OWN  # noqa: E402
from nncli.tuning.size import Cost  # noqa: E402
from nncli.tuning.study import Search, help_search, open_search  # noqa: E402
from nncli.tuning.trial import SearchHooks, Tried, contest  # noqa: E402
from tests.fixtures import plan_of  # noqa: E402
from tests.folders import write_class_folders, write_config  # noqa: E402
from tests.thread_ranks import in_ranks  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.machine.ranks import Ranks
    from nncli.run.dataset import Experiment


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    """Of two classes that are easily told apart."""
    write_class_folders(tmp_path / "photos", {"a": 10, "b": 10})
    training: dict[str, object] = {"processes": 1, "epochs": 10}
    return load_experiment(plan_experiment(load_config(write_config(tmp_path / "c.yaml", "photos", training=training))))


class Watcher(SearchHooks):
    """Remembers what it hears."""

    def __init__(self, stop: Any) -> None:
        self.told: list[Tried] = []
        self._stop = stop

    def on_tried(self, tried: Tried) -> None:
        """Remember."""
        self.told.append(tried)

    def should_stop(self) -> bool:
        """Whether the test says so."""
        return bool(self._stop())


def run(search: Search, n: int, stop: Any = lambda: False, seconds: float = 1000.0) -> list[Tried]:
    """Try `n` times."""
    watcher = Watcher(stop)
    search.run(watcher, seconds, n)
    return watcher.told


@pytest.fixture(autouse=True)
def cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every beginning seem to take a second."""
    monkeypatch.setattr(study, "measured_cost", lambda *_: Cost(0.0, 1.0))


def quick(monkeypatch: pytest.MonkeyPatch, accuracy: list[float]) -> None:
    """Let trainings take no time and reach these accuracies."""
    results = iter(accuracy)
    real = Trainer.run

    def trained(self: Trainer, *args: Any) -> Any:
        value = next(results)
        for result in real(self, *args):
            object.__setattr__(result, "val_accuracy", value)
            yield result

    monkeypatch.setattr(Trainer, "run", trained)


def test_the_config_as_it_is_comes_first(tmp_path: Path, experiment: Experiment) -> None:
    """Trained as `nncli train` would; then what is tried first."""
    search = Search(experiment, str(tmp_path / "s.study"))
    first, second = run(search, 2)
    assert (0, True, "finished") == (first.number, first.is_own, first.state)
    assert 0 <= first.value <= 1  # type: ignore[operator]
    assert search.plan_of(first) is experiment.plan
    assert "recipe garments quick" == search.space.described(second.choice)
    assert [0, 1] == [each.number for each in search.trials()]


def test_another_process_goes_on_where_one_stopped(tmp_path: Path, experiment: Experiment) -> None:
    """Nothing is tried twice, and what was not finished is tried again."""
    file = str(tmp_path / "s.study")
    run(Search(experiment, file), 1)
    asked = iter([False, *[True] * 9])
    (unfinished,) = run(Search(experiment, file), 9, lambda: next(asked))
    assert ("unfinished", None) == (unfinished.state, unfinished.value)
    again = Search(experiment, file)
    words = [again.space.described(each.choice) for each in run(again, 4)]
    assert ["recipe garments standard", "learning_rate x0.5", "learning_rate x2", "recipe garments quick"] == words
    assert 6 == len(again.trials())
    assert 1 == sum(each.is_own for each in again.trials())


def test_the_trial_of_a_killed_process_does_not_count(tmp_path: Path, experiment: Experiment) -> None:
    """It is marked, and the config as it is gets its turn again; a trial of a living process is left alone."""
    file = str(tmp_path / "s.study")
    search = Search(experiment, file)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for process in (dead.pid, os.getppid()):
        trial = search._study.ask()
        trial.set_user_attr("process", [socket.gethostname(), process])
        search.space.suggest(trial)
    states = [each.state for each in Search(experiment, file).trials()]
    assert ["unfinished", "running"] == states
    tried = run(Search(experiment, file), 4)
    assert [True] == [each.is_own for each in tried if each.is_own]


def test_a_trial_without_a_choice_is_not_told(tmp_path: Path, experiment: Experiment) -> None:
    """Another process may just have asked for it; there is nothing to describe."""
    search = Search(experiment, str(tmp_path / "s.study"))
    search._study.ask()
    assert [] == search.trials()


def test_what_is_worse_than_most_is_given_up(
    tmp_path: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some trials to compare with, and some epochs; the better ones go on to the end."""
    quick(monkeypatch, [0.8, 0.8, 0.8, 0.8, 0.8, 0.1, 0.9])
    search = Search(experiment, str(tmp_path / "s.study"))
    assert ["finished"] * 5 + ["pruned", "finished"] == [each.state for each in run(search, 7)]
    assert 0.9 == search.trials()[-1].value


def test_a_training_that_diverges_is_as_bad_as_can_be(tmp_path: Path) -> None:
    """And the search goes on."""
    write_class_folders(tmp_path / "photos", {"a": 10, "b": 10})
    training = {"processes": 1, "optimizer": "gradient_descent", "learning_rate": 1e300, "precision": "float64"}
    config = write_config(tmp_path / "c.yaml", "photos", training=training, network={"activation": "relu"})
    search = Search(load_experiment(plan_experiment(load_config(config))), str(tmp_path / "s.study"))
    assert [0.0] == [each.value for each in run(search, 1)]


def test_a_study_of_something_else_is_refused(tmp_path: Path, experiment: Experiment) -> None:
    """Other settings or other images would make its figures meaningless."""
    file = str(tmp_path / "s.study")
    Search(experiment, file)
    other = write_config(tmp_path / "d.yaml", "photos", training={"processes": 1, "epochs": 11})
    with pytest.raises(UsageError, match=r"s\.study: a study of other settings or other images"):
        Search(load_experiment(plan_experiment(load_config(other))), file)


@pytest.mark.parametrize("name", ["no database", "missing/s.study"])
def test_a_file_that_is_no_study_is_one_line(tmp_path: Path, experiment: Experiment, name: str) -> None:
    """Also one that cannot be made."""
    (tmp_path / "no database").write_bytes(b"x" * 5000)
    with pytest.raises(NncliError, match=f"{name}: cannot be used as a study: "):
        Search(experiment, str(tmp_path / name))


def test_odd_names_of_files(tmp_path: Path, experiment: Experiment) -> None:
    """A path is no URL: signs that mean something there are just signs."""
    file = tmp_path / "100%3F? #study@x"
    run(Search(experiment, str(file)), 1)
    assert file.stat().st_size > 0


def test_a_short_budget_makes_small_trials_and_repeats_the_best(
    tmp_path: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half the budget per whole training: a twelfth of it for a trial, then the config and the best others anew."""
    monkeypatch.setattr(study, "measured_cost", lambda *_: Cost(0.0, 500.0))
    monkeypatch.setattr("nncli.tuning.search_space._recipes", lambda _plan: {})  # they take longer
    search = Search(experiment, str(tmp_path / "s.study"))
    told = run(search, 3)
    small, large = told[:3], told[3:]
    assert {1 / 6} == {each.share for each in small}
    assert {(17, 2)} == {(each.n_training, each.epochs) for each in small}
    assert [True] == [each.is_own for each in large if each.is_own]
    assert large[0].choice == small[0].choice
    assert {(17, 10, 1.0)} == {(each.n_training, each.epochs, each.share) for each in large}
    assert {each.number for each in large} == {each.number for each in contest(search.trials())}


def test_a_beginning_that_would_not_fit_is_left_out(
    tmp_path: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the study goes on with another budget: its trials stay comparable."""
    costs = iter([Cost(0.0, 1.0), Cost(0.0, 2.0), Cost(100.0, 2000.0), Cost(100.0, 2000.0)])
    monkeypatch.setattr(study, "measured_cost", lambda *_: next(costs))
    file = str(tmp_path / "s.study")
    run(Search(experiment, file), 1)
    again = Search(experiment, file)
    run(again, 1, seconds=5000.0)
    assert ["config", "garments quick"] == list(again.space.starts)


def test_a_first_trial_that_takes_too_long_makes_the_others_smaller(
    tmp_path: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is busy is slower than measured; the config's own settings are tried at the new size, too."""
    monkeypatch.setattr(study, "PER_TRIAL", 1e-9)  # so that any trial takes longer
    monkeypatch.setattr(study, "SLOW", 1e12)
    monkeypatch.setattr(Cost, "share", lambda *_: 1.0)
    monkeypatch.setattr(study, "LEAST", 0.0)
    search = Search(experiment, str(tmp_path / "s.study"))
    search._hooks, search._seconds, search._begun = Watcher(lambda: False), 100.0, 0.0
    search._size_trials()
    first = search._try_one()
    search._make_smaller(first)
    assert search._share < first.share == 1
    assert search._study.user_attrs["sizes"]["share"] == search._share
    waiting = search._study.get_trials(states=(TrialState.WAITING,))
    assert [True] == [True for each in waiting if each.user_attrs.get("own")]


def test_ranks_search_in_one_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has trials of its own, no choice is tried twice, and the best are dealt out to be repeated."""
    monkeypatch.setattr(study, "measured_cost", lambda *_: Cost(0.0, 500.0))
    monkeypatch.setattr("nncli.tuning.search_space._recipes", lambda _plan: {})  # they take longer
    write_class_folders(tmp_path / "photos", {"a": 10, "b": 10})
    plan = plan_of(tmp_path, training={"epochs": 10})

    def searching(ranks: Ranks) -> list[Tried]:
        watcher = Watcher(lambda: False)
        if ranks.rank > 0:
            help_search(ranks, watcher)
        else:
            open_search(plan, str(tmp_path / "s.study"), NOBODY, ranks).run(watcher, 1000.0, 4)
        return watcher.told

    told = in_ranks(2, searching, n_machines=1)
    assert [{1 / 6}, {1 / 6}] == [{each.share for each in found[:2]} for found in told]
    small = [each.choice for found in told for each in found[:2]]
    assert 4 == len({str(choice) for choice in small})
    whole = [each for found in told for each in found[2:]]
    assert {1.0} == {each.share for each in whole}
    assert sorted(map(str, small)) == sorted(str(each.choice) for each in whole)
    assert [True] == [each.is_own for each in whole if each.is_own]


def test_ranks_end_when_the_first_says_so(tmp_path: Path) -> None:
    """Whoever is called off begins no trial, and comes to the last meeting."""
    write_class_folders(tmp_path / "photos", {"a": 10, "b": 10})
    plan = plan_of(tmp_path)

    def searching(ranks: Ranks) -> list[Tried]:
        watcher = Watcher(ranks.is_called_off)
        if ranks.rank == 0:
            ranks.call_off()
        if ranks.rank > 0:
            help_search(ranks, watcher)
        else:
            open_search(plan, str(tmp_path / "s.study"), NOBODY, ranks).run(watcher, 1000.0)
        return watcher.told

    assert [[], []] == in_ranks(2, searching, n_machines=1)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("postgresql://me:hush@here/x?password=hush", "this --study needs psycopg"),
        ("postgresql://me:hu@sh@here/x", "--study postgresql://...: no URL; write postgresql://user@host/database"),
        ("postgresql://me@here:hush/x", "--study postgresql://...: no URL"),
        ("nothing://me:hush@here/x", "nothing://me:***@here/x: cannot be used as a study"),
    ],
)
def test_no_message_has_a_password(url: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with the address, or with what is installed."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    write_class_folders(tmp_path / "photos", {"a": 10, "b": 10})
    with pytest.raises(NncliError) as caught:
        open_search(plan_of(tmp_path), url)
    assert line in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_file_is_for_one_machine(tmp_path: Path) -> None:
    """Each machine would have a file of its own."""
    write_class_folders(tmp_path / "photos", {"a": 10, "b": 10})
    plan = plan_of(tmp_path)
    with pytest.raises(UsageError, match=r"s\.study: a file is for one machine"):
        in_ranks(2, lambda ranks: open_search(plan, "s.study", NOBODY, ranks) if ranks.rank == 0 else None)


def test_a_trial_that_was_hopeless_only_at_its_end_counts(
    tmp_path: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing left to give up."""
    search, answers = Search(experiment, str(tmp_path / "s.study")), iter([*[False] * 9, True])
    search.space.starts = {OWN: search.space.starts[OWN]}
    monkeypatch.setattr("optuna.trial.Trial.should_prune", lambda _self: next(answers))
    assert ["finished", "finished"] == [each.state for each in run(search, 2)]
