"""Usable cores."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from nncli.machine import cores
from nncli.machine.cores import usable_cores

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that may run on eight cores, in no container."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)
    monkeypatch.setattr(cores, "CGROUP_LIMIT", tmp_path / "cpu.max")


def test_without_a_container() -> None:
    """The cores that the process may run on."""
    assert 8 == usable_cores()


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("250000 100000", 2),
        ("50000 100000", 1),
        ("9900000 100000", 8),
        ("", 8),
        ("1 0", 8),
    ],
)
def test_a_container_s_limit(limit: str, expected: int, tmp_path: Path) -> None:
    """Two cores' worth of time is two cores, however many can be seen."""
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert expected == usable_cores()


def test_where_affinity_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert 5 == usable_cores()
