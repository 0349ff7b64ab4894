"""The scripts in examples/ do what they say, also with odd file names."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.tiny import write_image, write_three, write_two

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.sh"))
ODD = "a 'b'\n\"$(touch hacked)\" -x [1]*.png"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two.npz, dark and bright photos in photos/, some with odd names, and `nncli` on the path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin/nncli"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m nncli "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    write_two(tmp_path / "two.npz")
    write_image(tmp_path / "photos/dark/1.png", 0)
    write_image(tmp_path / "photos/dark" / ODD, 10)
    write_image(tmp_path / "photos/bright/1.png", 255)
    write_image(tmp_path / "photos/bright/-2.png", 250)
    return tmp_path


def run(script: str, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run an example and expect an exit code."""
    result = subprocess.run(
        ["bash", EXAMPLES / script, *arguments], capture_output=True, text=True, timeout=250, check=False
    )
    assert code == result.returncode, result.stderr
    assert not Path("hacked").exists()
    return result


def names(folder: str) -> set[str]:
    """Names of the files in a folder."""
    return {path.name for path in Path(folder).iterdir()}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_is_strict_executable_and_says_how_it_is_used(path: Path) -> None:
    """Without arguments it prints its usage and ends with 2; the README names it."""
    text = path.read_text()
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in text
    assert len(text.splitlines()) <= 60
    assert os.access(path, os.X_OK)
    assert f"examples/{path.name} MODEL" in run(path.name, code=2).stderr
    assert path.name in (EXAMPLES / "README.md").read_text()


def test_photos_are_copied_into_folders(place: Path) -> None:
    """Two of the same name both arrive, nothing leaves its place, and a second time replaces nothing."""
    shown = run("sort_photos.sh", "two.npz", "photos", "sorted").stdout
    assert {"1.png", ODD} == names("sorted/dark")
    assert {"1.png", "-2.png"} == names("sorted/bright")
    assert "     2 sorted/bright/\n     2 sorted/dark/\n" == shown
    write_image(place / "more/1.png", 0)
    (place / "sorted/dark/1.png").write_text("mine")
    run("sort_photos.sh", "two.npz", "more/", "sorted/")
    assert {"1.png", "1-2.png", ODD} == names("sorted/dark")
    assert "mine" == (place / "sorted/dark/1.png").read_text()
    assert {"1.png", ODD} == names("photos/dark")


def test_photos_are_moved_only_if_asked(place: Path) -> None:
    """What cannot be read stays where it is, and is told by the exit code; doubtful ones are put aside."""
    (place / "photos/bad.png").write_bytes(b"no image")
    write_image(place / "photos/gray.png", 128)
    result = run("sort_photos.sh", "two.npz", "photos", "sorted", "--move", code=3)
    assert "bad.png" in result.stderr
    assert {"gray.png"} == names("sorted/unsure")
    assert {"1.png", ODD} == names("sorted/dark")
    assert ["bad.png"] == [path.name for path in (place / "photos").rglob("*") if path.is_file()]
    run("sort_photos.sh", "two.npz", "photos", "sorted", "--copy", code=2)
    run("sort_photos.sh", "missing.npz", "photos", "sorted", code=1)


def test_no_class_leads_out_of_the_folder(place: Path) -> None:
    """A model's classes are only names."""
    write_three(place / "evil.npz", ("../out", "a/out", ".hidden"))
    run("sort_photos.sh", "evil.npz", "photos", "sorted")
    assert not (place / "out").exists()
    assert not list((place / "sorted").glob("*"))


def test_new_files_are_predicted_as_they_arrive(place: Path) -> None:
    """Those that are there first, then each new one, once."""
    command = ["bash", str(EXAMPLES / "watch_folder.sh"), "two.npz", "photos", "0.1"]
    for path in (place / "photos").rglob("*.png"):
        os.utime(path, (0, 0))
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert watch.stdout is not None
    deadline = threading.Timer(250, os.killpg, (watch.pid, signal.SIGKILL))
    deadline.start()
    try:
        first = [watch.stdout.readline() for _ in range(4)]
        assert "photos/bright/-2.png\tbright\t0.9790\n" == first[0]
        assert 1 == sum("\\x0a" in line for line in first)
        write_image(place / "elsewhere.png", 255)
        os.utime(place / "elsewhere.png", (0, 0))
        (place / "elsewhere.png").rename(place / "photos/new one.png")
        assert "photos/new one.png\tbright\t0.9820\n" == watch.stdout.readline()
    finally:
        deadline.cancel()
        os.killpg(watch.pid, signal.SIGKILL)
        watch.communicate()
    run("watch_folder.sh", "missing.npz", "photos", code=1)


@pytest.mark.parametrize(("minimum", "code"), [("1", 4), ("0.8", 0)])
def test_a_gate(place: Path, minimum: str, code: int) -> None:
    """One of five is wrong; if that is too many, it is shown."""
    write_image(place / "photos/bright/3.png", 0)
    result = run("ci_gate.sh", "two.npz", "photos", minimum, code=code)
    assert "0.8000" in result.stdout
    assert ("photos/bright/3.png,bright,dark,0.9820" in result.stderr) == (code == 4)
    assert (place / "wrong.csv").exists()


def test_a_gate_that_cannot_measure_is_no_pass(place: Path) -> None:
    """Nor does it look like a failed gate."""
    run("ci_gate.sh", "missing.npz", "photos", code=1)


def test_models_are_compared(place: Path) -> None:
    """What the test says, and the images they differ on."""
    write_three(place / "three.npz", ("dark", "gray", "bright"))
    agreed = run("compare_models.sh", "two.npz", "three.npz", "photos")
    assert "" == agreed.stdout
    assert "no difference that these images can show: +0.0 points" in agreed.stderr
    write_three(place / "other.npz", ("bright", "gray", "dark"))
    shutil.rmtree(place / "photos/bright")
    differ = run("compare_models.sh", "two.npz", "other.npz", "photos")
    assert "2 right by the first alone, 0 by the other" in differ.stderr
    assert "photos/dark/1.png,dark,dark,bright\n" in differ.stdout
    assert 2 == len(differ.stdout.splitlines())
