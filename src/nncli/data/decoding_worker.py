"""A forked process that decodes images for its parent.

It holds nothing that needs cleaning up, and ends with the pipe it listens to, however its parent ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from nncli.data.image.decoding import FileAccessError, ImageError, decode_image
from nncli.data.pixel_rows import MemoryReturner
from nncli.machine.forking import STOP_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat
    from nncli.machine.forking import Helpers


class Reason(str):
    """Why an image has no pixels, or an empty text.

    Attributes:
        may_pass: Another time the same file may have some: it could not be opened, memory was short.
    """

    may_pass: bool

    def __new__(cls, text: str = "", may_pass: bool = False) -> Reason:
        """Made as a tuple is."""
        reason = super().__new__(cls, text)
        reason.may_pass = may_pass
        return reason


class Task(NamedTuple):
    """Task of a worker: decode `sources` into consecutive rows of the shared memory."""

    number: int
    first_row: int
    sources: list[str | bytes]


class Then(NamedTuple):
    """A computation that a worker does on the images that it has decoded.

    Attributes:
        results: Shared memory for what comes of them, a row for each row of pixels, (m, k).
        compute: From pixels, (n, n_0), to these rows, (n, k).
    """

    results: NDArray[Any]
    compute: Callable[[NDArray[np.uint8], NDArray[Any]], None]


QUESTION = Task(-1, 0, [])
"""A task without images: the answer to it tells that all before it were done, or that one was lost."""


class Worker:
    """A forked process and the pipes to and from it, on which lists travel as lines of JSON.

    Args:
        helpers: Starts the process.
        others: Workers there are already; the process must not keep their pipes open.
        rows: The shared memory, (m, n_0).
        image_format: What images are brought to.
        then: What else is done with them.

    Attributes:
        waiting: Tasks that were sent and not answered, the oldest first.

    Raises:
        OSError: No more processes or open files are allowed.
    """

    def __init__(
        self,
        helpers: Helpers,
        others: list[Worker],
        rows: NDArray[np.uint8],
        image_format: ImageFormat,
        then: Then | None = None,
    ) -> None:
        self.waiting: deque[Task] = deque()
        self._received = b""
        self._helpers = helpers
        child_reads, parent_writes = os.pipe()
        parent_reads, child_writes = os.pipe()
        self._ends = parent_reads, parent_writes

        def work() -> None:
            for worker in (self, *others):
                worker.close()  # or they would wait for each other when their parent is gone
            _serve((child_reads, child_writes), rows, image_format, then)

        try:
            self.pid = helpers.start(work, _stop_as_told)
        except OSError:
            self.close()
            raise
        finally:
            os.close(child_reads)
            os.close(child_writes)

    def fileno(self) -> int:
        """File descriptor to wait for."""
        return self._ends[0]

    def send(self, task: Task) -> None:
        """Ask for a task to be done; does not notice if the process is dead."""
        self.waiting.append(task)
        line = memoryview(json.dumps(task).encode() + b"\n")
        with contextlib.suppress(OSError):
            while line:
                line = line[os.write(self._ends[1], line) :]

    def ask(self) -> None:
        """Have it answer a question, once it has done its tasks."""
        if self.waiting[-1] != QUESTION:
            self.send(QUESTION)

    def receive(self) -> list[tuple[Task, list[Reason]]] | None:
        """Finished tasks, or None if the process is dead or has lost one; waits until there is something to tell."""
        message = os.read(self._ends[0], 1 << 16)
        *lines, self._received = (self._received + message).split(b"\n")
        if not message:
            return None
        answers = [json.loads(line) for line in lines]
        tasks = list(self.waiting)[: len(answers)]
        if [task.number for task in tasks] != [number for number, *_ in answers]:
            return None  # all of `waiting` is to be done over
        for _ in tasks:
            self.waiting.popleft()
        finished = [
            (task, [Reason(*each) for each in reasons]) for task, (_, *reasons) in zip(tasks, answers, strict=True)
        ]
        return [(task, reasons) for task, reasons in finished if task.number != QUESTION.number]

    def kill(self) -> None:
        """End the process and close the pipes."""
        self._helpers.kill(self.pid)
        self.close()

    def close(self) -> None:
        """Close the pipes of this process."""
        for end in self._ends:
            os.close(end)


def _stop_as_told() -> None:
    """Leave Ctrl-C, which is sent to all processes, to the parent, and end at once at SIGTERM and SIGHUP."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in STOP_SIGNALS[1:]:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _serve(pipes: tuple[int, int], rows: NDArray[np.uint8], image_format: ImageFormat, then: Then | None) -> None:
    """Decode until no more tasks come; in the forked process."""
    returner = MemoryReturner(rows)
    with os.fdopen(pipes[0], "rb") as reader, os.fdopen(pipes[1], "wb") as writer:
        for line in reader:
            task = Task(*json.loads(line))
            reasons = decode_rows(task, rows, image_format, then)
            writer.write(json.dumps([task.number, *((each, each.may_pass) for each in reasons)]).encode() + b"\n")
            writer.flush()
            returner.used(len(reasons))


def decode_rows(
    task: Task, rows: NDArray[np.uint8], image_format: ImageFormat, then: Then | None = None
) -> list[Reason]:
    """Decode the images of a task into consecutive `rows`, those left out that cannot be read; the reasons."""
    row, reasons = task.first_row, []
    for source in task.sources:
        try:
            rows[row] = decode_image(source, image_format)
            row += 1
            reasons.append(Reason())
        except ImageError as error:
            reasons.append(Reason(str(error) or "cannot be read", isinstance(error, FileAccessError)))
    if then and row > task.first_row:
        good = slice(task.first_row, row)
        then.compute(rows[good], then.results[good])
    return reasons
