"""A fault at every file operation of every command that writes, one run each.

The operations are counted in a run without a fault; then there is one run for each operation and each kind of fault:
the process is killed, the disk is full, broken, or read-only. After it every file is the old or the new one, whole; the
exit code is 0 only if everything is as without the fault; a failure names the file; and the same command again puts all
right and leaves no temporary file.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any, TypeVar

from tests.faults.child import Ended, run
from tests.faults.place import contents, drafts, place, renew
from tests.faults.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.scenarios import Scenario

KINDS = {"kill": 0, "no space": errno.ENOSPC, "I/O error": errno.EIO, "read-only": errno.EROFS}

Fault = TypeVar("Fault")

CALLS = ("open", "fsync", "replace", "unlink", "mkdir", "rmdir", "ftruncate", "posix_fallocate", "pwrite")
"""Functions of `os` that write; those that write through a file object are counted as `write`."""


class Faults:
    """For a child: counts file operations, and has one fail.

    Args:
        log: Where each operation leaves a line.
        number: Of the operation that fails, from 1; 0 for none.
        kind: A key of KINDS.
    """

    def __init__(self, log: Path, number: int = 0, kind: str = "kill") -> None:
        self._log, self._number, self._kind, self._count = log, number, kind, 0

    def install(self) -> None:
        """Put it between the program and the system."""
        import nncli.machine.atomic_file

        self._lines = self._log.open("w", buffering=1)
        for name in CALLS:
            setattr(os, name, self._failing(name, getattr(os, name)))
        import fcntl

        fcntl.flock = self._failing("flock", fcntl.flock)
        vars(nncli.machine.atomic_file)["open"] = self._open

    def _failing(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.happen(name)
            return function(*args, **options)

        return call

    def _open(self, descriptor: int, mode: str, *, closefd: bool = True, **options: Any) -> Any:
        faults = self

        class File(io.FileIO):
            def write(self, data: Any) -> int:
                faults.happen("write")
                return super().write(data)

        file = io.BufferedWriter(File(descriptor, "wb", closefd=closefd))
        return file if mode == "wb" else io.TextIOWrapper(file, **options)

    def happen(self, name: str) -> None:
        """An operation is about to be done, or not."""
        self._count += 1
        builtins.print(name, file=self._lines)
        if self._count == self._number:
            if self._kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(KINDS[self._kind], os.strerror(KINDS[self._kind]))


def sweep(n: int) -> str:
    """Every fault at every operation of every scenario, but no more than `n` in each scenario."""
    n_runs = n_operations = 0
    for scenario in SCENARIOS:
        with place(training={"epochs": 2}) as root:
            before = scenario.prepare(root)
            log = root / "log"
            expected = undisturbed(root, before, scenario, log)
            operations = log.read_text().split()
            n_operations += len(operations)
            for number, kind in spread([(i, kind) for i in range(1, len(operations) + 1) for kind in KINDS], n):
                renew_all(root, before, scenario)
                ended = run(root / "work", *scenario.args, prepare=Faults(log, number, kind).install)
                where = f"{scenario.name}: {kind} at {number}, {operations[number - 1]}"
                check(root, before, scenario, expected, ended, where)
                n_runs += 1
    return f"{n_operations} operations in {len(SCENARIOS)} commands, {n_runs} faults: all files whole, all told"


def spread(items: list[Fault], n: int) -> list[Fault]:
    """At most `n` of `items`, from all over."""
    n = min(n, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * n)] for i in range(n)]


def undisturbed(root: Path, before: Path, scenario: Scenario, log: Path) -> dict[str, Any]:
    """What the folder holds after the command; its operations are in `log`."""
    renew_all(root, before, scenario)
    ended = run(root / "work", *scenario.args, prepare=Faults(log).install)
    assert 0 == ended.code, ended.err
    return contents(root / "work")


def renew_all(root: Path, before: Path, scenario: Scenario) -> None:
    """As it was before the command."""
    renew(before, root / "work")
    if not scenario.tells:
        shutil.rmtree(root / "cache", ignore_errors=True)


def check(root: Path, before: Path, scenario: Scenario, expected: dict[str, Any], ended: Ended, where: str) -> None:
    """Every file is the old or the new one, and all is said."""
    work, old = root / "work", contents(before)
    found = contents(work)
    where = f"{where}\nexit code {ended.code}\n{ended.err}"
    for name in {*old, *found, *expected}:
        if name.endswith(("last.npz", "history.csv")) and name in found:
            continue  # whole, or `contents` would not have read it; it may be that of the first moment
        allowed = [old.get(name), expected.get(name)] + ([None] if scenario.may_go else [])
        assert found.get(name) in allowed, f"{where}: {name}"
    assert "Traceback" not in ended.err, where
    assert ended.code in (0, 1, 2, -signal.SIGKILL), where
    if ended.code in (0, 2):  # all was done, or nothing was started
        assert (old if ended.code else expected) == found, where
    if ended.code == 1:
        assert 1 == ended.err.count("nncli: "), where
        assert any(f"{place}: " in ended.err or f"{place}/" in ended.err for place in ("run", *scenario.args)), where
    if ended.code != -signal.SIGKILL:
        assert [] == drafts(work), where

    again = run(work, *(scenario.again or scenario.args))
    assert 0 == again.code, f"{where}\nagain: {again.err}"
    assert expected == contents(work), where
    assert [] == drafts(work) + drafts(root / "cache"), where
