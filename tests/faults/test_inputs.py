"""Every sweep over hostile inputs, short; `python -m tests.faults inputs` is the long version."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.faults import bombs, configs, folders, images, inputs, models, names, twins
from tests.faults.hostile_process import Outcome, Tally, run_many

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with FIFOs")


@pytest.mark.parametrize(
    ("sweep", "n"),
    [
        (images.sweep, 250),
        (models.sweep, 120),
        (models.sweep_checkpoints, 30),
        (configs.sweep, 16),
        (names.sweep, 60),
        (names.sweep_lists, 30),
        (folders.sweep, 16),
        (bombs.sweep, 1),
        (twins.sweep_neighbors, 100),
    ],
    ids=lambda value: f"{value.__module__}.{value.__name__}" if callable(value) else "",
)
def test_no_promise_is_broken(sweep: Callable[[int, int], Tally], n: int) -> None:
    """One record or one error for each input; no traceback, nothing run, nothing written elsewhere."""
    tally = sweep(n, 7)
    assert [] == tally.violations
    assert tally.inputs >= n


@pytest.mark.parametrize("violations", [[], ["a traceback"]])
def test_one_command_runs_all_and_fails_if_one_does(monkeypatch: pytest.MonkeyPatch, violations: list[str]) -> None:
    """`python -m tests.faults inputs` ends with an error if a promise was broken, `... tests.faults.inputs` with 1."""
    asked = []

    def run_all(share: float = 1, _seed: int = 0) -> tuple[int, list[str]]:
        asked.append(share)
        return 9, violations

    monkeypatch.setattr(inputs, "run_all", run_all)
    assert len(violations) == inputs.main()
    if violations:
        with pytest.raises(AssertionError, match="1 promises broken"):
            inputs.sweep(50)
    else:
        assert "9 inputs, no promise broken" == inputs.sweep(50)
    assert [1, 0.5] == asked


def test_twins_are_taken_for_each_other() -> None:
    """A trained model gives a picture the same probability in whatever way it was saved."""
    tally, largest = twins.sweep(3, 7)
    assert [] == tally.violations
    assert largest <= 0.01


def test_names_on_stdin_are_answered_one_by_one() -> None:
    """As many records as names; the time is measured by the long version."""
    twins.stream(300)


def test_a_program_or_a_file_elsewhere_would_be_noticed(tmp_path: Path) -> None:
    """The watch can fail."""
    tally = Tally("watch")
    calls = ("tests.faults.test_inputs:start_a_program", "tests.faults.test_inputs:write_elsewhere")
    (tmp_path / "allowed").mkdir()
    commands = [{"call": call, "args": [str(tmp_path / "elsewhere")]} for call in calls]
    started, wrote = run_many(commands, tmp_path / "allowed", tally)
    assert "did subprocess.Popen" in started.violations()[0]
    assert "did open" in wrote.violations()[0]


def start_a_program(_path: str) -> None:
    """What no input may lead to."""
    subprocess.run(["true"], check=True)


def write_elsewhere(path: str) -> None:
    """Nor this."""
    with open(path, "w"):  # noqa: PTH123
        pass


@pytest.mark.parametrize(
    ("outcome", "violation"),
    [
        (Outcome(1, "", "nncli: internal error: x", 1, []), "traceback"),
        (Outcome(-11, "", "x", 1, []), "exit code -11"),
        (Outcome(1, "", "", 1, []), "failed without a word"),
        (Outcome(0, "", "", 21, []), "took 21.0 s"),
        (Outcome(0, "", "a\x1b", 1, []), "raw"),
    ],
)
def test_a_broken_promise_is_noticed(outcome: Outcome, violation: str) -> None:
    """The judge can say no."""
    assert outcome.violations()[0].startswith(violation)
