"""The program in a forked child: everything is imported already, so that a thousand runs take minutes."""

from __future__ import annotations

import gc
import io
import os
import sys
import time
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nncli.cli.train
import nncli.cli.training_session
import nncli.run.training  # noqa: F401 - for the children
from nncli.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code, or minus the signal; what it wrote; seconds from its start."""

    code: int
    out: str
    err: str
    seconds: float


class Child:
    """`nncli ARGS` in `folder`; its output goes to files beside the folder.

    Args:
        folder: Where it works.
        args: Of the program.
        prepare: Called in the child before the program.
    """

    def __init__(self, folder: Path, *args: object, prepare: Callable[[], object] = lambda: None) -> None:
        self._logs = [folder.with_name(f"{folder.name}.{name}") for name in ("out", "err")]
        self._started = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of OpenBLAS's threads
            self.pid = os.fork()
        if self.pid == 0:
            gc.freeze()  # as helpers do, see nncli.machine.forking
            self._run(folder, [str(arg) for arg in args], prepare)

    def _run(self, folder: Path, args: list[str], prepare: Callable[[], object]) -> None:
        """Never returns; nothing of the parent's is flushed or cleaned up."""
        code = 99
        try:
            os.chdir(folder)
            for descriptor, log in enumerate(self._logs, start=1):
                os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
            sys.stdout, sys.stderr = (
                io.TextIOWrapper(io.FileIO(number, "w", closefd=False), write_through=True) for number in (1, 2)
            )
            prepare()
            main(args)
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def wait(self) -> Ended:
        """Until it has ended."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        out, err = (log.read_text() for log in self._logs)
        return Ended(code, out, err, time.monotonic() - self._started)

    def signal(self, number: int) -> None:
        """Send it a signal; it may have ended."""
        os.kill(self.pid, number)


def run(folder: Path, *args: object, prepare: Callable[[], object] = lambda: None) -> Ended:
    """Run `nncli ARGS` in `folder` to its end."""
    return Child(folder, *args, prepare=prepare).wait()
