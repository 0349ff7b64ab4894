"""BLAS threads: chosen where that is known to be good, never against the user, never in vain."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.machine import blas
from nncli.machine.blas import EXTENSIONS, KERNELS, THREAD_VARIABLES, THREADS, choose
from nncli.machine.cores import CAN_DIVIDE_BATCHES
from tests.cli.tiny import write_image, write_three

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if NumPy had not been imported and no variable were set, on Linux on x86-64; all is undone afterwards."""
    for name in (KERNELS, *THREAD_VARIABLES):
        monkeypatch.setenv(name, "")  # so that monkeypatch takes away what the code sets
        monkeypatch.delenv(name)
    monkeypatch.setattr(blas, "sys", SimpleNamespace(modules={}))
    monkeypatch.setattr(blas, "CAN_DIVIDE_BATCHES", True)
    choose.cache_clear()
    yield
    choose.cache_clear()


def test_one_thread_where_batches_are_divided() -> None:
    """Each process computes its share by itself."""
    assert "BLAS: 1 thread per process" == choose()
    assert "1" == os.environ[THREADS]


def test_the_first_call_counts() -> None:
    """The second finds what the first has set, and does not take it for the user's."""
    assert choose() == choose()


def test_threads_are_left_alone_where_they_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """There a product is all that uses several cores."""
    monkeypatch.setattr(blas, "CAN_DIVIDE_BATCHES", False)
    assert "BLAS: threads left to OpenBLAS" == choose()
    assert THREADS not in os.environ


@pytest.mark.parametrize("name", THREAD_VARIABLES)
def test_the_users_threads_stay(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """By whichever variable: OpenBLAS would prefer the one that nncli sets."""
    monkeypatch.setenv(KERNELS, "Zen")
    monkeypatch.setenv(name, "3")
    assert f"BLAS: threads left to OpenBLAS; set in the environment: OPENBLAS_CORETYPE=Zen, {name}=3" == choose()
    assert {name: "3"} == {key: os.environ[key] for key in THREAD_VARIABLES if key in os.environ}


def test_another_library_than_openblas_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It cannot be set; a variable that has no effect on this process is not left for others either."""
    monkeypatch.setattr(blas, "sys", SimpleNamespace(modules={"numpy": np, EXTENSIONS[0]: math}))
    assert "with a library that is not OpenBLAS" in choose()
    assert "import nncli first" in caplog.text
    assert THREADS not in os.environ


# -------------------------------------------------------------------------------------------------------- from Python

THREADS_IN_USE = """
import ctypes, sys
{imports}
name = next(name for name in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath") if name in sys.modules)
library = ctypes.CDLL(sys.modules[name].__file__)
getters = [name.replace("set", "get", 1) for name in nncli.machine.blas.SETTERS]
print([getattr(library, name)() for name in getters if hasattr(library, name)], nncli.machine.blas.choose())
"""


def python(program: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with no BLAS variables but `variables`."""
    kept = {name: value for name, value in os.environ.items() if name not in (KERNELS, *THREAD_VARIABLES)}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=folder, env={**kept, **variables}, capture_output=True, text=True, check=True, timeout=200
    )


@pytest.mark.skipif(not CAN_DIVIDE_BATCHES, reason="threads are left alone")
@pytest.mark.parametrize(
    ("imports", "line"),
    [
        ("import nncli, numpy", "BLAS: 1 thread per process"),
        ("import numpy, nncli", "BLAS: 1 thread per process, set after NumPy was imported"),
    ],
)
def test_one_thread_whoever_is_imported_first(imports: str, line: str, tmp_path: Path) -> None:
    """By a variable, or by a call."""
    result = python(THREADS_IN_USE.format(imports=imports), tmp_path)
    assert (f"[1] {line}\n", "") == (result.stdout, result.stderr)


def test_the_users_threads_stay_after_numpy(tmp_path: Path) -> None:
    """A variable counts, whoever is imported first."""
    result = python(THREADS_IN_USE.format(imports="import numpy, nncli"), tmp_path, OMP_NUM_THREADS="1")
    assert "threads left to OpenBLAS; set in the environment: OMP_NUM_THREADS=1" in result.stdout


def test_the_door_is_light(tmp_path: Path) -> None:
    """It settles the threads and loads nothing."""
    heavy = "{'numpy', 'PIL', 'ctypes', 'logging', 'yaml', 'click'}"
    assert "set()\n" == python(f"import sys, nncli; print({heavy} & set(sys.modules))", tmp_path).stdout


def test_the_same_model_from_the_command_line_and_from_python(tmp_path: Path) -> None:
    """To the byte, on a network whose products use several threads if they may, whoever is imported first."""
    rng = np.random.default_rng(0)
    for i in range(400):
        path = tmp_path / "images" / str(i % 10) / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)).save(path)
    (tmp_path / "c.yaml").write_text(
        "data: {path: images, image_size: 28, color: grayscale, cache: off}\n"
        "network: {layer_dims: [auto, 512, 256, auto]}\n"
        "training: {epochs: 1, batch_size: 256, processes: 1}\n"
    )
    train = "nncli.train('c.yaml', out={!r})"
    python("import nncli.cli.main as m; m.main(['train', 'c.yaml', '--out', 'cli', '-q'])", tmp_path)
    python(f"import nncli; {train.format('first')}", tmp_path)
    python(f"import numpy, nncli; {train.format('numpy')}", tmp_path)
    models = [(tmp_path / out / "model.npz").read_bytes() for out in ("cli", "first", "numpy")]
    assert models[0] == models[1]
    assert models[0] == models[2]


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
    assert "" == predict(folder).stderr
