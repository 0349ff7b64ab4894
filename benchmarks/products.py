"""How near is training to the machine's own speed at matrix products? `python -m benchmarks.products`

The three products of each layer are all that a fully connected network has to compute; what else a step does is
overhead. Their floating-point operations per second, on 3072-512-256-10 with batch 256, are compared with the best that
the same kernels reach on a 2048-cube with all cores, one process for each.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time

from benchmarks.common import machine, table, take_turns
from benchmarks.training import SHAPES, run_nncli

SHAPE = 3
SIDE = 2048
REPEATS = 8


def best_rate() -> float:
    """Floating-point operations per second of a product of two SIDE x SIDE matrices in this process, at best."""
    from nncli.machine import blas

    blas.choose()
    import numpy as np

    A, B = np.random.default_rng(0).random((2, SIDE, SIDE), np.float32)
    C = np.empty_like(A)
    best = 0.0
    for _ in range(REPEATS):
        started = time.perf_counter()
        np.matmul(A, B, out=C)
        best = max(best, 2 * SIDE**3 / (time.perf_counter() - started))
    return best


def all_cores() -> float:
    """The sum over one process per core, all at once."""
    import subprocess

    cores = len(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "benchmarks.products", "one"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    return sum(float(process.communicate()[0]) for process in running)


def training_rate() -> float:
    """Floating-point operations per second of training; the first layer needs no dA."""
    dims, batch, m = SHAPES[SHAPE]
    products = 3 * sum(a * b for a, b in itertools.pairwise(dims)) - dims[0] * dims[1]
    return 2 * products * run_nncli(dims, batch, m)


def run(rounds: int = 3) -> str:
    """The table."""
    rates = take_turns({name: ["-m", "benchmarks.products", name] for name in ("best", "training")}, rounds)
    best, training = rates["best"], rates["training"]
    header = ["best product (GFLOP/s)", "training (GFLOP/s)", "share"]
    return table(header, [[f"{best / 1e9:.0f}", f"{training / 1e9:.0f}", f"{training / best:.0%}"]])


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(json.dumps({"one": best_rate, "best": all_cores, "training": training_rate}[sys.argv[1]]()))
    else:
        print(machine())
        print(run())
