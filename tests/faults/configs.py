"""Hostile configs: refused in plain lines with exit code 2, or a plan."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tests.config.test_config_file import EVERYTHING
from tests.config.test_hostile import BOMBS
from tests.faults.hostile_process import Tally, run_many
from tests.faults.mutations import mutated
from tests.folders import write_class_folders

BASE = """\
data:
  path: photos
  image_size: [4, 4]
  color: grayscale
  cache: "off"
network:
  layer_dims: [auto, 5, auto]
training:
  epochs: 3
"""

PIECES: tuple[str, ...] = (
    "&a ",
    "*a",
    "<<: *a\n",
    "!!python/object/apply:os.system [x]",
    "!x ",
    "---\n",
    "%YAML 1.1\n",
    "? ",
    "- ",
    "[",
    "{",
)
PIECES += (
    "\0",
    "\x1b[2J",
    "\u202e",
    "\ufeff",
    "\t",
    "\r",
    "'",
    '"',
    '"\\ud800"',
    "|\n",
    ">\n",
    "1e999",
    "0x" + "f" * 300,
)
PIECES += (".nan", "-.inf", "~", "no", "12:30", "9" * 5000, "é", "😀", ": ", "\n", "\n  ", "epochs: 3\n", "#")

CRAFTED = {
    "empty": b"",
    "utf-16": BASE.encode("utf-16"),
    "utf-32": BASE.encode("utf-32"),
    "latin-1": BASE.encode() + b"# caf\xe9\n",
    "bom": b"\xef\xbb\xbf" + BASE.encode(),
    "binary": bytes(range(256)) * 20,
    "too large": b"#" * 200_000,
    "tag": b"!!python/object/apply:os.system ['touch /tmp/evil']\n",
    "zip": b"PK\3\4" + bytes(100),
    "everything": EVERYTHING.encode(),
    **{name: text.encode() for name, text in BOMBS.items()},
}


def _spliced(rng: np.random.Generator) -> bytes:
    text = BASE
    for _ in range(rng.integers(1, 6)):
        place = int(rng.integers(0, len(text) + 1))
        text = text[:place] + PIECES[int(rng.integers(len(PIECES)))] + text[place:]
    return text.encode(errors="surrogatepass")


def sweep(n: int, seed: int = 0) -> Tally:
    """Check `n` hostile configs."""
    rng = np.random.default_rng(seed)
    tally = Tally("configs")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_class_folders(folder / "photos", {"a": 3, "b": 3})
        todo = list(CRAFTED.items())
        while len(todo) < n:
            todo.append(("spliced", _spliced(rng)) if len(todo) % 2 else mutated(BASE.encode(), rng))
        commands = []
        for i, (_, content) in enumerate(todo[:n]):
            (folder / f"{i}.yaml").write_bytes(content)
            commands.append({"argv": ["check", f"{i}.yaml"], "cwd": str(folder)})
        for (what, _), outcome in zip(todo, run_many(commands, folder, tally), strict=False):
            tally.add(outcome, what=what)
            if outcome.code and outcome.out:
                tally.violations.append(f"{what}: {outcome.out!r} and exit code {outcome.code}")
    return tally
