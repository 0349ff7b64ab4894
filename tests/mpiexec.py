"""Processes that an MPI launcher starts: pip install mpi4py mpich."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from benchmarks.scaling import two_hosts

from tests.cli.tiny import NNCLI

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

NEEDS_MPI = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec("mpi4py") is None,
    reason="needs mpi4py and mpiexec: pip install mpi4py mpich",
)

NEEDS_ROOT = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, ("ip", "tc", "mount"))),
    reason="needs Linux, root, iproute2 and mount: makes network namespaces and small disks",
)


def start(
    n: int, *arguments: str | Path, program: Sequence[str] = NNCLI, launcher: Sequence[str] | None = None
) -> subprocess.Popen[str]:
    """Start n processes that run nncli, or another program; `launcher` says itself how many."""
    launcher = launcher or (str(MPIEXEC), "-n", str(n))
    command = [*launcher, *program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextlib.contextmanager
def hosts() -> Iterator[tuple[list[str], str]]:
    """A launcher for one process on each of two hosts, network namespaces; and the name of the second one."""
    with contextlib.ExitStack() as stack:
        try:
            launcher = stack.enter_context(two_hosts("1gbit"))
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no network namespaces can be made here: {error}")
        yield launcher, f"nncli-{os.getpid()}-2"


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of `size` in memory, mounted at `folder`."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
