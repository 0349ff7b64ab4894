"""The same faults as in `operations`, made by the kernel (`strace -e inject`) at every system call on the files.

A real process and real system calls, so nothing depends on where this test believes that files are written; only where
strace is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.faults.child import Ended
from tests.faults.operations import check, renew_all, spread
from tests.faults.place import contents, place
from tests.faults.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

CALLS = (
    *("openat", "write", "pwrite64", "fsync", "rename", "unlink", "rmdir", "mkdir", "flock", "ftruncate", "fallocate"),
    *("close", "getdents64"),
)
FAULTS = {"kill": "signal=KILL", "no space": "error=ENOSPC", "I/O error": "error=EIO", "read-only": "error=EROFS"}

HARMLESS = ("close", "getdents64")
"""Reading calls, or ones after which nothing can be lost: only kill them, and let them fail with an I/O error."""


def sweep(n: int) -> str:
    """Every fault at every system call of every scenario, but no more than `n` in each; of few, in as few."""
    if not is_possible():
        return "strace is not installed, or may not trace"
    n_calls = n_runs = 0
    scenarios = SCENARIOS if n >= len(SCENARIOS) else SCENARIOS[1 : n + 1]
    for scenario in scenarios:
        with place(training={"epochs": 2}) as root:
            before = scenario.prepare(root)
            for _ in range(2):  # the second time no .pyc is written
                renew_all(root, before, scenario)
                ended = traced(root, *scenario.args)
                assert 0 == ended.code, ended.err
            expected = contents(root / "work")
            calls = numbered_calls(root)
            n_calls += len(calls)
            faults = [(*call, kind) for call in calls for kind in FAULTS]
            faults = [fault for fault in faults if fault[0] not in HARMLESS or fault[2] in ("kill", "I/O error")]
            for name, number, kind in spread(faults, n):
                renew_all(root, before, scenario)
                ended = traced(root, *scenario.args, inject=f"{name}:{FAULTS[kind]}:when={number}")
                check(root, before, scenario, expected, ended, f"{scenario.name}: {kind} at {name} {number}")
                n_runs += 1
    return f"{n_calls} system calls in {len(scenarios)} commands, {n_runs} faults: all files whole, all told"


def is_possible() -> bool:
    """Whether strace is there and the system lets it trace."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


def traced(root: Path, *args: str, inject: str = "") -> Ended:
    """Run nncli under strace, which writes `root / trace`."""
    command = ["strace", "-y", "-o", str(root / "trace"), "-e", f"trace={','.join(CALLS)}"]
    command += ["-e", f"inject={inject}"] if inject else []
    result = subprocess.run(
        [*command, sys.executable, "-P", "-m", "nncli", *args],
        cwd=root / "work", capture_output=True, text=True, errors="replace", timeout=250, check=False,
    )  # fmt: skip
    return Ended(result.returncode, result.stdout, result.stderr, 0.0)


def numbered_calls(root: Path) -> list[tuple[str, int]]:
    """Each call on the files in `work` and the cache: its name, and which one of that name it is."""
    counts = dict.fromkeys(CALLS, 0)
    found = []
    for line in (root / "trace").read_text(errors="replace").splitlines():
        name = re.match(r"\w+", line)
        if not name or name[0] not in counts:
            continue
        counts[name[0]] += 1
        line = re.sub(r"AT_FDCWD<.*?>, ", "", line)  # noqa: PLW2901
        is_ours = any(f"{root}/{folder}" in line for folder in ("work", "cache")) or re.search(r'\("[^/]', line)
        if (
            is_ours
            and '"../' not in line
            and "/photos" not in line
            and ("O_RDONLY" not in line or "O_DIRECTORY" in line)
        ):
            found.append((name[0], counts[name[0]]))
    return found
