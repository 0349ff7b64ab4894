"""The lessons in configs/lessons, and the noodles: the commands in their comments, and the ranges that they promise.

A comment line of a lesson is a command and what ten seeds gave:

    #   nncli train configs/lessons/learning_rate.yaml --lr 1e-4    accuracy 0.25 to 0.40

``python -m tests.lessons [NAME ...]`` trains each with the seeds 0 to 9, writes the ranges into the comments, rounded
outward to hundredths, and copies them into the guide, where a command ends with the same words behind a #.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
from pathlib import Path

if __name__ == "__main__":  # products this small gain nothing from a second thread
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

from nncli.cli.lesson import overrides
from nncli.config import load_config
from nncli.run import lessons
from nncli.run.lessons import PROMISE, promises

ROOT = Path(__file__).parents[1]
LESSONS = [*sorted((ROOT / "configs" / "lessons").glob("*.yaml")), ROOT / "configs" / "noodles.yaml"]
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
QUOTE = re.compile(r"^(nncli train \S+(?: --?\S+ \S+)*) +# (diverges|(\w+) [\d.]+ to [\d.]+)$", re.M)
"""A promise in the guide."""


def measure(command: str, seed: int) -> dict[str, float]:
    """Train as the command says, in this process and without files."""
    config, *options = shlex.split(command)[2:]
    return lessons.measure(load_config(ROOT / config, overrides([*options, "--seed", str(seed)])))


def with_ranges(text: str, n_seeds: int = 10) -> str:
    """The text of a lesson with the ranges that its commands give with the seeds 0, 1, 2 ..."""
    results: dict[str, list[dict[str, float]]] = {}
    for each in promises(text):
        if each.command not in results:
            results[each.command] = [measure(each.command, seed) for seed in range(n_seeds)]

    def written(match: re.Match[str]) -> str:
        command, what, quantity = match[1], match[2], match[3]
        if quantity is None:
            assert all("diverges" in result for result in results[command]), command
            return match[0]
        values = [result.get(quantity, math.nan) for result in results[command]]
        low, high = math.floor(min(values) * 100) / 100, math.ceil(max(values) * 100) / 100
        return match[0].removesuffix(what) + f"{quantity} {low:.2f} to {high:.2f}"

    return PROMISE.sub(written, text)


def with_quotes(text: str) -> str:
    """A page of the guide with the ranges that the lessons have now.

    Raises:
        KeyError: It has a range that no lesson has.
    """
    ranges = {
        (command, quantity): what
        for path in LESSONS
        for command, what, quantity, *_ in PROMISE.findall(path.read_text(encoding="utf-8"))
    }
    return QUOTE.sub(lambda match: match[0].removesuffix(match[2]) + ranges[match[1], match[3] or ""], text)


if __name__ == "__main__":
    for path in LESSONS:
        if path.stem in sys.argv[1:] or not sys.argv[1:]:
            path.write_text(with_ranges(path.read_text(encoding="utf-8")), encoding="utf-8")
            print("\n".join([path.stem, *(match[0] for match in PROMISE.finditer(path.read_text()))]))  # noqa: T201
    for path in GUIDE:
        path.write_text(with_quotes(path.read_text(encoding="utf-8")), encoding="utf-8")
