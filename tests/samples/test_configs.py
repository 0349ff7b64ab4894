"""The configs in `configs/` are valid, and what their comments promise is true: each of these tests trains for real."""

from __future__ import annotations

import csv
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nncli.config.config_file import load_config

CONFIGS = Path(__file__).parents[2] / "configs"
FILES = sorted(CONFIGS.rglob("*.yaml"))
LESSONS = CONFIGS / "lessons"
STARTS = ["zeros", "constant", "too_small", "too_large", "xavier"]
GUESSING_TEN = math.log(10)
# Products this small gain nothing from a second thread, and on a busy machine waiting for it costs a hundredfold.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def train(config: Path, out: Path, *args: str) -> list[dict[str, float]]:
    """Train as a user does; the rows of history.csv."""
    command = [sys.executable, "-m", "nncli", "train", str(config), "--quiet", "--force", "-o", str(out), *args]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **ONE_THREAD})
    with (out / "history.csv").open(encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]


def best(history: list[dict[str, float]]) -> float:
    """The best validation accuracy."""
    return max(row["val_accuracy"] for row in history)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_config_is_valid_and_short(path: Path) -> None:
    """No unknown key, no ignored key, no line that wraps, and not longer than a screen."""
    config = load_config(path).config
    assert path.stem in ("fashion_mnist", "mnist_idx", "behavioral_cloning") or config.data.path.exists()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_config_explains_every_line(path: Path) -> None:
    """The file says what it is for, and each setting has a comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert [] == [line for line in lines if re.match(r"  \w+:", line) and "  # " not in line]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_commands_in_a_config_name_that_config(path: Path) -> None:
    """What a reader copies runs from the project's folder."""
    named = set(re.findall(r"nncli train (\S+)", path.read_text(encoding="utf-8")))
    assert named <= {path.relative_to(CONFIGS.parent).as_posix()}


def test_digits_are_learned(tmp_path: Path) -> None:
    """About 0.97 of the held-out images."""
    assert 0.93 <= best(train(CONFIGS / "digits.yaml", tmp_path)) < 1.0


def test_digits_need_a_hidden_layer(tmp_path: Path) -> None:
    """About 0.65 without one."""
    assert 0.5 < best(train(LESSONS / "digits_without_hidden_layer.yaml", tmp_path)) < 0.8


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_xor_is_learned_with_a_hidden_layer(tmp_path: Path, seed: str) -> None:
    """From every start, in fewer than 50 epochs."""
    assert [1.0] * 250 == [row["accuracy"] for row in train(LESSONS / "xor.yaml", tmp_path, "--seed", seed)[50:]]


def test_xor_is_not_learned_without_a_hidden_layer(tmp_path: Path) -> None:
    """Three of four right at most, and guessing in the end."""
    history = train(LESSONS / "xor_without_hidden_layer.yaml", tmp_path)
    assert max(row["accuracy"] for row in history) <= 0.75
    assert math.log(2) == pytest.approx(history[-1]["loss"], abs=1e-4)


def test_the_start_decides_what_is_learned(tmp_path: Path) -> None:
    """Zeros, equal and too small weights stay at guessing, too large ones get half way, xavier learns."""
    histories = {start: train(LESSONS / f"init_{start}.yaml", tmp_path) for start in STARTS}
    for start in ("zeros", "constant", "too_small"):
        assert best(histories[start]) < 0.2, start
        assert GUESSING_TEN == pytest.approx(histories[start][-1]["loss"], abs=0.05), start
    assert 0.3 < best(histories["too_large"]) < 0.55
    assert histories["too_large"][0]["loss"] > 3 * GUESSING_TEN
    assert best(histories["xavier"]) > 0.88


def test_the_starts_differ_in_nothing_else() -> None:
    """Only then do they show what the start does."""
    configs = [load_config(LESSONS / f"init_{start}.yaml").config for start in STARTS]
    assert {configs[0].training} == {config.training for config in configs}
    assert {configs[0].data} == {config.data for config in configs}
    assert 1 == len({(config.network.layer_dims, config.network.activation) for config in configs})


def test_small_batches_get_further_in_as_many_epochs(tmp_path: Path) -> None:
    """About 0.94 against 0.6."""
    full = best(train(LESSONS / "full_batch.yaml", tmp_path))
    assert best(train(LESSONS / "full_batch.yaml", tmp_path, "--batch-size", "32")) > full + 0.2


def test_every_optimizer_runs_in_the_lesson(tmp_path: Path) -> None:
    """The config has no key that one of them would refuse, and plain steps are the slowest at 1e-3."""
    accuracy = {
        optimizer: best(train(LESSONS / "optimizers.yaml", tmp_path, "--optimizer", optimizer, "--lr", "1e-3"))
        for optimizer in ("gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw")
    }
    assert "gradient_descent" == min(accuracy, key=lambda optimizer: accuracy[optimizer])
    assert accuracy["adam"] > 0.9


def test_few_images_are_learned_by_heart(tmp_path: Path) -> None:
    """All of the training images right, a quarter of the others wrong."""
    history = train(LESSONS / "too_few_images.yaml", tmp_path)
    assert 1.0 == history[-1]["accuracy"]
    assert 0.65 < best(history) < 0.85
    assert history[-1]["loss"] < 0.1
    assert history[-1]["val_loss"] > 0.5
