"""Readers that stop early, and outputs that take nothing.

`| head` is silent and no error, for `predict` and for the events of `train`; a full or closed stdout is an error, in a
line.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.faults.child import run
from tests.faults.place import contents, finished_run, place

COMMANDS = (
    "predict --files-from <(yes photos/dark/0.png) -m run",
    "predict photos -m run -f ndjson",
    "train c.yaml --json --epochs 3000 --force -o piped",
    "evaluate photos -m run -f json",
    "--help",
)
FULL = (*COMMANDS[1:], "train c.yaml --epochs 1 --force -o piped", "schema", "check c.yaml")


def sweep(n: int) -> str:
    """`n` runs into head, and a few into /dev/full and into nothing."""
    with place() as root:
        finished_run(root, "run")
        for i in range(n):
            command = COMMANDS[i % len(COMMANDS)]
            result = shell(str(root), f"set -o pipefail; $NNCLI -q {command} | head -n 1")
            assert (0, "") == (result.returncode, result.stderr), (command, result)
            assert 1 == result.stdout.count("\n"), (command, result)
        if (root / "piped/last.npz").exists():
            assert contents(root / "piped")
            assert 0 == run(root, "train", "--resume", "piped", "-q").code
        for command in FULL[:n]:
            for stdout, message in ((">/dev/full", "standard output: No space left on device"), (">&-", "closed")):
                result = shell(str(root), f"$NNCLI -q {command} {stdout}")
                assert (1, 1) == (result.returncode, result.stderr.count("\n")), (command, result)
                assert message in result.stderr, (command, result)
    return f"{n} times head: silent; {len(FULL[:n])} commands with a full and a closed stdout: exit code 1 and a line"


def shell(cwd: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a bash script, in which $NNCLI is the program."""
    environment = {**os.environ, "NNCLI": f"{sys.executable} -P -m nncli"}
    return subprocess.run(
        ["bash", "-c", script], cwd=cwd, env=environment, capture_output=True, text=True, timeout=250, check=False
    )
