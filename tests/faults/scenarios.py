"""Commands that write files, over what was there before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.place import finished_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Scenario:
    """A command in the folder `work`.

    Attributes:
        name: For messages.
        args: Of nncli.
        prepare: Makes in `root / name` what is in the folder before; gives it.
        again: The command that puts all right afterwards.
        may_go: Files of before that may be removed, because the user asked for it.
        tells: Whether a failure fails the command; the cache can do without.
    """

    name: str
    args: tuple[str, ...]
    prepare: Callable[[Path], Path]
    again: tuple[str, ...] = ()
    may_go: bool = False
    tells: bool = True


def _empty(root: Path) -> Path:
    (root / "empty").mkdir()
    return root / "empty"


def _with_run(root: Path) -> Path:
    (root / "before").mkdir(exist_ok=True)
    finished_run(root, "before/run", "--seed", "7")
    return root / "before"


def _with_outputs(root: Path) -> Path:
    before = _with_run(root)
    for name in ("p.csv", "w.csv", "c.csv", "a.csv"):
        (before / name).write_text("old\n")
    return before


TRAIN = ("train", "../c.yaml", "--out", "run")
EVALUATE = ("evaluate", "../photos", "-m", "run", "--wrong", "w.csv", "--confusion", "c.csv", "--predictions", "a.csv")

SCENARIOS = (
    Scenario("new run", TRAIN, _empty, (*TRAIN, "--force")),
    Scenario("resume", ("train", "--resume", "run", "--epochs", "5"), _with_run),
    Scenario("replace", (*TRAIN, "--force"), _with_run, may_go=True),
    Scenario("predict -o", ("predict", "../photos", "-m", "run", "-f", "csv", "-o", "p.csv"), _with_outputs),
    Scenario("evaluate", EVALUATE, _with_outputs),
    Scenario("cache", ("check", "../c.yaml"), _empty, tells=False),
)
