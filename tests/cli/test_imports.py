"""What is imported when: help and misspelt options answer at once, and predict knows nothing of training."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.tiny import write_image, write_two

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"numpy", "PIL", "yaml", "tqdm"}
NOT_FOR_PREDICTION = {
    "yaml",
    "tqdm",
    "nncli.config",
    "nncli.training",
    "nncli.run.dataset",
    "nncli.network.backpropagation",
    "nncli.network.initialization",
    "nncli.network.loss",
    "nncli.network.optimization",
}


def imported(*args: str) -> set[str]:
    """The modules that a run of the program has imported in the end."""
    script = (
        "import sys, atexit; from nncli.cli.main import main; "
        "atexit.register(lambda: print('MODULES', *sys.modules, file=sys.stderr)); main(sys.argv[1:])"
    )
    result = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, check=False)
    return set(result.stderr.rpartition("MODULES")[2].split())


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["--version"],
        ["predict", "--help"],
        ["evaluate", "--help"],
        ["train", "--help"],
        ["check", "--help"],
        ["show", "--help"],
        ["report", "--help"],
        ["export", "--help"],
        ["predict", "--nope"],
        ["predict"],
        ["fit"],
        ["completion", "bash"],
    ],
)
def test_help_and_usage_errors_import_nothing_heavy(args: list[str]) -> None:
    """They answer in a tenth of a second."""
    modules = imported(*args)
    assert "nncli.cli.main" in modules
    assert not HEAVY & modules


def test_predict_imports_no_training_and_no_config(place: Path) -> None:
    """Only what a prediction needs."""
    write_two(place / "model.npz")
    write_image(place / "a.png", 0)
    modules = imported("predict", "a.png")
    assert {"numpy", "PIL", "nncli.model.predictor"} <= modules
    assert not NOT_FOR_PREDICTION & modules


def test_evaluate_imports_no_training_and_no_config(place: Path) -> None:
    """Nor a progress bar that nobody sees."""
    write_two(place / "model.npz")
    write_image(place / "d/dark/a.png", 0)
    modules = imported("evaluate", "d")
    assert "nncli.evaluation.metrics" in modules
    assert not NOT_FOR_PREDICTION & modules


def test_show_imports_no_training_and_no_config(place: Path) -> None:
    """Nor tiles and their Pillow, unless something is drawn."""
    write_two(place / "model.npz")
    modules = imported("show")
    assert "nncli.model.summary" in modules
    assert not (NOT_FOR_PREDICTION | {"nncli.pictures.tiles", "PIL"}) & modules


def test_predict_does_not_import_what_one_file_does_not_need(place: Path) -> None:
    """Suggestions, tables, folders, random numbers, other image formats and options cost milliseconds each."""
    write_two(place / "model.npz")
    write_image(place / "a.png", 0)
    rarely_needed = {
        "difflib",
        "csv",
        "numpy.random",
        "numpy.typing",
        "nncli.data.folder_walk",
        "click.shell_completion",
    }
    rarely_needed |= {"nncli.option", *(f"nncli.data.image.{name}" for name in ("kinds", "tiff", "bmp_masks"))}
    assert not rarely_needed & imported("predict", "a.png")
