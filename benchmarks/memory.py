"""How much memory does a data set larger than memory need? `python -m benchmarks.memory`

200,000 rgb images of 64x64, 2.4 GB of pixels in the cache, 12288-64-10, batch 64: the largest resident size of one
process and the largest sum over all of them, in which what processes share counts once (proportional set size, Linux).
First run: files are decoded into the cache; second run: pixels are read from it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import machine, neutral_environment, table

IMAGES = 200_000
DISTINCT = 500
CLASSES = 10


def draw(folder: Path) -> None:
    """Write DISTINCT JPEGs, and links to them until there are IMAGES files."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    for index in range(IMAGES):
        path = folder / str(index % CLASSES) / f"{index}.jpg"
        if index < DISTINCT:
            path.parent.mkdir(parents=True, exist_ok=True)
            coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((64, 64))
            coarse.save(path, quality=80)
        else:
            first = index % DISTINCT
            os.link(folder / str(first % CLASSES) / f"{first}.jpg", path)


def watched(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command: its seconds, its largest resident size and largest total in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    largest = total = 0.0
    while process.poll() is None:
        sizes = [_sizes(pid) for pid in _family(process.pid)]
        largest = max([largest, *(resident for resident, _ in sizes)])
        total = max(total, sum(proportional for _, proportional in sizes))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, largest, total


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(relative for child in children for relative in _family(int(child)))]


def _sizes(pid: int) -> tuple[float, float]:
    """Resident and proportional size in MB; zeros for a process that has just ended."""
    try:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
        return int(lines["Rss"].split()[0]) / 1e3, int(lines["Pss"].split()[0]) / 1e3
    except (OSError, KeyError, ValueError):
        return 0.0, 0.0


def run() -> str:
    """The table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "images")
        config = (
            "data: {path: images}\nnetwork: {layer_dims: [auto, 64, auto]}\ntraining: {epochs: 1, batch_size: 64}\n"
        )
        (folder / "c.yaml").write_text(config)
        environment = {**neutral_environment(), "XDG_CACHE_HOME": str(folder / "cache")}
        rows = []
        for attempt in ("first run", "second run"):
            command = [sys.executable, "-m", "nncli", "train", "c.yaml", "-q", "-o", "run", "--force"]
            seconds, largest, total = watched(command, folder, environment)
            rows.append([attempt, f"{seconds:.0f} s", f"{largest:.0f} MB", f"{total:.0f} MB"])
    return table(["", "seconds", "largest process", "all processes"], rows)


if __name__ == "__main__":
    print(f"{machine()}\n\n{run()}")
