"""A cable that is cut, a disk that is full: all processes end, and another number of them goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from nncli.errors import UsageError
from nncli.machine import heartbeat
from tests.folders import write_class_folders, write_config
from tests.mpiexec import NEEDS_MPI, NEEDS_ROOT, hosts, small_disk, start

if TYPE_CHECKING:
    from pathlib import Path

OTHER_CACHE = """
import os, sys
from nncli.machine.launcher import launched
import nncli.cli.main as program
if launched().rank == 1: os.environ["XDG_CACHE_HOME"] = {folder!r}
program.main(sys.argv[1:])
"""
"""A program whose process 1 has another folder for its cache."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config for a few images."""
    write_class_folders(tmp_path / "photos")
    return write_config(tmp_path / "c.yaml", tmp_path / "photos")


def start_long(config: Path, run: Path, launcher: list[str] | None = None) -> subprocess.Popen[str]:
    """Two processes in the middle of a training that would take hours."""
    quietly = ("-q", "train", config, "--out", run, "--epochs", "10000000", "--progress", "none")
    process = start(2, *quietly, launcher=launcher)
    while not (run / "history.csv").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


def resume(run: Path) -> None:
    """Three processes go on from the checkpoint."""
    process = start(3, "-q", "train", "--resume", run, "--epochs", "2", "--progress", "none")
    _, err = process.communicate(timeout=60)
    assert (0, "") == (process.returncode, err)


@NEEDS_MPI
@NEEDS_ROOT
def test_a_cut_cable_ends_all(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the silence that is allowed; one line says which process is not heard any more."""
    monkeypatch.setenv(heartbeat.VARIABLE, "1.5")
    run = config.parent / "run"
    with hosts() as (launcher, second):
        process = start_long(config, run, launcher)
        subprocess.run(["ip", "-n", second, "link", "set", "eth0", "down"], check=True)
        out, err = process.communicate(timeout=60)
    line = "not heard for 1.5 seconds; its machine or the network is down"
    assert [f"nncli: rank 1 on {os.uname().nodename}: {line}"] == err.splitlines()
    assert (1, "") == (process.returncode, out)
    resume(run)


@NEEDS_MPI
def test_a_killed_launcher_ends_all(config: Path) -> None:
    """The run is free again, and its checkpoint whole."""
    run = config.parent / "run"
    process = start_long(config, run)
    process.kill()
    process.communicate(timeout=60)  # to the end of what any of them may say
    resume(run)


@NEEDS_MPI
@NEEDS_ROOT
def test_a_full_disk_for_the_run_ends_all(config: Path) -> None:
    """What cannot be saved at the end fails; the checkpoint of before is whole."""
    with small_disk(config.parent / "disk", "1m") as disk:
        process = start_long(config, disk / "run")
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        process.terminate()
        _, err = process.communicate(timeout=60)
        assert 1 == process.returncode
        (line,) = err.splitlines()  # the file is last.npz, or model.npz if there is a better one to be written
        assert line.startswith(f"nncli: {disk / 'run'}{os.sep}")
        assert line.endswith(".npz: cannot be written: No space left on device")
        filler.unlink()
        resume(disk / "run")


@NEEDS_MPI
@NEEDS_ROOT
def test_a_full_disk_for_the_cache_of_one_process_costs_only_the_cache(config: Path) -> None:
    """The process says which one it is, and all train to the end."""
    with small_disk(config.parent / "disk", "4k") as disk:
        (disk / "filler").write_bytes(bytes(1))
        program = (sys.executable, "-c", OTHER_CACHE.format(folder=str(disk)))
        process = start(2, "train", config, "--out", config.parent / "run", "--epochs", "2", program=program)
        _, err = process.communicate(timeout=60)
    assert 0 == process.returncode
    assert 1 == err.count(f"rank 1 on {os.uname().nodename}: decoded images are not kept for the next time"), err


@pytest.mark.parametrize("text", ["soon", "-1", "0", "inf", "nan"])
def test_the_silence_that_is_allowed_is_a_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of seconds."""
    monkeypatch.setenv(heartbeat.VARIABLE, text)
    line = f"{heartbeat.VARIABLE}: a positive number of seconds is expected, not '{text}'"
    with pytest.raises(UsageError, match=f"^{line}$"):
        heartbeat.seconds_of_silence()
