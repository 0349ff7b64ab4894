"""The short form of every sweep of faults; `python -m tests.faults` runs the long one."""

from __future__ import annotations

import importlib

import pytest

from tests.faults.__main__ import SWEEPS
from tests.faults.system_calls import is_possible

SHORT = {"operations": 1, "system_calls": 1, "kills": 1, "resumes": 2, "stops": 2, "pipes": 2, "pairs": 2}
"""Each has its faults in all commands, at another moment in each of them."""


def test_every_sweep_has_a_short_form() -> None:
    """Those over inputs are in test_inputs.py."""
    assert {*SHORT, "inputs"} == SWEEPS.keys()


@pytest.mark.parametrize("name", SHORT)
def test_a_short_sweep(name: str) -> None:
    """A few faults of each kind: nothing is torn, nothing is lost, all is told."""
    if name == "system_calls" and not is_possible():
        pytest.skip("strace is not installed, or may not trace")
    assert importlib.import_module(f"tests.faults.{name}").sweep(SHORT[name])
