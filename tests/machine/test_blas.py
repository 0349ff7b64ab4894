"""BLAS threads: chosen where that is known to be good, never against the user, never in vain."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from nncli.machine import blas
from nncli.machine.blas import KERNELS, THREAD_VARIABLES, THREADS, choose, choose_threads
from tests.cli.tiny import write_image, write_three

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if NumPy had not been imported and no variable were set, on Linux on x86-64; all is undone afterwards."""
    for name in (KERNELS, *THREAD_VARIABLES):
        monkeypatch.setenv(name, "")  # so that monkeypatch takes away what the code sets
        monkeypatch.delenv(name)
    monkeypatch.setattr(blas, "sys", SimpleNamespace(modules={}))
    monkeypatch.setattr(blas, "CAN_DIVIDE_BATCHES", True)


def test_one_thread_where_batches_are_divided() -> None:
    """Each process computes its share by itself."""
    assert 1 == choose_threads()
    assert "1" == os.environ[THREADS]


def test_threads_are_left_alone_where_they_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """There a product is all that uses several cores."""
    monkeypatch.setattr(blas, "CAN_DIVIDE_BATCHES", False)
    assert choose_threads() is None
    assert THREADS not in os.environ


@pytest.mark.parametrize("name", THREAD_VARIABLES)
def test_the_users_threads_stay(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """By whichever variable: OpenBLAS would prefer the one that nncli sets."""
    monkeypatch.setenv(name, "3")
    assert choose_threads() is None
    assert {name: "3"} == {key: os.environ[key] for key in THREAD_VARIABLES if key in os.environ}


def test_after_numpy_it_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that has no effect on this process is not left for others either."""
    monkeypatch.setattr(blas, "sys", sys)
    assert "numpy" in sys.modules
    assert choose_threads() is None
    assert "NumPy is loaded already" in choose()
    assert THREADS not in os.environ


def test_the_choice_in_words() -> None:
    """One line that says what was chosen."""
    assert "BLAS: 1 thread per process" == choose()


def test_the_users_choice_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the names of the variables, to look for."""
    monkeypatch.setenv(KERNELS, "Zen")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    expected = "BLAS: threads left to OpenBLAS; set in the environment: OPENBLAS_CORETYPE=Zen, OMP_NUM_THREADS=2"
    assert expected == choose()


# -------------------------------------------------------------------------------------------------------- the program


def predict(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `nncli predict` with no BLAS variables but `variables`."""
    kept = {name: value for name, value in os.environ.items() if name not in (KERNELS, *THREAD_VARIABLES)}
    return subprocess.run(
        [sys.executable, "-m", "nncli", "predict", *options, "-f", "ndjson", "--all-probs", "a.png", "b.png"],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model and two images."""
    write_three(tmp_path / "model.npz")
    write_image(tmp_path / "a.png", 37)
    write_image(tmp_path / "b.png", 201)
    return tmp_path


def test_predictions_do_not_depend_on_the_choice(folder: Path) -> None:
    """Byte for byte, with what nncli chooses and with other kernels and threads."""
    chosen = predict(folder)
    other = predict(folder, OPENBLAS_CORETYPE="Prescott", OPENBLAS_NUM_THREADS="2")
    assert (chosen.stdout, "") == (other.stdout, other.stderr)
    assert 2 == chosen.stdout.count("probabilities")


def test_verbose_shows_the_choice(folder: Path) -> None:
    """One line on stderr, before NumPy is loaded; without -v there is none."""
    assert "set in the environment: OMP_NUM_THREADS=1" in predict(folder, "-v", OMP_NUM_THREADS="1").stderr
    (line,) = predict(folder, "-v").stderr.splitlines()
    assert line.startswith("BLAS: ")
    assert "NumPy is loaded already" not in line
    assert "" == predict(folder).stderr
