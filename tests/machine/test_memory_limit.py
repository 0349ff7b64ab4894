"""Under a limit of memory, NumPy is imported where there is room for it, and there only."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nncli.machine.cores import usable_cores
from nncli.machine.memory_limit import ROOM

PROGRAM = """
import mmap, resource, sys
from nncli.machine import memory_limit
resource.setrlimit(resource.RLIMIT_AS, ({limit}, resource.RLIM_INFINITY))
memory_limit.guard_numpy()
memory_limit.ROOM = {room}
try:
    import numpy
except MemoryError:
    print("no room")
    sys.exit()
used = int(open("/proc/self/statm").read().split()[0]) * mmap.PAGESIZE
resource.setrlimit(resource.RLIMIT_AS, (used + (8 << 20), resource.RLIM_INFINITY))
square = numpy.ones((300, 300), "f4")
print((square @ square)[0, 0], len([each for each in sys.meta_path if "Guard" in str(each)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at memory as Linux has it")
@pytest.mark.parametrize(
    ("limit", "room", "threads", "expected"),
    [
        (80 << 20, ROOM, 1, "no room\n"),
        (2 << 30, 3 << 30, 1, "no room\n"),
        (2 << 30, ROOM, 1, "300.0 0\n"),  # products need no more of the room than the first one
        (160 << 20, ROOM, 1, "300.0 0\n"),
        pytest.param(160 << 20, ROOM, 2, "no room\n", marks=pytest.mark.skipif(usable_cores() < 2, reason="one core")),
        ("resource.RLIM_INFINITY", 1 << 62, 1, "300.0 0\n"),
    ],
)
def test_room_for_numpy_and_its_first_product(limit: int | str, room: int, threads: int, expected: str) -> None:
    """Otherwise `MemoryError`, before the library can end the process; without a limit nobody looks."""
    program = PROGRAM.format(limit=limit, room=room)
    if room == 1 << 62:
        program = program.replace("used + (8 << 20)", "used + (80 << 20)")  # nothing was multiplied before
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads)}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=250
    )
    assert (expected, "") == (result.stdout, result.stderr)
