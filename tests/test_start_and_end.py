"""The first and the last moments of the program, when nobody listens to signals yet, or any more."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.without import needs_sighup

SCRIPT = """
import os, signal, sys
import nncli.cli.main
def main():
    {before}
    sys.exit(0)
nncli.cli.main.main = main
import nncli.__main__
{start}
"""


def run(start: str, before: str = "pass") -> subprocess.CompletedProcess[str]:
    """Run a script that replaces the program by `before`."""
    script = SCRIPT.format(start=start, before=before)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=250, check=False)


def kill(name: str) -> str:
    """A line of Python by which a process sends itself a signal."""
    return f"os.kill(os.getpid(), signal.{name})"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", pytest.param("SIGHUP", marks=needs_sighup)])
def test_a_signal_at_the_start_ends_it_silently(name: str) -> None:
    """By the signal itself, which a shell shows as 130, 143, 129; no traceback."""
    result = run("nncli.__main__.main()", kill(name))
    assert (-getattr(signal, name), "") == (result.returncode, result.stderr)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", pytest.param("SIGHUP", marks=needs_sighup)])
def test_a_signal_at_the_end_changes_nothing(name: str) -> None:
    """The exit code is settled."""
    result = run(f"import atexit; atexit.register(lambda: {kill(name)}); nncli.__main__.main()")
    assert (0, "") == (result.returncode, result.stderr)


def test_an_ignored_interrupt_stays_ignored() -> None:
    """As for a job in the background of a script."""
    result = run("signal.signal(signal.SIGINT, signal.SIG_IGN); nncli.__main__.main()", kill("SIGINT"))
    assert (0, "") == (result.returncode, result.stderr)
