"""The long sweeps over hostile inputs: `python -m tests.faults.inputs [SHARE] [SEED]`.

With a share of 1 they are more than 13,000 inputs and take some minutes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.faults import bombs, configs, folders, images, models, names, twins

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.hostile_process import Tally

SWEEPS: dict[Callable[[int, int], Tally], int] = {
    images.sweep: 6000,
    models.sweep: 2500,
    models.sweep_checkpoints: 1000,
    configs.sweep: 2000,
    names.sweep: 1000,
    names.sweep_lists: 500,
    folders.sweep: 300,
    twins.sweep_neighbors: 300,
}
"""Each sweep and its number of inputs."""


def sweep(percent: int) -> str:
    """So many percent of the long form, as `python -m tests.faults inputs` wants it.

    Raises:
        AssertionError: A promise was broken.
    """
    n_inputs, violations = run_all(percent / 100)
    assert not violations, f"{len(violations)} promises broken, see above"
    return f"{n_inputs} inputs, no promise broken"


def main(share: float = 1, seed: int = 0) -> int:
    """Run every sweep; 1 if a promise was broken."""
    return min(len(run_all(share, seed)[1]), 1)


def run_all(share: float = 1, seed: int = 0) -> tuple[int, list[str]]:
    """Run every sweep and print what was counted; the number of inputs, and the broken promises."""
    tallies = []
    for sweep, n in SWEEPS.items():
        tallies.append(sweep(max(int(n * share), 1), seed))
        print(tallies[-1], flush=True)  # noqa: T201
    twin_tally, difference = twins.sweep(max(int(30 * share), 1), seed)
    print(twin_tally, f"largest difference {difference:.4f}", flush=True)  # noqa: T201
    tallies += [twin_tally, bombs.sweep(99, seed, show=True)]
    print(tallies[-1])  # noqa: T201
    for n in (200, int(20_000 * share)):
        first, last, memory = twins.stream(n)
        print(f"stream: first of {n} records after {first:.2f} s, last after {last:.2f} s, {memory >> 20} MiB")  # noqa: T201
    violations = [violation for tally in tallies for violation in tally.violations]
    n_inputs = sum(tally.inputs for tally in tallies)
    print(f"{n_inputs} inputs, {len(violations)} violations", *violations[:50], sep="\n")  # noqa: T201
    return n_inputs, violations


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if sys.argv[1:] else 1, int(sys.argv[2]) if sys.argv[2:] else 0))
