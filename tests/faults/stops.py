"""SIGINT, SIGTERM and SIGHUP at random moments of a real process, from its very start: over within two seconds.

The moments are drawn over the start of the interpreter, the imports, the decoding of images (no cache, many of them),
the epochs and the final files.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.faults.child import run
from tests.faults.place import contents, drafts, place
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
SECONDS = 2.0


def sweep(n: int) -> str:
    """`n` signals."""
    chance, stages, slowest = random.Random(2), Counter[str](), 0.0  # noqa: S311
    training: dict[str, object] = {"epochs": 150, "monitor": "loss"}
    with place(data={"cache": "off", "image_size": "[24, 24]"}, training=training) as root:
        write_class_folders(root / "photos", dict.fromkeys(("dark", "light"), min(20 * n, 300)), (200, 200))
        started = time.monotonic()
        ended = start(root, root / "straight")
        errors = ended.communicate()[1]
        duration = time.monotonic() - started
        assert 0 == ended.returncode, errors
        expected = contents(root / "straight")
        for i in range(n):
            out, number = root / "work" / str(i), chance.choice(NUMBERS)
            process = start(root, out)
            time.sleep(chance.uniform(0, duration))
            process.send_signal(number)
            sent = time.monotonic()
            output, errors = process.communicate(timeout=250)
            took = time.monotonic() - sent
            stage = stage_of(process.returncode, number, output, errors)
            stages[stage] += 1
            slowest = max(slowest, took)
            assert took < SECONDS, (stage, took, errors)
            if i % 4 == 0 or stage == "orderly":
                finish(root, out, expected)
    told = ", ".join(f"{count} {stage}" for stage, count in sorted(stages.items()))
    return (
        f"{n} signals: {told}; the slowest end took {slowest:.2f} s; resumed or repeated, all end with the same files"
    )


def start(root: Path, out: Path) -> subprocess.Popen[str]:
    """A training in a process of its own."""
    script = root / "start"  # as pip makes one
    script.write_text("import sys\nfrom nncli.__main__ import main\nsys.exit(main())\n")
    command = [sys.executable, str(script), "train", "c.yaml", "--out", str(out), "--progress", "none"]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


STAGES = {
    "nncli: stopped before the first epoch: nothing had been trained yet": "before the first epoch",
    "everything is saved; resume with: nncli train --resume": "orderly",
    "what was saved last is whole": "too late for order",
}
"""Part of the last line on stderr -> the stage."""


def stage_of(code: int, number: int, output: str, errors: str) -> str:
    """In which stage the signal came; the exit code and the line on stderr must fit."""
    if code == 0:
        assert output.endswith("model.npz\n"), (output, errors)
        return "after the end"
    if code == -number and not errors:  # the shell says 128 + number, too
        return "before the program listened"
    if number == signal.SIGINT and code in (1, -number) and "Traceback" in errors:
        # `import nncli` leaves the signals of the program that imports it alone, and comes before everything else
        is_early = any(each in errors for each in ("import signal", "/nncli/__init__.py"))
        assert "/nncli/" not in errors or is_early, errors
        return "in Python's own start"
    assert code == 128 + number, (code, number, errors)
    assert "Traceback" not in errors, errors
    last = errors.splitlines()[-1] if errors else ""
    stage = next((stage for part, stage in STAGES.items() if part in last), "in the imports")
    assert stage != "in the imports" or last in ("", "nncli: interrupted"), errors
    return stage


def finish(root: Path, out: Path, expected: dict[str, object]) -> None:
    """Resume, or begin again where there is nothing to resume."""
    args = ("--resume", out) if (out / "last.npz").exists() else ("c.yaml", "--out", out)
    ended = run(root, "train", *args)
    assert 0 == ended.code, ended.err
    assert expected == contents(out)
    assert [] == drafts(out)
