"""Processes that an MPI launcher started, on one machine or several: `mpiexec -n 4 nncli train config.yaml`.

MPI (message passing interface) is what clusters have; mpi4py speaks it. Nothing is sent in any other way.

A process that fails ends all of them. `MPI_Abort` does that, with an exit code; the line that says why was written
before. One that is no longer heard ends all of them, too, see machine/heartbeat.py. Meetings that may take long are
waited for asleep, so that a process that works has the cores for itself, and signals are heard.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nncli.errors import DataError, UsageError
from nncli.machine.extras import install_command, refuse_missing
from nncli.machine.heartbeat import Heartbeat, seconds_of_silence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray

    from nncli.machine.launcher import Launched

T = TypeVar("T")

SLEEP = 0.002
"""Seconds between two looks whether a meeting is over that may take long."""

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where Linux keeps it
"""Where memory lies that processes share; other systems have no such folder."""

EAGER_LOOKS = 2_000
"""Looks without sleeping before."""

MOST_NAMES = 3
"""Processes that a message names."""

PATIENCE = 2.0
"""Seconds for `MPI_Abort`: behind a cut cable its launcher does not answer."""


class MpiRanks:
    """All processes of the launcher; see `nncli.machine.ranks` for what the methods do.

    Args:
        mpi: The module mpi4py.MPI.
        silence: Seconds for which one may not be heard.
    """

    def __init__(self, mpi: Any, silence: float) -> None:
        self._mpi, self._all, self._silence = mpi, mpi.COMM_WORLD, silence
        self.rank, self.size = self._all.Get_rank(), self._all.Get_size()
        self._here = self._all.Split_type(mpi.COMM_TYPE_SHARED, self.rank)
        is_first_here = self._here.Get_rank() == 0
        self._machines = self._all.Split(0 if is_first_here else mpi.UNDEFINED, self.rank)
        own = self._machines.Get_rank() if is_first_here else None
        self._machine_of: list[int] = self._all.allgather(self._here.bcast(own, 0))
        self.n_machines = len(set(self._machine_of))
        self._hosts: list[str] = self._all.allgather(platform.node())
        self._sums: list[Any] = []  # that have begun
        self._windows: list[Any] = []  # memory that is shared as long as the run lasts
        self._heartbeat: Heartbeat | None = None
        self._is_over = False

    def name(self, rank: int) -> str:
        """Of a process, for messages."""
        return f"rank {rank} on {self._hosts[rank]}"

    def watch(self, when_lost: Callable[[str], None]) -> None:
        """From now on all processes look whether they still hear each other, if MPI can be used by several threads.

        Args:
            when_lost: Told in a line, in a thread, that one is not heard any more; is to `leave`.
        """

        def tell(lost: list[int]) -> None:
            names = ", ".join(map(self.name, lost[:MOST_NAMES]))
            more = f" and {len(lost) - MOST_NAMES} more" if len(lost) > MOST_NAMES else ""
            where = "its machine or the network is down" if len(lost) == 1 else "machines or the network are down"
            when_lost(f"{names}{more}: not heard for {self._silence:g} seconds; {where}")

        if self._mpi.Query_thread() == self._mpi.THREAD_MULTIPLE:
            self._heartbeat = Heartbeat(self._all.Dup(), self._silence, tell)

    def from_first(self, make: Callable[[], T]) -> T:
        """Process 0 calls `make`; all get the result."""
        made = make() if self.rank == 0 else None
        self.meet()
        result: T = self._all.bcast(made, 0)
        return result

    def dealt(self, parts: Sequence[T]) -> T:
        """This process's part of those that process 0 has."""
        self.meet()
        result: T = self._all.scatter(parts if self.rank == 0 else None, 0)
        return result

    def gathered(self, own: T) -> list[T]:
        """Everyone's `own`, by rank."""
        self.meet()
        result: list[T] = self._all.allgather(own)
        return result

    def joined(self, rows: NDArray[Any], lengths: Sequence[int]) -> NDArray[Any]:
        """Rows of all processes: within a machine each writes its own, and then machines send each other theirs."""
        counts = np.array(self.gathered(list(lengths)))  # (processes, tables)
        m, n = int(counts.sum()), rows.shape[1]
        whole = self._window(m * n, rows.dtype).reshape(m, n)
        blocks, place, own = [], 0, 0
        for table in counts.T.tolist():
            for rank, n in enumerate(table):
                block = whole[place : place + n]
                if rank == self.rank:
                    block[:] = rows[own : own + n]
                    own += n
                blocks.append((self._machine_of[rank], block))
                place += n
        self._here.Barrier()
        if self._machines != self._mpi.COMM_NULL and self._machines.Get_size() > 1:
            for machine, block in blocks:
                self._machines.Bcast(block, machine)
        self.meet()
        return whole

    def shared(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        """Zeros, (n,), in memory that the processes on this machine share."""
        memory = self._window(n, np.dtype(dtype))
        if self._here.Get_rank() == 0:
            memory[:] = 0
        self._here.Barrier()
        return memory

    def _window(self, n: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Memory for n values that the processes on this machine share."""
        n_bytes = max(1, n * dtype.itemsize) if self._here.Get_rank() == 0 else 0
        _refuse_more_than_there_is(n_bytes)
        window = self._mpi.Win.Allocate_shared(n_bytes, 1, comm=self._here)
        self._windows.append(window)
        memory, _ = window.Shared_query(0)
        return np.frombuffer(memory, dtype, n)

    def add_up(self, vector: NDArray[Any]) -> None:
        """Replace `vector`, (size,), by its sum over the processes."""
        self._all.Allreduce(self._mpi.IN_PLACE, vector)

    def begin_to_add_up(self, vector: NDArray[Any]) -> None:
        """Likewise, but return at once; those before get on, for without a thread MPI works only when it is called."""
        self._sums.append(self._all.Iallreduce(self._mpi.IN_PLACE, vector))
        self._mpi.Request.Testall(self._sums)

    def end_adding_up(self) -> None:
        """Wait until all sums that were begun are there."""
        self._mpi.Request.Waitall(self._sums)
        self._sums.clear()

    def total(self, *numbers: float) -> list[float]:
        """The sums, added up in the order of the ranks by everyone: all decide alike what follows from them."""
        own, every = np.array(numbers), np.empty((self.size, len(numbers)))
        self._all.Allgather(own, every)
        return [sum(column) for column in every.T.tolist()]

    def meet(self, meanwhile: Callable[[], object] | None = None) -> None:
        """Wait until all have come here, without keeping a core busy for long."""
        request = self._all.Ibarrier()
        looks = 0
        while not request.Test():
            looks += 1
            if meanwhile:
                meanwhile()
            if meanwhile or looks > EAGER_LOOKS:
                time.sleep(SLEEP)

    def call_off(self) -> None:
        """Send every other process an empty message, which is the only one ever sent to it alone."""
        for rank in range(1, self.size):
            self._all.send(None, rank)

    def is_called_off(self) -> bool:
        """Whether there is one; it is never received, so it is there from then on."""
        return bool(self._all.iprobe(0))

    def end(self) -> None:
        """The last meeting; who is through with it may leave."""
        self.meet()
        self._is_over = True
        if self._heartbeat:
            self._heartbeat.stop()

    def leave(self, code: int) -> None:
        """End all processes with `code`, unless the last meeting is over."""
        if self._is_over or self._mpi.Is_finalized():
            return
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what was wrong has been said
        last_way = threading.Timer(PATIENCE, os._exit, [code])
        last_way.daemon = True
        last_way.start()
        self._all.Abort(code)


def _refuse_more_than_there_is(n_bytes: int) -> None:
    """Look whether there is room for shared memory: MPI gives any amount, and who writes to it dies of a bus error.

    Raises:
        DataError: There is too little, as in a container that was not given more than the usual 64 MB.
    """
    with contextlib.suppress(OSError, AttributeError):  # there is no such folder, or nobody knows
        status = os.statvfs(SHARED_MEMORY)
        if n_bytes > (free := status.f_bavail * status.f_frsize):
            raise DataError(
                f"{SHARED_MEMORY}: has room for {free / 1e6:.0f} MB, but the processes on this machine are to share "
                f"{n_bytes / 1e6:.0f} MB; give a container more with --shm-size"
            )


def join(launched: Launched) -> MpiRanks:
    """Meet the other processes for the first time.

    Args:
        launched: This process, as its launcher calls it.

    Raises:
        UsageError: There is no mpi4py, no MPI library, or one of another kind than the launcher's; or the environment
            allows no valid time of silence.
    """
    silence = seconds_of_silence()
    try:
        from mpi4py import MPI
    except ModuleNotFoundError as error:
        raise refuse_missing(f"running as {launched.size} processes", error, "mpi") from error
    except (ImportError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        advice = "install one, for example: pip install mpich"
        raise UsageError(f"mpi4py finds no MPI library ({reason}); {advice}") from error
    if (size := MPI.COMM_WORLD.Get_size()) != launched.size:
        library = " ".join(MPI.Get_library_version().splitlines()[0].split())
        raise UsageError(
            f"the launcher started {launched.size} processes, but mpi4py sees {size} through another MPI, {library}; "
            f"use the launcher of that one, or reinstall mpi4py for yours: {install_command('mpi')}"
        )
    return MpiRanks(MPI, silence)
