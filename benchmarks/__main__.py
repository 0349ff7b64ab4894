"""Run every benchmark and write docs/benchmarks.md: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.common import machine

DOCS = Path(__file__).parents[1] / "docs"
MODULES = ("training", "products", "user", "loading", "prediction", "cold_start", "memory", "growth")


def main() -> None:
    """Print each table; write all of them to the document if none was asked for by name."""
    parts = [
        "# Benchmarks",
        "Written by `python -m benchmarks` (extra `bench`). Compare ratios: absolute times depend on the machine.",
        f"Machine: {machine()}.",
    ]
    for name in sys.argv[1:] or MODULES:
        module = importlib.import_module(f"benchmarks.{name}")
        title, _, text = (module.__doc__ or "").partition(f" `python -m benchmarks.{name}")
        found = module.run(str(DOCS / "growth.png")) if name == "growth" and not sys.argv[1:] else module.run()
        text = text.partition("`")[2].strip()
        parts += [f"## {title}", f"`python -m benchmarks.{name}`", text, found]
        print("\n\n".join(parts[-4:]), flush=True)
    if not sys.argv[1:]:
        parts.append("![time over images and parameters](growth.png)")
        (DOCS / "benchmarks.md").write_text("\n\n".join(part for part in parts if part) + "\n")


if __name__ == "__main__":
    main()
