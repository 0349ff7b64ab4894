"""What the benchmarks share: processes that take turns, medians, tables."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("numpy", "pillow", "torch", "jax", "scikit-learn", "tensorflow-cpu", "opencv-python-headless")


def take_turns(commands: dict[str, list[str]], rounds: int = 3) -> dict[str, float]:
    """Run each command `rounds` times, in turns; the median of the number each prints last.

    Args:
        commands: Name -> arguments for this Python.
        rounds: Runs of each.

    Returns:
        Name -> median; a command that fails (an opponent that is not installed) is left out, with a line on stderr.
    """
    results: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, arguments in commands.items():
            command = [sys.executable, *arguments]
            process = subprocess.run(command, capture_output=True, text=True, env=neutral_environment(), check=False)
            if process.returncode:
                error = (process.stderr.strip().splitlines() or ["failed"])[-1]
                print(f"{name}: left out ({error})", file=sys.stderr)
                continue
            results[name].append(float(json.loads(process.stdout.strip().splitlines()[-1])))
    return {name: statistics.median(values) for name, values in results.items() if values}


def neutral_environment() -> dict[str, str]:
    """The environment without what overrules a library's own choice of kernels, threads or caching of bytecode."""
    overruling = ("OPENBLAS_", "MKL_", "OMP_", "GOTO_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(overruling)}


@contextlib.contextmanager
def busy(n: int) -> Iterator[None]:
    """Other processes that compute meanwhile."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: sum(range(10000))"]) for _ in range(n)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratio(a: float | None, b: float | None) -> str:
    """How many times b goes into a."""
    return f"{a / b:.2f}" if a and b else "-"


def machine() -> str:
    """The machine by kind, and the versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{package} not installed")
    flags = " with AVX-512" if _has("avx512f") else ""
    vendor = next((name for name in ("AMD", "Intel") if _has(name)), platform.machine())
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{cores} cores, {vendor}{flags}, {system}; {', '.join(versions)}"


def _has(word: str) -> bool:
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123
            return word in file.read(8192)
    except OSError:
        return False
