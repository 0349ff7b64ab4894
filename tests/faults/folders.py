"""Hostile folders: FIFOs, devices, link loops, junk, odd names, empty classes; clear words and no hang."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.cli.tiny import write_image, write_three
from tests.faults.hostile_process import Tally, run_many
from tests.folders import write_config

if TYPE_CHECKING:
    from collections.abc import Callable

ODD = [
    "\x1b[2J",
    "a\nb",
    "\udcff\udcfe",
    "-rf",
    "--help",
    " ",
    "...",
    "~",
    "*",
    "x" * 200,
    "\u202egnp",
    "a\tb",
    "null",
    "0x1",
]


def _link(target: str) -> Callable[[Path, np.random.Generator], None]:
    return lambda folder, rng: (folder / f"link{rng.integers(99)}.png").symlink_to(target)


def _fifo(folder: Path, rng: np.random.Generator) -> None:
    os.mkfifo(folder / f"fifo{rng.integers(10**6)}.png")


def _junk(folder: Path, rng: np.random.Generator) -> None:
    for name in (".hidden.png", "Thumbs.db", "__MACOSX/x.png", ".ipynb_checkpoints/x.png", "notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(rng.bytes(9))


def _odd_file(folder: Path, rng: np.random.Generator) -> None:
    write_image(folder / f"{ODD[int(rng.integers(len(ODD)))]}.png", 9)


def _bad_file(folder: Path, rng: np.random.Generator) -> None:
    (folder / f"bad{rng.integers(99)}.png").write_bytes(rng.bytes(int(rng.integers(0, 99))))


def _odd_folder(folder: Path, rng: np.random.Generator) -> None:
    (folder / ODD[int(rng.integers(len(ODD)))]).mkdir(exist_ok=True)


def _deep(folder: Path, rng: np.random.Generator) -> None:
    write_image(folder / "/".join(["d"] * int(rng.integers(1, 60))) / "x.png", 9)


def _closed(folder: Path, _rng: np.random.Generator) -> None:
    (folder / "closed").mkdir(mode=0o000, exist_ok=True)  # closed to all but root


def _folder_with_a_suffix(folder: Path, _rng: np.random.Generator) -> None:
    (folder / "folder.png").mkdir(exist_ok=True)


THINGS: list[Callable[[Path, np.random.Generator], None]] = [
    *(_fifo, _junk, _odd_file, _bad_file, _odd_folder, _deep, _closed, _folder_with_a_suffix),
    *(_link(target) for target in (".", "..", "nowhere", "/dev/zero", "/dev/stdin", "/proc/self/fd/0", "/", "1.png")),
]


def _build(root: Path, rng: np.random.Generator) -> None:
    """A folder of two or so class folders with things in it, some of them at the top."""
    root.mkdir()
    for name in (["a", "b"], ["a"], [], ["train/a", "train/b", "val/a"], ["a", "b", "train"])[
        int(rng.choice(5, p=[0.6, *[0.1] * 4]))
    ]:
        for i in range(int(rng.choice([0, 1, 3], p=[0.1, 0.2, 0.7]))):
            write_image(root / name / f"{i}.png", 100 * i)
        (root / name).mkdir(parents=True, exist_ok=True)
    places = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for _ in range(rng.integers(1, 6)):
        place, thing = places[int(rng.integers(len(places)))], THINGS[int(rng.integers(len(THINGS) - 2))]
        try:
            thing(place, rng)
        except FileExistsError:
            continue


def sweep(n: int, seed: int = 0) -> Tally:
    """Predict, check and evaluate `n` hostile folders."""
    rng = np.random.default_rng(seed)
    tally = Tally("folders")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = str(write_three(folder / "m.npz", ("a", "b", "train")))
        commands = []
        for i in range(n):
            root = folder / f"root{i}"
            _build(root, rng)
            config = write_config(folder / f"{i}.yaml", root, data={"cache": '"off"', "on_bad_image": "skip"})
            choices = (
                ["predict", "-m", model, "--", str(root)],
                ["check", str(config)],
                ["evaluate", "-m", model, str(root)],
            )
            commands.append({"argv": choices[i % 3]})
        outcomes = run_many(commands, folder, tally)
        for command, outcome in zip(commands, outcomes, strict=False):
            tally.add(outcome, accepted=int(outcome.code in (0, 3)), what=command["argv"][0])
        for closed in folder.rglob("closed"):
            closed.chmod(0o700)
    return tally
