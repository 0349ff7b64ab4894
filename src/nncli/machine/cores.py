"""How many cores there are to use, and whether processes on them can share memory safely."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from nncli.machine.launcher import processes_on_this_machine

CAN_DIVIDE_BATCHES = sys.platform == "linux" and hasattr(os, "fork") and os.uname().machine == "x86_64"
"""Whether processes can be forked and see each other's writes in order: Linux on x86-64 promises both."""

CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")
"""Where a container finds its share of the machine: a quota and a period in microseconds, or "max"."""


def usable_cores() -> int:
    """Cores that this process may run on, or as many as its container's share of time is worth.

    Processes that a launcher started on this machine share them.
    """
    return max(1, _usable_cores() // processes_on_this_machine())


def _usable_cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CGROUP_LIMIT.read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no container, no limit
        return cores
