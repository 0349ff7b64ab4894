"""How long does a command take that does little? `python -m benchmarks.cold_start`

Whole processes, from start to exit, against the least that they cannot do without: the bare imports. Beside the seconds
those of the processor, which say more where other programs are busy.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import machine, neutral_environment, table

RUNS = 21
IMPORT_CLICK = "python -c 'import click'"
IMPORTS = "python -c 'import numpy, PIL.Image, click'"
ROOT = Path(__file__).parents[1]


def seconds(commands: dict[str, list[str]]) -> dict[str, tuple[float, float]]:
    """Median duration and least processor time of each command; they take turns."""
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for run in range(RUNS + 1):
        for name, command in commands.items():
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=neutral_environment())
            duration, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            computed = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            if run:  # the first round warms the disk cache
                results[name].append((duration, computed))
    return {
        name: (statistics.median(duration for duration, _ in values), min(computed for _, computed in values))
        for name, values in results.items()
    }


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
            IMPORTS: [*python, "import numpy, PIL.Image, click"],
            "python -c 'import torch'": [*python, "import torch"],
            "nncli --help": [*nncli, "--help"],
            "nncli predict one.jpg": [*nncli, "predict", "-m", f"{folder}/run", str(image)],
        }
        try:
            subprocess.run(commands["python -c 'import torch'"], check=True, capture_output=True)
        except subprocess.CalledProcessError:
            del commands["python -c 'import torch'"]
        found = seconds(commands)
    rows = [[f"`{name}`", *(f"{value * 1000:.0f} ms" for value in values)] for name, values in found.items()]
    for row, name, least in (
        ("predict / imports", "nncli predict one.jpg", IMPORTS),
        ("--help / import click", "nncli --help", IMPORT_CLICK),
    ):
        rows.append([row, *(f"{a / b:.2f}" for a, b in zip(found[name], found[least], strict=True))])
    return table(["command", "median", "processor, least"], rows)


if __name__ == "__main__":
    print(machine())
    print(run())
