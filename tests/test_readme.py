"""The README's commands are real: those that need no network are run as they stand."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.tiny import in_process as nncli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_it_says_what_it_is_and_how_to_start_at_once() -> None:
    """What it is by line 5, the first command by line 12."""
    lines = README.splitlines()
    assert "image classifier" in " ".join(lines[:5])
    assert any("nncli train configs/digits.yaml" in line for line in lines[:12])


@pytest.fixture(scope="module")
def digits_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that the README's first command trains."""
    folder = tmp_path_factory.mktemp("readme")
    result = nncli("train", ROOT / "configs/digits.yaml", cwd=folder)
    assert "runs/digits-1/model.npz\n" == result.stdout
    return folder / result.stdout.strip()


def test_the_main_job_is_as_good_as_the_readme_says(digits_model: Path) -> None:
    """0.97 give or take what another machine's rounding changes."""
    metrics = json.loads((digits_model.parent / "metrics.json").read_text())
    assert metrics["accuracy"] >= 0.94
    assert 150 == metrics["images"]


def test_the_main_job_names_a_sample_image(digits_model: Path) -> None:
    """The README's predict command gives the label that the README shows."""
    shown = re.search(r"^\$ .venv/bin/nncli predict -m runs/digits-1 (\S+)\n\1\t(\S+)\t[\d.]+$", README, re.M)
    assert shown is not None
    record = nncli("predict", "-m", digits_model, ROOT / shown[1], cwd=ROOT).stdout.split("\t")
    assert shown[2] == record[1]


LOOKING = re.findall(r"^nncli .*$", README.partition("## Look at it")[2].partition("```\n")[0], re.M)


@pytest.mark.parametrize("line", LOOKING, ids=lambda line: " ".join(line.split()[:2]))
def test_what_there_is_to_look_at(line: str, digits_model: Path) -> None:
    """The commands run as they stand, and write the files that they name."""
    if line.startswith("nncli report"):
        pytest.importorskip("jinja2")
    folder = digits_model.parents[2]
    for name in ("configs", "sample_images"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    arguments = shlex.split(line, comments=True)[1:]
    nncli(*arguments, cwd=folder)
    for name in [argument for argument in arguments if argument.endswith(".png") and "/" not in argument]:
        assert (folder / name).stat().st_size > 1000
    assert not line.startswith("nncli report") or (digits_model.parent / "report.html").exists()


def test_there_is_something_to_look_at() -> None:
    """The section was found."""
    assert ["check", "show", "evaluate", "explain", "report"] == [line.split()[1] for line in LOOKING]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"configs/[\w/]+\.yaml", README))))
def test_every_config_named_exists_and_is_valid(name: str, tmp_path: Path) -> None:
    """`nncli check` accepts it."""
    assert "parameters" in nncli("check", ROOT / name, cwd=tmp_path).stdout


def xor_run(name: str, tmp_path: Path, *arguments: object) -> dict[str, float]:
    """Metrics of a XOR lesson."""
    nncli("train", ROOT / f"configs/lessons/{name}.yaml", "--out", "run", *arguments, cwd=tmp_path)
    metrics: dict[str, float] = json.loads((tmp_path / "run/metrics.json").read_text())
    return metrics


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_xor_cannot_be_learned_without_a_hidden_layer(seed: int, tmp_path: Path) -> None:
    """The loss ends at log 2, and at most three of four are right."""
    metrics = xor_run("xor_without_hidden_layer", tmp_path, "--seed", seed, "--epochs", 1000)
    assert metrics["accuracy"] <= 0.75
    assert 0.6931 == pytest.approx(metrics["loss"], abs=0.001)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_xor_is_learned_with_a_hidden_layer(seed: int, tmp_path: Path) -> None:
    """All four are right, with certainty."""
    metrics = xor_run("xor", tmp_path, "--seed", seed)
    assert 1 == metrics["accuracy"]
    assert metrics["loss"] < 0.05


def test_python_m_nncli_is_the_same_program() -> None:
    """For environments where the script is not on the path."""
    result = subprocess.run([sys.executable, "-m", "nncli", "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"nncli \d+\.\d+\.\d+\n", result.stdout)
