"""Run every benchmark and write docs/benchmarks.md: `python -m benchmarks [--busy] [NAME ...]`.

With --busy two other processes compute all the while, and nothing is written.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.common import busy, machine

DOCS = Path(__file__).parents[1] / "docs"
MODULES = ("training", "products", "user", "loading", "prediction", "cold_start", "memory", "growth")


def main() -> None:
    """Print each table; write all of them to the document if none was asked for by name."""
    names = [name for name in sys.argv[1:] if name != "--busy"]
    is_busy = len(names) < len(sys.argv[1:])
    with busy(2 if is_busy else 0):
        is_document = not names and not is_busy
        text = tables(names or list(MODULES), str(DOCS / "growth.png") if is_document else None)
    if is_document:
        (DOCS / "benchmarks.md").write_text(text)


def tables(names: list[str], plot: str | None) -> str:
    """Run the benchmarks of these names, printing each; the document. The plot of growth goes to the file `plot`."""
    parts = [
        "# Benchmarks",
        "Written by `python -m benchmarks` (extra `bench`). Compare ratios: absolute times depend on the machine.",
        f"Machine: {machine()}.",
    ]
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        title, _, text = (module.__doc__ or "").partition(f" `python -m benchmarks.{name}")
        found = module.run(plot) if name == "growth" and plot else module.run()
        text = text.partition("`")[2].strip()
        parts += [f"## {title}", f"`python -m benchmarks.{name}`", text, found]
        print("\n\n".join(parts[-4:]), flush=True)
    parts.append("![time over images and parameters](growth.png)")
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    main()
