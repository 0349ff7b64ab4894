"""``nncli show``: what a model is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.cli.tiny import write_three, write_two
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

HISTORY = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n1,2.0,0.5,,,0.1,1\n2,1.0,0.75,,,0.1,1\n"


@pytest.fixture
def run() -> Path:
    """A run directory with a model, a history of two epochs and metrics."""
    folder = Path("runs/r-1")
    folder.mkdir(parents=True)
    write_three(folder / "model.npz")
    (folder / "history.csv").write_text(HISTORY)
    (folder / "metrics.json").write_text('{"accuracy": 0.75, "split": "training", "stopped_early": false}')
    return folder


def test_a_model_alone(nncli: Runner) -> None:
    """Input, classes, layers and the number of parameters, 16 * 3 + 3."""
    write_three(Path("model.npz"))
    result = nncli("show")
    assert (0, "") == (result.code, result.err)
    assert "input       4x4 grayscale, stretch: 16 values per image\n" in result.out
    assert "scaling     pixels / 255\n" in result.out
    assert "classes     3: coal, fog, snow\nparameters  51 (float32)\n" in result.out
    assert "layer  inputs  outputs  activation  parameters\n1      16      3        softmax     51\n" in result.out
    assert "learning curve" not in result.out


def test_a_run_has_metrics_and_curves(nncli: Runner, run: Path) -> None:
    """Named by the directory or by the model in it; columns without values are left out."""
    for name in (run, run / "model.npz"):
        lines = nncli("show", name).out.splitlines()
        assert "  accuracy       0.75" in lines
        assert "  loss      █▁  2.0000 -> 1.0000" in lines
        assert "learning curve over 2 epochs" in lines
        assert not [line for line in lines if "val_loss" in line]


def test_json(nncli: Runner, run: Path) -> None:
    """The same facts for programs."""
    facts = json.loads(nncli("show", run, "--json").out)
    assert ["coal", "fog", "snow"] == facts["classes"]
    assert {"layer": 1, "inputs": 16, "outputs": 3, "activation": "softmax", "parameters": 51} == facts["layers"][0]
    assert (51, 0.75) == (facts["n_parameters"], facts["metrics"]["accuracy"])
    assert [2.0, 1.0] == facts["history"]["loss"]
    assert [None, None] == facts["history"]["val_loss"]


def test_weights_are_drawn(nncli: Runner) -> None:
    """One tile for each unit, and a line that says which."""
    write_two(Path("model.npz"))
    result = nncli("show", "--weights", "w.png")
    assert "w.png: 1 of 1 pattern, the largest weights first\n" == result.err
    with Image.open("w.png") as picture:
        assert (178, 24, 43) == picture.convert("RGB").getpixel((10, 10))  # all weights positive: red


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("history.csv", "epoch,loss\n1,nan\n", "'nan' is not a finite number"),
        ("history.csv", "epoch\n1\n", "has no loss"),
        ("history.csv", "epoch,loss\n1\n", "is damaged"),
        ("metrics.json", "[1]", "not a mapping"),
        ("metrics.json", "[" * 100_000, "is damaged"),
        ("config.yaml", b"\xff", "is damaged"),
    ],
)
def test_damaged_files_of_a_run_are_named(
    nncli: Runner, run: Path, name: str, content: str | bytes, reason: str
) -> None:
    """One line with the file and what is wrong."""
    (run / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    result = nncli("show", run)
    assert (1, "") == (result.code, result.out)
    assert result.err.startswith(f"nncli: {run}/{name}: is damaged")
    assert reason in result.err
    assert 1 == result.err.count("\n")


def test_no_model_is_a_line(nncli: Runner) -> None:
    """It says what was tried."""
    result = nncli("show")
    assert 1 == result.code
    assert "no model found; tried MODEL, $NNCLI_MODEL" in result.err
    assert "nncli: missing.npz: no such file (from MODEL)\n" == nncli("show", "missing.npz").err


@pytest.mark.parametrize("word", ["info", "inspect", "summary"])
def test_words_of_neighbors_lead_here(nncli: Runner, word: str) -> None:
    """They get a hint."""
    assert f"nncli: no command '{word}'. Did you mean 'show'?\n" == nncli(word).err


def test_names_are_escaped(nncli: Runner) -> None:
    """A class cannot repaint the terminal."""
    write_three(Path("model.npz"), ("a\x1b[2J", "b", "c"))
    assert "3: a\\x1b[2J, b, c\n" in nncli("show").out


def test_how_the_layers_fared(nncli: Runner, place: Path) -> None:
    """`--watch` prints a curve for each layer of a watched run, and `--film` draws its pictures; another has none."""
    write_class_folders(place / "photos", {"dark": 8, "light": 8})
    config = write_config(place / "c.yaml", "photos", training={"epochs": 2})
    assert 0 == nncli("train", config, "--watch", "-o", "run").code
    result = nncli("show", "run", "--watch", "--film", "film.png")
    assert (0, "film.png: 3 pictures\n") == (result.code, result.err)
    words = result.out.splitlines()
    assert words[0].endswith("times until epoch 2")
    assert "deviation of the gradients, by their logarithm" in words
    assert 7 == sum(line.startswith("  layer ") for line in words)
    with Image.open("film.png") as picture:
        assert "PNG" == picture.format
    Path("run/watch.npz").unlink()
    assert "nncli: run: nobody watched this run; train with --watch\n" == nncli("show", "run", "--watch").err
