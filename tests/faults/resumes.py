"""Runs stopped at a random moment by INT, TERM or KILL, and resumed: to the byte as one that was never stopped.

With dropout, Adam and a one-cycle schedule, in one process and in two. The same are model.npz, history.csv,
predictions.csv and confusion_matrix.csv, and last.npz and metrics.json but for the seconds in them.
"""

from __future__ import annotations

import random
import signal
import time

from tests.faults.child import Child, run
from tests.faults.place import contents, drafts, place, save_often

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


def sweep(n: int) -> str:
    """`n` stops, each of a run of its own that is then resumed to its end."""
    chance = random.Random(1)  # noqa: S311
    n_stopped = n_within_epoch = attempt = 0
    for processes in (1, 2):
        training: dict[str, object] = {"epochs": 150, "optimizer": "adam", "schedule": "one_cycle"}
        training |= {"processes": processes, "monitor": "loss"}
        with place(network={"dropout": "0.3"}, training=training) as root:
            started = time.monotonic()
            assert 0 == run(root, "train", "c.yaml", "--out", "straight").code
            duration = time.monotonic() - started
            expected = contents(root / "straight")
            while n_stopped < n * processes // 2:
                number, out = chance.choice(NUMBERS), root / "work" / str(attempt)
                attempt += 1
                prepare = save_often if number == signal.SIGKILL else lambda: None
                child = Child(root, "train", "c.yaml", "--out", out, prepare=prepare)
                time.sleep(chance.uniform(0, duration))
                child.signal(number)
                ended = child.wait()
                if not (out / "last.npz").exists() or ended.code == 0:
                    continue  # too early, or too late
                assert ended.code == (-number if number == signal.SIGKILL else 128 + number), ended
                n_stopped += 1
                n_within_epoch += contents(out)["last.npz"][0]["batch"] > 0
                ended = run(root, "train", "--resume", out)
                assert 0 == ended.code, ended.err
                assert expected == contents(out), (processes, number)
                assert [] == drafts(out)
    return (
        f"{n_stopped} of {n_stopped} resumed runs have the bytes of one never stopped, {n_within_epoch} within an epoch"
    )
