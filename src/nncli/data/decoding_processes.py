"""Decoding in several processes, because threads would wait for each other.

The processes are forked, so that nothing needs to be sent to them, and write into memory that all of them see. Numbers
of chunks of files lie in a pipe: who reads a number has the chunk. What could not be decoded comes back through a pipe
for each process, whose closing tells that the process has ended.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import selectors
import signal
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.image.decoding import FileAccessError, ImageError, decode_image
from nncli.data.pixel_rows import LARGE, file_map_of
from nncli.errors import DataError
from nncli.machine.cores import usable_cores
from nncli.machine.forking import fork
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat

MOST_PROCESSES = 8
CHUNK = 32
"""Files in a chunk, at least."""

MOST_CHUNKS = 1000
"""So many numbers of four bytes fit into every pipe."""

Bad = dict[int, tuple[str, bool]]
"""Place in the list of a file that did not decode -> the reason, and whether it may pass."""


def number_of_processes() -> int:
    """One for each core this process may use; 1 where forking is not possible or, with threads running, not safe."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return min(usable_cores(), MOST_PROCESSES)


def decode_in_processes(
    paths: Sequence[str],
    image_format: ImageFormat,
    pixels: NDArray[np.uint8],
    processes: int,
    on_progress: Callable[[int], None] | None,
) -> Bad:
    """Decode `paths` into the rows of `pixels`, which lie in a shared memory map.

    Raises:
        DataError: A process died.
    """
    team = _Team(paths, image_format, pixels, processes, on_progress or (lambda _n: None))
    try:
        for rank in range(1, processes):
            team.fork(rank)
        team.work(0)
        while team.pipes.get_map():
            team.listen(timeout=0.1)
        team.report_progress()
        return team.bad
    finally:
        team.end()


class _Team:
    """The processes; after a fork each has its own copy of this, but `pixels` and `counts` are shared."""

    def __init__(
        self,
        paths: Sequence[str],
        image_format: ImageFormat,
        pixels: NDArray[np.uint8],
        processes: int,
        on_progress: Callable[[int], None],
    ) -> None:
        self.paths, self.image_format, self.pixels, self.on_progress = paths, image_format, pixels, on_progress
        self.parent = os.getpid()
        self.counts = memoryview(mmap.mmap(-1, 16 * processes)).cast("q")  # each one's finished files and present file
        self.reported = 0
        self.chunk = max(CHUNK, -(-len(paths) // MOST_CHUNKS))
        self.tasks, numbers = os.pipe()
        os.write(numbers, np.arange(-(-len(paths) // self.chunk), dtype=np.int32).tobytes())
        os.close(numbers)
        self.pipes = selectors.DefaultSelector()
        self.ranks: dict[int, int] = {}
        self.messages: dict[int, bytes] = {}
        self.bad: Bad = {}

    def fork(self, rank: int) -> None:
        """Start a process, which ignores stop signals: the parent hears them and ends it."""
        receive, send = os.pipe()
        try:
            child = fork()
        except OSError:  # no more processes allowed: those there are will do
            os.close(receive)
            os.close(send)
            return
        if child == 0:
            self._be_a_helper(rank, send)
        self.ranks[child] = rank
        os.close(send)
        self.messages[child] = b""
        self.pipes.register(receive, selectors.EVENT_READ, child)

    def _be_a_helper(self, rank: int, send: int) -> None:
        """Never returns: files, locks and buffered output are the parent's."""
        with contextlib.suppress(BaseException):
            self.work(rank)
            with open(send, "wb") as pipe:
                pipe.write(json.dumps(list(self.bad.items())).encode())
            os._exit(0)
        os._exit(1)

    def work(self, rank: int) -> None:
        """Decode chunks until there are no more."""
        counts, file_map, n_written = self.counts, file_map_of(self.pixels), 0
        while number := os.read(self.tasks, 4):
            start = int.from_bytes(number, sys.byteorder) * self.chunk
            for i in range(start, min(start + self.chunk, len(self.paths))):
                counts[2 * rank + 1] = i
                try:
                    self.pixels[i] = decode_image(self.paths[i], self.image_format)
                except ImageError as error:
                    self.bad[i] = str(error), isinstance(error, FileAccessError)
                counts[2 * rank] += 1
                if rank == 0:
                    self.report_progress()
                elif os.getppid() != self.parent:
                    os._exit(1)
            n_written += self.chunk * self.pixels.shape[1]
            if file_map and n_written > LARGE:
                file_map.madvise(mmap.MADV_DONTNEED)  # it stays in the file, but counts as this process's memory
                n_written = 0
            if rank == 0:
                self.listen(timeout=0)

    def report_progress(self) -> None:
        """Tell the caller how many files all have finished since the last time."""
        finished = sum(self.counts[::2])
        if finished > self.reported:
            self.on_progress(finished - self.reported)
            self.reported = finished

    def listen(self, timeout: float) -> None:
        """Read what the others tell; notice who has ended."""
        for key, _ in self.pipes.select(timeout):
            child = key.data
            if message := os.read(key.fd, 1 << 16):
                self.messages[child] += message
                continue
            self.pipes.unregister(key.fd)
            os.close(key.fd)
            rank, code = self.ranks.pop(child), _exit_code(child)
            if code or not self.messages[child]:
                path = printable(self.paths[self.counts[2 * rank + 1]])
                how = f"was killed by signal {-code}" if code < 0 else "failed"
                raise DataError(f"{path}: the process that decoded it {how}, perhaps for lack of memory")
            self.bad.update((i, (reason, may_pass)) for i, (reason, may_pass) in json.loads(self.messages[child]))
        self.report_progress()

    def end(self) -> None:
        """Kill who is still there, after an error or an interruption."""
        for child in self.ranks:
            os.kill(child, signal.SIGKILL)
            _exit_code(child)
        for key in list(self.pipes.get_map().values()):
            os.close(key.fd)
        self.pipes.close()
        os.close(self.tasks)


def _exit_code(child: int) -> int:
    """Wait until `child` ends; minus the signal that killed it."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except ChildProcessError:  # whoever started this program ignores the ends of children, so nobody knows
        return 0
