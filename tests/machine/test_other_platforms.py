"""The program without what only some operating systems have: fcntl, resource, fork, SIGHUP, timers.

They are taken away before anything is imported; what is left is what Windows has, except that the files are still
POSIX's.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

TAKEN_AWAY = """
import os, signal, sys
import subprocess, threading, tempfile  # the standard library is asked before: it has other ways there
sys.modules["fcntl"] = sys.modules["resource"] = None
for module, names in (
    (os, "fork register_at_fork sched_getaffinity O_NONBLOCK WNOHANG getuid geteuid waitpid"),
    (signal, "SIGHUP SIGALRM SIGKILL SIGPIPE setitimer pthread_sigmask ITIMER_REAL"),
):
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
sys.platform = {platform!r}
from nncli.__main__ import main
main()
"""


def nncli(folder: Path, *arguments: object, platform: str = "linux") -> subprocess.CompletedProcess[str]:
    """Run the command line on such a system."""
    command = [sys.executable, "-c", TAKEN_AWAY.format(platform=platform), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=250)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Dark and light images, more than one process would otherwise be started for, and a config."""
    rng = np.random.default_rng(0)
    for name, level in (("dark", 0), ("light", 150)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(140):
            image = (rng.integers(0, 100, (4, 4)) + level).astype(np.uint8)
            Image.fromarray(image).save(tmp_path / "images" / name / f"{i}.png")
    (tmp_path / "c.yaml").write_text(
        "data: {path: images, image_size: [4, 4], color: grayscale}\n"
        "network: {layer_dims: [auto, auto]}\ntraining: {epochs: 4, batch_size: 8, learning_rate: 0.1}\n"
    )
    return tmp_path


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_it_trains_predicts_and_evaluates(data: Path, platform: str) -> None:
    """In one process, with no lock; the files are the same."""
    trained = nncli(data, "train", "c.yaml", "-q", platform=platform)
    assert (0, "runs/c-1/model.npz\n", "") == (trained.returncode, trained.stdout, trained.stderr)
    usual = subprocess.run(
        [sys.executable, "-m", "nncli", "train", "c.yaml", "-q", "--out", "usual", "--set", "training.processes=1"],
        cwd=data,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "usual/model.npz\n" == usual.stdout
    predicted = nncli(data, "predict", "-m", "runs/c-1", "images/light/0.png", "-f", "label", platform=platform)
    assert (0, "light\n") == (predicted.returncode, predicted.stdout)
    expected, found = (np.load(data / run / "model.npz") for run in ("usual", "runs/c-1"))
    for name in (name for name in expected.files if name.startswith(("W", "b"))):
        np.testing.assert_array_equal(expected[name], found[name])
    assert 0 == nncli(data, "evaluate", "-m", "runs/c-1", "images", "-q", platform=platform).returncode
    assert [] == list(data.rglob(".nncli-*.tmp"))


def test_a_run_is_resumed(data: Path) -> None:
    """Its directory is opened without a lock."""
    assert 0 == nncli(data, "train", "c.yaml", "-q").returncode
    resumed = nncli(data, "train", "--resume", "runs/c-1", "--epochs", "5", "-q")
    assert (0, "") == (resumed.returncode, resumed.stderr)
    assert 6 == len((data / "runs/c-1/history.csv").read_text().splitlines())


def test_a_wrong_config_is_a_line_as_ever(data: Path) -> None:
    """The exit code is that of every system."""
    result = nncli(data, "train", "c.yaml", "--set", "training.epoch=3")
    assert 2 == result.returncode
    assert "Did you mean" in result.stderr
