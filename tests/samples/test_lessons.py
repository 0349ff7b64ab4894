"""The ranges in the comments of the lessons are what training gives; `python -m tests.lessons` measured them."""

from __future__ import annotations

import runpy

import pytest

from nncli.run.lessons import PROMISE, Promise, promises
from tests.lessons import LESSONS, measure

COMMANDS: dict[str, list[Promise]] = {}
for path in LESSONS:
    for each in promises(path.read_text(encoding="utf-8")):
        COMMANDS.setdefault(each.command, []).append(each)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.removeprefix("nncli train configs/lessons/"))
def test_a_lesson_keeps_its_promise(command: str) -> None:
    """With one of the ten seeds; another processor rounds otherwise, which is as good as another seed."""
    measured = measure(command, seed=list(COMMANDS).index(command) % 10)
    for promise in COMMANDS[command]:
        slack = max(0.02, (promise.high - promise.low) / 2)
        if promise.quantity == "diverges":
            assert "diverges" in measured
        else:
            assert promise.low - slack <= measured[promise.quantity] <= promise.high + slack


def test_every_command_in_a_lesson_has_a_range() -> None:
    """No lesson is without one, and no command stands without its range."""
    for path in LESSONS:
        text = path.read_text(encoding="utf-8")
        assert 0 < len(PROMISE.findall(text)) == text.count("nncli train "), path


def test_the_points_are_those_of_the_script() -> None:
    """Their tables are written by make_points.py, which always draws the same ones."""
    script = runpy.run_path(str(LESSONS[0].parent / "plane" / "make_points.py"))
    tables = {path.stem: path.read_text(encoding="utf-8") for path in (LESSONS[0].parent / "plane").glob("*.csv")}
    assert {name: script["table"](name) for name in script["TABLES"]} == tables
