"""Image files decoded by several processes at once, in the order of the input.

Decoding takes far longer than predicting, and threads do not help: they wait for each other to run Python. So worker
processes are forked. Each one gets chunks of paths through a pipe, decodes them into memory that all processes share,
and answers with the reasons for the images that cannot be read. Chunks are dealt out like cards, in turn, and collected
in turn.

A file that makes a decoder crash takes a worker with it. Another worker is forked, tries the files of the chunk one by
one, and the file that is to blame gets a reason like any other bad image.
"""

from __future__ import annotations

import mmap
import sys
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.decoding_worker import Task, Worker, decode_rows
from nncli.errors import DataError
from nncli.machine.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat

CHUNK_SIZE = 32
"""Most images per task: enough that pipes cost nothing, few enough that little is done twice after a crash."""

DEPTH = 3
"""Chunks that a worker has at a time, so that it never waits for the next one."""

MAX_WORKERS = 8

CRASHED = "crashes its decoder"


def n_usable_workers() -> int:
    """How many workers are of use: one for each core that this process may run on; 0 where they cannot be forked."""
    return min(usable_cores(), MAX_WORKERS) if sys.platform == "linux" else 0


class DecodingPool:
    """Worker processes; a context manager, at whose end they are gone.

    Args:
        image_format: What images are brought to.
        n_workers: How many; 0 to decode in this process.
    """

    def __init__(self, image_format: ImageFormat, n_workers: int) -> None:
        self._n_slots = max(n_workers * DEPTH, 1)
        n_rows, n_features = self._n_slots * CHUNK_SIZE, image_format.n_features
        self._image_format = image_format
        self._rows = np.frombuffer(mmap.mmap(-1, n_rows * n_features), np.uint8).reshape(n_rows, n_features)
        self._workers: list[Worker] = []
        self._n_workers = n_workers

    def __enter__(self) -> DecodingPool:
        try:
            for _ in range(self._n_workers):
                self._workers.append(self._new_worker())
        except OSError:  # too many processes: fewer workers, or none, do it too
            self._n_workers = len(self._workers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers = []

    def decode(self, chunks: Iterable[list[str | bytes]]) -> Iterator[tuple[NDArray[np.uint8], list[str]]]:
        """Decode chunks of paths, or of what such files hold.

        Args:
            chunks: Of 1..CHUNK_SIZE images. They are fetched `DEPTH` chunks per worker ahead.

        Yields:
            For each chunk the pixels of the images that could be read, (m, n_0), valid until the next chunk is asked
            for; and for each image a reason why it could not be read, or an empty text.
        """
        tasks: deque[tuple[int, Task]] = deque()  # with the number of the worker that has it
        iterator = enumerate(chunks)
        while True:
            while len(tasks) < self._n_slots and (item := next(iterator, None)) is not None:
                number, sources = item
                tasks.append((number % (self._n_workers or 1), Task(number % self._n_slots * CHUNK_SIZE, sources)))
                self._start(*tasks[-1])
            if not tasks:
                return
            number, task = tasks.popleft()
            reasons = self._finish(number, task, [other for owner, other in tasks if owner == number])
            first = task.first_row
            yield self._rows[first : first + reasons.count("")], reasons

    def _start(self, number: int, task: Task) -> None:
        if self._is_for_a_worker(task):
            self._workers[number].send(task)

    def _is_for_a_worker(self, task: Task) -> bool:
        """The bytes of an image are decoded where they are; paths fit into a pipe."""
        return self._n_workers > 0 and all(isinstance(source, str) for source in task.sources)

    def _finish(self, number: int, task: Task, waiting: list[Task]) -> list[str]:
        """The reasons for a task of worker `number`, which has the tasks `waiting` to do after that."""
        if not self._is_for_a_worker(task):
            return decode_rows(task, self._rows, self._image_format)
        reasons = self._workers[number].receive()
        if reasons is None:
            self._replace(number)
            reasons = self._one_by_one(number, task)
            for other in waiting:
                self._start(number, other)
        return reasons

    def _one_by_one(self, number: int, task: Task) -> list[str]:
        reasons: list[str] = []
        for source in task.sources:
            self._workers[number].send(Task(task.first_row + reasons.count(""), [source]))
            answer = self._workers[number].receive()
            if answer is None:
                self._replace(number)
            reasons += answer or [CRASHED]
        return reasons

    def _replace(self, number: int) -> None:
        self._workers[number].kill()
        try:
            self._workers[number] = self._new_worker()
        except OSError as error:
            raise DataError(f"cannot start another process: {error.strerror}") from error

    def _new_worker(self) -> Worker:
        worker = Worker()
        if worker.fork() == 0:
            for other in self._workers:
                other.close()  # or they would wait for each other when their parent is gone
            worker.serve(self._rows, self._image_format)
        return worker
