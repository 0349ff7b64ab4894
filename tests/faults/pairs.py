"""Two runs started at once on one output: one of them writes, the other one says so and changes nothing."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.faults.child import Child, run
from tests.faults.place import contents, drafts, place, renew

if TYPE_CHECKING:
    from pathlib import Path


def sweep(n: int) -> str:
    """`n` pairs: new runs, replacing runs, resuming runs, in turn; their seeds differ, so their files would, too."""
    chance, outcomes = random.Random(3), Counter[str]()  # noqa: S311
    with place(training={"epochs": 60}) as root:
        expected = []
        for seed in (0, 1):
            out = root / f"straight-{seed}"
            assert 0 == run(root, "train", "c.yaml", "--seed", seed, "--out", out).code
            expected.append(contents(out))
        half = root / "half"
        assert 0 == run(root, "train", "c.yaml", "--epochs", 1, "--out", half).code
        for i in range(n):
            out, is_resume = root / "work" / str(i), i % 3 == 2
            if is_resume:
                renew(half, out)
            children = []
            for seed in (0, 1):
                args = ["c.yaml", "--seed", seed, "--out", out] + (["--force"] if i % 3 == 1 else [])
                children.append(Child(root / f"straight-{seed}", *resuming(out) if is_resume else new(root, args)))
                time.sleep(chance.choice((0, 0, 0.001, 0.01, 0.05)))
            codes = []
            for child in children:
                ended = child.wait()
                codes.append(ended.code)
                assert "Traceback" not in ended.err, ended.err
                if ended.code:
                    assert 2 == ended.code, ended.err
                    assert f"{out}: another run is writing there" in ended.err or "is not empty" in ended.err, ended.err
            assert 0 in codes, codes
            outcomes["one refused" if 2 in codes else "one after the other"] += 1
            assert contents(out) in expected
            assert [] == drafts(out)
    return f"{n} pairs, {', '.join(f'{count} {what}' for what, count in outcomes.items())}: none torn, none overwritten"


def new(root: Path, args: list[object]) -> list[object]:
    """Arguments of a new run."""
    return ["train", root / args[0] if isinstance(args[0], str) else args[0], *args[1:]]


def resuming(out: Path) -> list[object]:
    """Arguments that go on with the run in `out`."""
    return ["train", "--resume", out, "--epochs", 60]
