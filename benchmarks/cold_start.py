"""How long does a command take that does little? `python -m benchmarks.cold_start`

Whole processes, from start to exit, against the least that they cannot do without: the bare imports.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import machine, neutral_environment, table

RUNS = 21
IMPORT_CLICK = "python -c 'import click'"
ROOT = Path(__file__).parents[1]


def seconds(commands: dict[str, list[str]]) -> dict[str, float]:
    """Median duration of each command; they take turns."""
    results: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(RUNS + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=neutral_environment())
            if run:  # the first round warms the disk cache
                results[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in results.items()}


def run() -> str:
    """The table."""
    with tempfile.TemporaryDirectory() as folder:
        image = ROOT / "sample_images/noodles/noodles/000.jpg"
        train = [sys.executable, "-m", "nncli", "train", str(ROOT / "configs/noodles.yaml"), "--epochs", "1", "-q"]
        subprocess.run([*train, "-o", f"{folder}/run"], check=True, stdout=subprocess.DEVNULL)
        python, nncli = [sys.executable, "-c"], [str(Path(sys.executable).with_name("nncli"))]
        commands = {
            "python -c pass": [*python, "pass"],
            IMPORT_CLICK: [*python, "import click"],
            "python -c 'import numpy, PIL.Image'": [*python, "import numpy, PIL.Image"],
            "python -c 'import torch'": [*python, "import torch"],
            "nncli --help": [*nncli, "--help"],
            "nncli predict one.jpg": [*nncli, "predict", "-m", f"{folder}/run", str(image)],
        }
        try:
            subprocess.run(commands["python -c 'import torch'"], check=True, capture_output=True)
        except subprocess.CalledProcessError:
            del commands["python -c 'import torch'"]
        found = seconds(commands)
    rows = [[f"`{name}`", f"{value * 1000:.0f} ms"] for name, value in found.items()]
    floor = found["python -c 'import numpy, PIL.Image'"]
    rows.append(["predict / imports", f"{found['nncli predict one.jpg'] / floor:.2f}"])
    rows.append(["--help / import click", f"{found['nncli --help'] / found[IMPORT_CLICK]:.2f}"])
    return table(["command", "median"], rows)


if __name__ == "__main__":
    print(machine())
    print(run())
