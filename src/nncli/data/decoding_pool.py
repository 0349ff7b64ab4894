"""Image files decoded by several processes at once, in the order of the input.

Decoding takes far longer than predicting, and threads do not help: they wait for each other to run Python. So worker
processes are forked. Each one gets chunks of paths through a pipe, decodes them into memory that all processes share,
and answers with the reasons for the images that cannot be read. Who has room gets the next chunk; the results are
given out in the order of the chunks.

A file that makes a decoder crash takes a worker with it. Another worker is forked, tries the files of the chunk one by
one, and the file that is to blame gets a reason like any other bad image.
"""

from __future__ import annotations

import contextlib
import select
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.decoding_worker import QUESTION, Reason, Task, Then, Worker, decode_rows
from nncli.errors import DataError
from nncli.machine.divide import shared_array
from nncli.machine.forking import Helpers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat

CHUNK_SIZE = 32
"""Most images per task: enough that pipes cost nothing, few enough that little is done twice after a crash."""

DEPTH = 3
"""Most chunks that a worker has at a time, so that it never waits for the next one."""

GOOD = Reason()
CRASHED = Reason("crashes its decoder", may_pass=True)

PATIENCE = 1.0
"""Seconds without an answer after which the workers are looked after."""


class DecodingPool:
    """Worker processes; a context manager, at whose end they are gone.

    Args:
        image_format: What images are brought to.
        n_workers: How many; 0 to decode in this process.
        rows: Shared memory to decode into, (m, n_0): chunk k of `CHUNK_SIZE` images begins at row k * `CHUNK_SIZE`. By
            default memory of the pool's own, which is used again and again.
        compute: What the workers make of the pixels of some images, (n, n_0): float32 rows, (n, n_results).
        n_results: Length of these rows.
    """

    def __init__(
        self,
        image_format: ImageFormat,
        n_workers: int,
        rows: NDArray[np.uint8] | None = None,
        *,
        compute: Callable[[NDArray[np.uint8], NDArray[np.float32]], None] | None = None,
        n_results: int = 0,
    ) -> None:
        if rows is None:
            rows = shared_array((max(n_workers * DEPTH, 1) * CHUNK_SIZE, image_format.n_features), np.uint8)
        self._then = Then(shared_array((len(rows), n_results), np.float32), compute) if compute else None
        self._n_ahead = -(-len(rows) // CHUNK_SIZE)
        self._image_format, self._n_workers, self._rows = image_format, n_workers, rows
        self._helpers = Helpers()
        self._workers: list[Worker] = []
        self._finished: dict[int, list[Reason]] = {}

    def __enter__(self) -> DecodingPool:
        try:
            with contextlib.suppress(OSError):  # too many processes: fewer workers, or none, do it too
                for _ in range(self._n_workers):
                    self._workers.append(self._new_worker())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers = []

    def decode(self, chunks: Iterable[Sequence[str | bytes]]) -> Iterator[tuple[NDArray[Any], list[Reason]]]:
        """Decode chunks of paths, or of what such files hold.

        Args:
            chunks: Of 1..CHUNK_SIZE images. They are fetched `DEPTH` chunks per worker ahead, with `rows` more.

        Yields:
            For each chunk the pixels of the images that could be read, (m, n_0), or what was to be computed of them,
            (m, n_results), valid until the next chunk is asked for; and for each image a reason why it could not be
            read, or an empty text.
        """
        iterator, tasks, number = iter(chunks), deque[Task](), 0
        while True:
            while self._has_room(len(tasks)) and (sources := next(iterator, None)) is not None:
                tasks.append(Task(number, number * CHUNK_SIZE % max(len(self._rows), 1), list(sources)))
                self._start(tasks[-1])
                number += 1
            if not tasks:
                return
            if (reasons := self._finished.pop(tasks[0].number, None)) is None:
                self._listen()
            else:
                first = tasks.popleft().first_row
                results = self._then.results if self._then else self._rows
                yield results[first : first + reasons.count(GOOD)], reasons

    def _has_room(self, n_tasks: int) -> bool:
        if not self._workers:
            return n_tasks == 0
        return n_tasks < self._n_ahead and min(len(worker.waiting) for worker in self._workers) < DEPTH

    def _start(self, task: Task) -> None:
        """Give a task to the worker with the least to do; paths fit into a pipe, bytes are decoded where they are."""
        if self._workers and all(isinstance(source, str) for source in task.sources):
            min(self._workers, key=lambda worker: len(worker.waiting)).send(task)
        else:
            self._finished[task.number] = decode_rows(task, self._rows, self._image_format, self._then)

    def _listen(self) -> None:
        """Wait for answers, and only for a while: a worker may be dead, or have lost a task."""
        busy = [worker for worker in self._workers if worker.waiting]
        answering, _, _ = select.select(busy, [], [], PATIENCE)
        for worker in answering:
            finished = worker.receive()
            if finished is None:
                self._do_over(worker)
            else:
                self._finished.update((task.number, reasons) for task, reasons in finished)
        if not answering:
            ended = self._helpers.ended()
            for worker in busy:
                if worker.pid in ended:
                    self._do_over(worker)
                else:
                    worker.ask()

    def _do_over(self, worker: Worker) -> None:
        """Repeat a dead worker's tasks, the images of its first one by one, since one of them may be to blame."""
        lost = [task for task in worker.waiting if task != QUESTION]
        worker = self._replaced(worker)
        for first in lost[:1]:
            self._finished[first.number] = self._one_by_one(first, worker)
        for task in lost[1:]:
            self._start(task)

    def _one_by_one(self, task: Task, worker: Worker) -> list[Reason]:
        reasons: list[Reason] = []
        for source in task.sources:
            worker.send(Task(task.number, task.first_row + reasons.count(GOOD), [source]))
            if (answer := self._answer(worker)) is None:
                worker = self._replaced(worker)
            reasons += answer or [CRASHED]
        return reasons

    def _answer(self, worker: Worker) -> list[Reason] | None:
        """The reasons for the only task of a worker, or None if it is dead."""
        while True:
            if select.select([worker], [], [], PATIENCE)[0]:
                finished = worker.receive()
                if finished != []:  # as it is for half a line
                    return None if finished is None else finished[0][1]
            elif worker.pid in self._helpers.ended():
                return None
            else:
                worker.ask()

    def _replaced(self, worker: Worker) -> Worker:
        """Another worker in the place of a dead one."""
        worker.kill()
        self._workers.remove(worker)
        try:
            self._workers.append(self._new_worker())
        except OSError as error:
            raise DataError(f"cannot start another process: {error.strerror}") from error
        return self._workers[-1]

    def _new_worker(self) -> Worker:
        return Worker(self._helpers, self._workers, self._rows, self._image_format, self._then)
