"""Whether the other processes of a run are still heard.

A process that ends is noticed by its launcher. A machine that loses its network ends nothing: whoever waits for one of
its messages waits for ever. So every process tells the first one now and then that it is there, and the first one tells
all of them, also while they compute: a thread does it, through a communicator of its own.

Silence is counted in beats of one's own, not by the clock: whoever was stopped and goes on, as a batch system's jobs
are, has not heard the others for hours, and they are there.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from nncli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "NNCLI_MPI_SILENCE"
"""Environment variable: seconds for which another process may be silent."""

SECONDS = 60.0
"""The same by default: a switch that restarts, and TCP that then hesitates to send again, may take half of it."""

BEATS = 10
"""Fewest beats in that time."""


def seconds_of_silence() -> float:
    """How long another process may be silent.

    Raises:
        UsageError: The environment variable is no positive number.
    """
    text = os.environ.get(VARIABLE, "")
    try:
        seconds = float(text or SECONDS)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{VARIABLE}: a positive number of seconds is expected, not '{text}'")
    return seconds


class Heartbeat:
    """A thread that tells the others of this process, and listens to them.

    Args:
        communicator: Of mpi4py, for this alone.
        seconds: For which one may be silent.
        on_silence: Told the ranks that were silent for longer; the thread ends with it.
    """

    def __init__(self, communicator: Any, seconds: float, on_silence: Callable[[list[int]], None]) -> None:
        self._communicator, self._on_silence = communicator, on_silence
        self._peers = range(1, communicator.Get_size()) if communicator.Get_rank() == 0 else range(1)
        self._interval = min(1.0, seconds / BEATS)
        self._limit = round(seconds / self._interval)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer; the others have to know that this process is about to end."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        to_hear = {peer: self._listen(peer) for peer in self._peers}
        told = {peer: self._tell(peer) for peer in self._peers}
        silent = dict.fromkeys(self._peers, 0)
        while not self._over.wait(self._interval):
            for peer in self._peers:
                silent[peer] += 1
                while to_hear[peer].Test():
                    silent[peer], to_hear[peer] = 0, self._listen(peer)
                if told[peer].Test():  # else the last word has not gone out yet
                    told[peer] = self._tell(peer)
            if lost := [peer for peer in self._peers if silent[peer] > self._limit]:
                self._on_silence(lost)
                return
        for request in to_hear.values():
            request.Cancel()
            request.Wait()

    def _listen(self, peer: int) -> Any:
        return self._communicator.Irecv(bytearray(1), peer)

    def _tell(self, peer: int) -> Any:
        return self._communicator.Isend(b"+", peer)
