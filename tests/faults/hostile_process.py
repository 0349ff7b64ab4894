"""Runs nncli on many hostile inputs in one process, and watches what it does.

The parent sends a list of commands, the process runs each of them through `nncli.cli.main` and tells what came out. An
audit hook notes programs started, connections made, and files written outside of the folder that is allowed.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nncli.text import printable

SLOWEST = 20.0
"""Seconds for one input."""

MOST_MEMORY = 2 << 30
"""Bytes of one process."""

_FORBIDDEN = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "socket.",
    "pickle.find_class",
    "ftplib",
)
_CHANGING = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")


@dataclass
class Outcome:
    """What a command did: exit code, stdout, stderr, seconds, and what it should not have done."""

    code: int
    out: str
    err: str
    seconds: float
    events: list[str]

    def violations(self) -> list[str]:
        """Promises broken, whatever the command was."""
        found = [f"did {event}" for event in self.events]
        if "Traceback" in self.err or "internal error" in self.err:
            found.append(f"traceback: {self.err[-300:]!r}")
        if self.code not in (0, 1, 2, 3):
            found.append(f"exit code {self.code}: {self.err[-300:]!r}")
        if self.code in (1, 2) and not self.err.strip():
            found.append("failed without a word")
        if self.seconds > SLOWEST:
            found.append(f"took {self.seconds:.1f} s")
        found += [f"raw {char!r} on stderr" for char in set(self.err) - {"\n"} if char != printable(char)]
        return found


@dataclass
class Tally:
    """What a sweep counted."""

    name: str
    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    slowest: float = 0.0
    most_memory: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, inputs: int = 1, accepted: int | None = None, what: str = "") -> None:
        """Count an outcome of so many inputs."""
        n = (inputs if outcome.code == 0 else 0) if accepted is None else accepted
        self.inputs += inputs
        self.accepted += n
        self.refused += inputs - n
        self.slowest = max(self.slowest, outcome.seconds)
        self.violations += [f"{what}: {violation}" for violation in outcome.violations()]

    def __str__(self) -> str:
        return (
            f"{self.name:<12} {self.inputs:6} inputs: {self.accepted:6} accepted, {self.refused:6} refused, "
            f"{len(self.violations)} violations, slowest {self.slowest:.2f} s, {self.most_memory / 2**20:.0f} MiB"
        )


def run_many(commands: list[dict[str, Any]], allowed: Path, tally: Tally, timeout: float = 550) -> list[Outcome]:
    """Run `commands` in one process, each {"argv": [...], "cwd": ...} or {"call": "module:function", "args": [...]}."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(allowed / "cache"), "NNCLI_ALLOWED": str(allowed)}
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.hostile_process"],
        input=json.dumps(commands),
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    lines = run.stdout.splitlines()
    outcomes = [Outcome(**json.loads(line)) for line in lines[: len(commands)]]
    if len(outcomes) < len(commands):
        command = commands[len(outcomes)]
        tally.violations.append(f"the process died with {run.returncode} at {command}: {run.stderr[-300:]}")
    else:
        memory = int(lines[-1])
        tally.most_memory = max(tally.most_memory, memory)
        if memory > MOST_MEMORY:
            tally.violations.append(f"{memory >> 20} MiB of memory")
    return outcomes


def _watch(allowed: str, notes: str) -> None:
    """Write down forbidden events; in forked processes too, hence a file."""
    descriptor = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        place = None
        if (
            event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ) or event in _CHANGING:
            place = args[0]
        elif event.startswith(_FORBIDDEN):
            os.write(descriptor, f"{event} {args!r}"[:200].encode() + b"\n")
        if isinstance(place, (str, bytes)):
            path = os.path.abspath(os.fsdecode(place))  # noqa: PTH100 - a link stays a link
            if path != os.devnull and not path.startswith(allowed) and "__pycache__" not in path:
                os.write(descriptor, f"{event} {path!r}"[:200].encode() + b"\n")

    sys.addaudithook(hook)


def _run(command: dict[str, Any]) -> tuple[int, str, str]:
    from nncli.errors import NncliError

    if "call" in command:
        module, _, function = command["call"].partition(":")
        try:
            getattr(importlib.import_module(module), function)(*command["args"])
        except NncliError as error:
            return error.exit_code, "", str(error)
        return 0, "", ""
    from nncli.cli.main import main

    os.chdir(command.get("cwd", "."))
    streams = sys.stdout, sys.stderr
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in range(2))
    sys.stdout, sys.stderr = out, err
    code = 0
    try:
        main(command["argv"])
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    except BaseException as error:  # what must never leave main
        err.write(f"Traceback: {error!r}")
    finally:
        sys.stdout, sys.stderr = streams
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8", "replace"))
    return code, texts[0], texts[1]


def _serve() -> None:
    """Run the commands that stdin holds."""
    commands = json.load(sys.stdin)
    allowed = os.environ["NNCLI_ALLOWED"]
    notes = Path(allowed) / f"events-{os.getpid()}"
    _watch(allowed, str(notes))
    n_events = 0
    for command in commands:
        start = time.perf_counter()
        code, out, err = _run(command)
        seconds = time.perf_counter() - start
        events = notes.read_text(errors="replace").splitlines()
        outcome = Outcome(code, out, err, seconds, events[n_events:])
        n_events = len(events)
        sys.stdout.write(json.dumps(vars(outcome)) + "\n")
        sys.stdout.flush()
    used = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    sys.stdout.write(f"{1024 * max(used)}\n")


if __name__ == "__main__":
    _serve()
