"""A forked process that decodes images for its parent.

It holds nothing that needs cleaning up, and ends with the pipe it listens to, however its parent ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from nncli.data.image.decoding import ImageError, decode_image
from nncli.machine.forking import fork

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat


class Task(NamedTuple):
    """What a worker is asked to do: decode `sources` into consecutive rows of the shared memory."""

    first_row: int
    sources: list[str | bytes]


class Worker:
    """A forked process and the pipes to and from it, on which lists travel as lines of JSON."""

    def __init__(self) -> None:
        self._pid = 0
        requests, answers = os.pipe(), os.pipe()
        self._child_ends = (open(requests[0], "rb"), open(answers[1], "wb"))  # noqa: PTH123, SIM115
        self._parent_ends = (open(answers[0], "rb"), open(requests[1], "wb"))  # noqa: PTH123, SIM115

    def fork(self) -> int:
        """Fork the process; as `os.fork`, returns in both processes."""
        try:
            self._pid = fork(_stop_as_told)
        except OSError:
            self.close()
            raise
        for end in self._parent_ends if self._pid == 0 else self._child_ends:
            end.close()
        return self._pid

    def serve(self, rows: NDArray[np.uint8], image_format: ImageFormat) -> NoReturn:
        """Decode until no more tasks come; in the forked process."""
        try:
            reader, writer = self._child_ends
            for line in reader:
                writer.write(json.dumps(decode_rows(Task(*json.loads(line)), rows, image_format)).encode() + b"\n")
                writer.flush()
        finally:
            os._exit(0)  # whatever happened: files, locks and buffered output are the parent's

    def send(self, task: Task) -> None:
        """Ask for a task to be done; does not notice if the process is dead."""
        with contextlib.suppress(OSError):
            self._parent_ends[1].write(json.dumps(task).encode() + b"\n")
            self._parent_ends[1].flush()

    def receive(self) -> list[str] | None:
        """The reasons for the oldest task that was sent, or None if the process is dead."""
        line = self._parent_ends[0].readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def kill(self) -> None:
        """End the process and close the pipes."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self.close()

    def close(self) -> None:
        """Close the pipes of this process."""
        for end in (*self._parent_ends, *self._child_ends):
            with contextlib.suppress(OSError):  # what a dead process did not read cannot be written either
                end.close()


def _stop_as_told() -> None:
    """Leave Ctrl-C, which is sent to all processes, to the parent, and end at once at SIGTERM and SIGHUP."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def decode_rows(task: Task, rows: NDArray[np.uint8], image_format: ImageFormat) -> list[str]:
    """Decode the images of a task into consecutive `rows`, those left out that cannot be read; the reasons."""
    row, reasons = task.first_row, []
    for source in task.sources:
        try:
            rows[row] = decode_image(source, image_format)
            row += 1
            reasons.append("")
        except ImageError as error:
            reasons.append(str(error) or "cannot be read")
    return reasons
