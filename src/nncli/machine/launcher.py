"""Whether an MPI launcher started this process among others: its environment variables tell before MPI is loaded.

    launcher                         this process           of how many            on this machine
    mpiexec (MPICH, Intel), PMI-2    PMI_RANK               PMI_SIZE               MPI_LOCALNRANKS
    mpirun (Open MPI)                OMPI_COMM_WORLD_RANK   OMPI_COMM_WORLD_SIZE   OMPI_COMM_WORLD_LOCAL_SIZE
    srun with PMIx                   PMIX_RANK              SLURM_STEP_NUM_TASKS   SLURM_STEP_TASKS_PER_NODE

So a program that nobody launched this way never waits for an MPI library.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

VARIABLES = (
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),
)
"""Rank and size, by launcher."""

ON_THIS_MACHINE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_STEP_TASKS_PER_NODE")


class Launched(NamedTuple):
    """A process among others.

    Attributes:
        rank: Its number, from 0.
        size: How many there are.
    """

    rank: int
    size: int


def launched() -> Launched | None:
    """This process among those that a launcher started; None if it is alone."""
    for rank, size in VARIABLES:
        if rank in os.environ:
            found = Launched(_number(rank, 0), _number(size, 1))
            return found if found.size > 1 else None
    return None


def processes_on_this_machine() -> int:
    """How many of them share this machine's cores; 1 without a launcher."""
    if launched() is None:
        return 1
    return max(1, next((_number(name, 1) for name in ON_THIS_MACHINE if name in os.environ), 1))


def _number(name: str, default: int) -> int:
    """The number that a variable begins with: Slurm writes 2(x4) for two processes on each of four machines."""
    digits = re.match(r"\d+", os.environ.get(name, ""))
    return int(digits[0]) if digits else default
