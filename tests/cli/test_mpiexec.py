"""`mpiexec -n K nncli train`: as good as one process, and over for all when it is over for one.

These need mpi4py and an MPI with a launcher: pip install mpi4py mpich.
"""

from __future__ import annotations

import csv
import os
import signal
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest

from tests.cli.tiny import NNCLI, Runner, write_three
from tests.folders import write_class_folders, write_config
from tests.mpiexec import NEEDS_MPI, start
from tests.postgres import PASSWORD, server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = NEEDS_MPI

FAILS = """
import sys, os, signal
from nncli.machine.launcher import launched
from nncli.run import pipeline
from nncli.errors import DataError
import nncli.cli.main as program
def load(*_): {what}
if launched().rank == 1: pipeline.load = load
program.main(sys.argv[1:])
"""
"""A program whose process 1 does something else instead of loading images."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config for a few images."""
    write_class_folders(tmp_path / "photos")
    return write_config(tmp_path / "c.yaml", tmp_path / "photos")


def losses(run: Path) -> list[list[float]]:
    """Losses of every epoch, of training and validation images."""
    with (run / "history.csv").open() as file:
        return [[float(row["loss"]), float(row["val_loss"])] for row in csv.DictReader(file)]


APART = """
import sys
from nncli.training import rank_communicator
import nncli.cli.main as program
rank_communicator.CAN_DIVIDE_BATCHES, rank_communicator.LARGE, rank_communicator.PIECE = False, 0, 20
program.main(sys.argv[1:])
"""
"""A program whose processes add up their gradients as over a network, in small pieces."""


@pytest.mark.parametrize("how", ["sharing memory", "apart, with images of their own"])
def test_several_processes_train_as_one(how: str, config: Path, nncli: Runner) -> None:
    """Losses are equal up to rounding; one line says where the model is."""
    assert 0 == nncli("train", config, "--out", config.parent / "alone").code
    together = config.parent / "together"
    program = NNCLI if how == "sharing memory" else (sys.executable, "-c", APART)
    placement = "shared" if program is NNCLI else "shards"
    arguments = "train", config, "--out", together, "--set", f"data.placement={placement}"
    process = start(4 if program is NNCLI else 2, *arguments, program=program)
    out, err = process.communicate()
    assert (0, f"{together / 'model.npz'}\n") == (process.returncode, out)
    assert 1 == err.count("training and")
    np.testing.assert_allclose(losses(together), losses(config.parent / "alone"), rtol=0, atol=1e-5)


def test_a_signal_to_the_launcher_ends_in_order_and_others_go_on(config: Path) -> None:
    """Two processes save what they have trained; three resume it."""
    run = config.parent / "run"
    process = start(2, "train", config, "--out", run, "--epochs", "100000", "--progress", "none")
    while not (run / "history.csv").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert 128 + signal.SIGTERM == process.returncode
    assert f"everything is saved; resume with: nncli train --resume {run}" in err
    trained = losses(run)
    process = start(3, "train", "--resume", run, "--epochs", str(len(trained) + 2), "--progress", "none")
    process.communicate()
    assert (0, len(trained) + 2) == (process.returncode, len(losses(run)))
    assert trained == losses(run)[: len(trained)]


@pytest.mark.parametrize(
    ("what", "code", "line"),
    [
        ("raise DataError('the disk is gone')", 1, "the disk is gone"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 9, None),
    ],
    ids=["an error", "killed"],
)
def test_one_that_fails_ends_all(what: str, code: int, line: str | None, config: Path) -> None:
    """Soon, with its exit code, and its line says which one it was; of one that was killed the launcher tells."""
    program = (sys.executable, "-c", FAILS.format(what=what))
    process = start(2, "-q", "train", config, "--out", config.parent / "run", program=program)
    out, err = process.communicate(timeout=60)
    assert code == process.returncode
    if line:
        assert ("", [f"nncli: rank 1 on {os.uname().nodename}: {line}"]) == (out, err.splitlines())


def test_an_error_of_all_is_told_once(config: Path) -> None:
    """An error in the config, with its own exit code."""
    process = start(3, "train", config, "--lr", "fast")
    out, err = process.communicate(timeout=60)
    assert (2, "") == (process.returncode, out)
    assert 1 == err.count("not 'fast'")


def test_several_processes_predict_in_the_order_of_the_input(tmp_path: Path, nncli: Runner) -> None:
    """The lines of one process, an image that cannot be read among them, and its exit code."""
    model = write_three(tmp_path / "three.npz")
    write_class_folders(tmp_path / "photos")
    (tmp_path / "photos" / "dark" / "3.png").write_bytes(b"no image")
    alone = nncli("predict", "-m", model, tmp_path / "photos")
    out, err = (process := start(2, "predict", "-m", model, tmp_path / "photos")).communicate(timeout=60)
    assert (3, alone.out, alone.err) == (process.returncode, out, err)


def test_several_processes_search_in_one_study(tmp_path: Path) -> None:
    """Through a server that keeps it; one process resumes it; the password stands nowhere."""
    pytest.importorskip("optuna")
    pytest.importorskip("psycopg")
    write_class_folders(tmp_path / "photos", {"a": 10, "b": 10})
    config = write_config(tmp_path / "c.yaml", tmp_path / "photos", training={"epochs": 1})
    said, n_trials = [], []
    with server() as url:
        command = ("tune", config, "-o", tmp_path / "best.yaml", "--study", url, "-f", "csv", "--trials", "2")
        for n in (2, 1):
            out, err = (process := start(n, *command)).communicate(timeout=100)
            assert 0 == process.returncode, err
            said += [out, err]
            n_trials.append(len(out.splitlines()) - 1)
    assert [2, 4] == n_trials
    assert "resumed after 2 trials" in said[-1]
    said += [path.read_text() for path in tmp_path.glob("*.yaml")]
    assert [] == [text for text in said if PASSWORD in text or quote(PASSWORD, safe="") in text or "word%" in text]
