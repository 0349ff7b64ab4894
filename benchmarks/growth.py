"""Does the time grow in proportion? `python -m benchmarks.growth [PLOT.png]`

Seconds per epoch over 10^3 to 10^6 synthetic images (784-128-10), and seconds per step over 10^4 to 10^8 parameters
(batch 128, one hidden layer). Linear growth is a constant time per image, and per parameter.
"""

from __future__ import annotations

import json
import sys

from benchmarks.common import machine, table, take_turns
from benchmarks.training import run_nncli

IMAGES = (1_000, 10_000, 100_000, 1_000_000)
HIDDEN = (13, 126, 1_260, 12_600, 126_000)
"""784 * n + n + n * 10 + 10 parameters: 10^4 to 10^8."""


def rate(hidden: int, m: int) -> float:
    """Images per second, measured in a process of its own."""
    return take_turns({"nncli": ["-m", "benchmarks.growth", str(hidden), str(m)]}, rounds=1)["nncli"]


def by_images() -> list[tuple[int, float]]:
    """Images, seconds per epoch."""
    return [(m, m / rate(128, m)) for m in IMAGES]


def by_parameters() -> list[tuple[int, float]]:
    """Parameters, seconds per step."""
    return [(795 * n + 10, 128 / rate(n, 128 * max(2, 20_000 // n))) for n in HIDDEN]


def run(plot: str | None = None) -> str:
    """The tables; with `plot`, a picture of both."""
    images, parameters = by_images(), by_parameters()
    if plot:
        draw(plot, images, parameters)
    first = table(
        ["images", "seconds per epoch", "microseconds per image"],
        [[f"{m:,}", f"{t:.3f}", f"{t / m * 1e6:.2f}"] for m, t in images],
    )
    second = table(
        ["parameters", "milliseconds per step", "nanoseconds per parameter"],
        [[f"{n:,}", f"{t * 1e3:.2f}", f"{t / n * 1e9:.2f}"] for n, t in parameters],
    )
    return f"{first}\n\n{second}"


def draw(path: str, images: list[tuple[int, float]], parameters: list[tuple[int, float]]) -> None:
    """Both series on logarithmic axes, with a line of slope 1."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axis, points, xlabel, ylabel in (
        (axes[0], images, "images", "seconds per epoch"),
        (axes[1], parameters, "parameters", "seconds per step"),
    ):
        x, y = zip(*points, strict=True)
        axis.loglog(x, y, "o-", label="nncli")
        axis.loglog(x, [y[-1] * value / x[-1] for value in x], "--", color="gray", label="proportional")
        axis.set_xlabel(xlabel)
        axis.set_ylabel(ylabel)
        axis.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(run_nncli((784, int(sys.argv[1]), 10), 128, int(sys.argv[2]))))
    else:
        print(machine())
        print(run(sys.argv[1] if len(sys.argv) > 1 else None))
