"""Kills at random moments, one after the other, until the run is finished; then the next run.

Each attempt resumes what the one before left, and is killed at a random moment while it saves after every batch.
Nothing is lost: batches never get fewer, every file is whole, and in the end the files are those of a run that was
never killed.
"""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

from tests.faults.child import Child, run
from tests.faults.place import contents, drafts, place, save_often

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS: dict[str, dict[str, object]] = {
    "network": {"dropout": "0.3"},
    "training": {"epochs": 8, "optimizer": "adam", "monitor": "loss"},
}


def sweep(n: int) -> str:
    """`n` kills."""
    chance = random.Random(0)  # noqa: S311
    n_kills = n_runs = n_before_checkpoint = n_in_save = 0
    with place(**SECTIONS) as root:
        straight = root / "straight"
        started = time.monotonic()
        assert 0 == run(root, "train", "c.yaml", "--out", "straight", prepare=save_often).code
        duration = time.monotonic() - started
        expected = contents(straight)
        while n_kills < n:
            out = root / "work" / str(n_runs)
            steps = 0
            while True:
                known = (out / "last.npz").exists()
                args = ("--resume", str(out)) if known else ("c.yaml", "--out", str(out))
                child = Child(root, "train", *args, prepare=save_often)
                time.sleep(chance.uniform(0, 0.7 * duration))
                child.signal(signal.SIGKILL)
                ended = child.wait()
                if ended.code == 0:
                    break
                assert ended.code == -signal.SIGKILL, ended.err
                n_kills += 1
                n_before_checkpoint += not known
                n_in_save += bool(out.exists() and drafts(out))
                now = steps_in(out)
                assert now >= steps, (now, steps)
                steps = now
            assert expected == contents(out)
            assert [] == drafts(out)
            n_runs += 1
    return (
        f"{n_kills} kills in {n_runs} runs, {n_before_checkpoint} before the first checkpoint, {n_in_save} within a "
        "save: every resume went on, all runs ended with the files of the one never killed"
    )


def steps_in(out: Path) -> int:
    """Batches trained, as the checkpoint says; reads every file."""
    if not out.exists():
        return 0
    found = contents(out)
    return int(found["last.npz"][0]["step_count"]) if "last.npz" in found else 0
