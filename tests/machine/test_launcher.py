"""Processes that a launcher started are known by their environment, and share the cores of their machine."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from nncli.errors import DataError, UsageError
from nncli.machine import cores, mpi
from nncli.machine.cores import usable_cores
from nncli.machine.forking import number_of_processes
from nncli.machine.launcher import ON_THIS_MACHINE, VARIABLES, Launched, launched, processes_on_this_machine
from nncli.machine.mpi import join


@pytest.fixture(autouse=True)
def _no_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is inherited from a launcher of the tests."""
    for name in (*ON_THIS_MACHINE, *(name for pair in VARIABLES for name in pair)):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "expected", "here"),
    [
        ({}, None, 1),
        ({"PMI_RANK": "3", "PMI_SIZE": "4", "MPI_LOCALNRANKS": "2"}, (3, 4), 2),
        ({"PMI_RANK": "0", "PMI_SIZE": "1", "MPI_LOCALNRANKS": "1"}, None, 1),
        (
            {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_SIZE": "8"}
            | {"PMIX_RANK": "1"},
            (1, 8),
            8,
        ),
        (
            {"PMIX_RANK": "5", "SLURM_STEP_NUM_TASKS": "16", "SLURM_STEP_TASKS_PER_NODE": "4(x4)"},
            (5, 16),
            4,
        ),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "16"}, None, 1),
    ],
    ids=["nobody", "mpich", "one process", "open mpi", "slurm with pmix", "slurm without mpi"],
)
def test_launchers(
    variables: dict[str, str], expected: tuple[int, int] | None, here: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tells in variables of its own; a batch script of Slurm is nobody's rank."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert expected == launched()
    assert here == processes_on_this_machine()


def test_ranks_share_the_cores_of_their_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of eight cores are two each; and none of them forks others."""
    monkeypatch.setattr(cores, "_usable_cores", lambda: 8)
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.setenv("PMI_SIZE", "3")
    monkeypatch.setenv("MPI_LOCALNRANKS", "3")
    assert 2 == usable_cores()
    assert 1 == number_of_processes()


def test_without_mpi4py_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(
        UsageError, match=r"^running as 4 processes needs mpi4py; install it with: pip install .*\[mpi\]"
    ):
        join(Launched(0, 4))


def test_another_mpi_than_the_launcher_s_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process of it would see itself alone, and train by itself."""
    world = SimpleNamespace(Get_size=lambda: 1)
    other = SimpleNamespace(COMM_WORLD=world, Get_library_version=lambda: "MPICH Version:      5.0.2\nmore")
    monkeypatch.setitem(sys.modules, "mpi4py", SimpleNamespace(MPI=other))
    with pytest.raises(
        UsageError, match=r"started 4 processes, but mpi4py sees 1 through another MPI, MPICH Version: 5"
    ):
        join(Launched(0, 4))


def test_too_little_shared_memory_is_told_before_somebody_dies_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, whose 64 MB are the default."""
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=16384, f_frsize=4096), raising=False)
    mpi._refuse_more_than_there_is(60_000_000)
    with pytest.raises(DataError, match=r"^/dev/shm: has room for 67 MB, but .* 500 MB; .* --shm-size$"):
        mpi._refuse_more_than_there_is(500_000_000)
