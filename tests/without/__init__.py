"""The whole suite as on an operating system without `fcntl`, `fork` or `SIGHUP`: ``TESTS_WITHOUT=fcntl,fork,SIGHUP``.

`sitecustomize.py` beside this file takes them away, in this process and in those that tests start. A test that itself
asks for one of them is skipped, and says so; the program has to do without.
"""

from __future__ import annotations

import os
import re
import signal
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

VARIABLE = "TESTS_WITHOUT"
TAKEN = frozenset(os.environ.get(VARIABLE, "").replace(",", " ").split())
PROGRAM = Path(__file__).parents[2] / "src"

if TAKEN:
    from tests.without import sitecustomize  # noqa: F401

    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork: without it there is one process")
needs_locks = pytest.mark.skipif("fcntl" in TAKEN, reason="needs fcntl: without it files are not locked")

SIGHUP = getattr(signal, "SIGHUP", None)
"""The signal, for tests to be given; None where there is none."""

needs_sighup = pytest.mark.skipif(SIGHUP is None, reason="needs SIGHUP")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Skip a test that has asked for what was taken away; the program asking for it is an error."""
    try:
        return (yield)
    except (AttributeError, ImportError) as error:
        frames = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
        asked_by_a_test = not any(PROGRAM in frame.parents for frame in frames)
        for name in TAKEN:
            if asked_by_a_test and re.search(rf"\b{name}\b", str(error)):
                pytest.skip(f"needs {name}, which was taken away")
        raise
