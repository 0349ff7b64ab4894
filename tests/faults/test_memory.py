"""Too little memory, at whatever moment: one line, a failure, and what was saved is whole."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

import nncli.run.training
from nncli.training.loop import Trainer
from tests.faults.child import run
from tests.faults.place import contents, drafts, place, save_often
from tests.faults.test_stopping import at_call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = "nncli: out of memory; smaller images, batches or layers need less\n"


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A place with photos and c.yaml."""
    with place() as path:
        yield path


@pytest.mark.parametrize("megabytes", [60, 80, 120, 160, 200, 400])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_limit_of_memory(root: Path, megabytes: int, processes: int) -> None:
    """Libraries that cannot be loaded, a network that cannot be made, a first step that cannot be done."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    command = [sys.executable, "-P", "-m", "nncli", "train", "c.yaml", "-q", "--epochs", "1", "--out", "run", "--force"]
    command += ["--set", "network.layer_dims=[auto, 4000, 4000, auto]", "--set", f"training.processes={processes}"]
    result = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=250, check=False, preexec_fn=limit
    )  # fmt: skip
    assert (1, "", LINE) == (result.returncode, result.stdout, result.stderr)
    assert [] == drafts(root)
    if (root / "run").exists():
        contents(root / "run")


def no_memory() -> NoReturn:
    """As NumPy says it."""
    raise MemoryError


@pytest.mark.parametrize(
    ("target", "name"), [(Trainer, "_step"), (nncli.run.training, "write_checkpoint"), (Trainer, "_finish_epoch")]
)
def test_memory_that_ends_on_the_way(root: Path, target: object, name: str) -> None:
    """What was saved last is whole, and goes on to what would have been."""

    def break_it() -> None:
        save_often()
        at_call(target, name, 3, no_memory)()

    for out, prepare, expected in (("straight", save_often, (0, "")), ("broken", break_it, (1, LINE))):
        ended = run(root, "train", "c.yaml", "--out", f"{name}/{out}", "-q", prepare=prepare)
        assert expected == (ended.code, ended.err)
        assert [] == drafts(root)
    assert 0 == run(root, "train", "--resume", f"{name}/broken", "-q").code
    assert contents(root / name / "straight") == contents(root / name / "broken")
