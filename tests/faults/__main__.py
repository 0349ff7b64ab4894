"""`python -m tests.faults [NAME...] [-n N]`: the long sweeps, one line of figures each.

`inputs` stands for all sweeps over hostile inputs, a line each; its n is the share of them in percent.
"""

from __future__ import annotations

import argparse
import importlib
import time

SWEEPS = {
    "operations": 10_000,
    "system_calls": 10_000,
    "kills": 1000,
    "resumes": 50,
    "stops": 100,
    "pipes": 100,
    "pairs": 50,
    "inputs": 100,
}
"""Module of this package -> n of the long form; ten thousand means all there are."""


def main() -> None:
    """Run the sweeps that are asked for, or all; a broken promise raises."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SWEEPS], metavar="NAME", help=", ".join(SWEEPS))
    parser.add_argument("-n", type=int, help="how many, instead of the long form's number")
    options = parser.parse_args()
    for name in options.names or SWEEPS:
        started = time.monotonic()
        figures = importlib.import_module(f"tests.faults.{name}").sweep(options.n or SWEEPS[name])
        print(f"{name}: {figures} ({time.monotonic() - started:.0f} s)", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
