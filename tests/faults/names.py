"""Hostile names of images and classes, and lists of names: one record each, nothing raw in any format."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from nncli.text import printable
from tests.cli.tiny import write_image, write_three
from tests.faults.hostile_process import Outcome, Tally, run_many

FORMATS = ("tsv", "csv", "json", "ndjson", "table", "label")
SEPARATORS = {"tsv": ("\t", ""), "csv": ("\r\n", "\n")}
PIECES = [
    b"\x1b[2J",
    b"\n",
    b"\t",
    b"\r",
    b"\xff",
    b"\xc3",
    b"-",
    b"--help",
    b"\x07",
    b"\x7f",
    b"\xe2\x80\xae",
    b" ",
    b"'",
    b'"',
]
PIECES += [
    b";",
    b"$(x)",
    b"`x`",
    b"%s",
    b"\\",
    b"*",
    b"=1+1",
    b",",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x98\x80",
    b"a",
    b".png",
    b"~",
]


def _name(rng: np.random.Generator) -> bytes:
    return b"".join(PIECES[i] for i in rng.integers(0, len(PIECES), rng.integers(1, 12)))[:200]


def _is_plain(text: str) -> bool:
    return all(line == printable(line) for line in text.split("\n"))


def _records(outcome: Outcome, form: str) -> int:
    """How many records a text of this format holds."""
    if form == "json":
        return len(json.loads(outcome.out))
    if form == "csv":
        return len(list(csv.reader(io.StringIO(outcome.out)))) - 1
    return outcome.out.count("\n") - (form == "table")


def sweep(n: int, seed: int = 0) -> Tally:
    """Predict images with `n` hostile names, some of them missing, in every format, by the arguments and by a list."""
    rng = np.random.default_rng(seed)
    tally = Tally("names")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_three(folder / "m.npz", ("\x1b[31mred\n", "\udcff\t", "x" * 3000))
        (folder / "images").mkdir()
        good = Path(write_image(folder / "x.png", 9)).read_bytes()
        commands: list[dict[str, Any]] = []
        sizes: list[int] = []
        while sum(sizes) < n:
            names = sorted({_name(rng) for _ in range(10)})
            for name in names[::2]:
                (folder / "images" / os.fsdecode(name)).write_bytes(good)
            form = FORMATS[len(sizes) % len(FORMATS)]
            options = ["predict", "-m", "../m.npz", "-f", form]
            if len(sizes) % 2:
                (folder / f"list-{len(sizes)}").write_bytes(b"\0".join(names))
                argv = [*options, "-0", "--files-from", f"../list-{len(sizes)}"]
            else:
                names = [name for name in names if name != b"-"]
                argv = [*options, "--", *(os.fsdecode(name) for name in names)]
            commands.append({"argv": argv, "cwd": str(folder / "images")})
            sizes.append(len(names))
        outcomes = run_many(commands, folder, tally)
        for i, (outcome, size) in enumerate(zip(outcomes, sizes, strict=False)):
            form = FORMATS[i % len(FORMATS)]
            found = _records(outcome, form) if outcome.code in (0, 3) else 0
            tally.add(outcome, size, size - outcome.err.count("\n") + (outcome.code == 3), form)
            if found != size or not _is_plain(outcome.out.replace(*SEPARATORS.get(form, ("", "")))):
                tally.violations.append(
                    f"{form}: {found} records of {size}: {outcome.out[:300]!r} {outcome.err[:300]!r}"
                )
    return tally


def _list(rng: np.random.Generator) -> bytes:
    ends = rng.choice(np.array([b"\n", b"\0", b"\r\n"], object), rng.integers(1, 30), p=[0.8, 0.1, 0.1])
    return b"".join((_name(rng), b"x.png")[int(rng.integers(2))] + end for end in ends)


def sweep_lists(n: int, seed: int = 0) -> Tally:
    """Predict what `n` hostile lists name: at most one record or one error for each name."""
    rng = np.random.default_rng(seed)
    tally = Tally("lists")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_three(folder / "m.npz")
        write_image(folder / "x.png", 9)
        crafted = [b"", b"\n" * 1000, b"\0" * 1000, b"x" * 3_000_000, b"x.png", b"x.png\r\n", b"\xff\n" * 100]
        crafted += [
            b"/dev/zero\n/dev/stdin\n/proc/self/mem\n",
            b".\n",
            b"-\n",
            (b"a/" * 3000) + b"\n",
            b"x.png\0y.png\0",
        ]
        commands, contents = [], []
        for i in range(n):
            content = crafted[i] if i < len(crafted) else _list(rng)
            (folder / f"{i}.list").write_bytes(content)
            null = ["-0"] * (i % 2)
            argv = ["predict", "-m", "m.npz", "-f", "ndjson", *null, "--files-from", f"{i}.list"]
            commands.append({"argv": argv, "cwd": str(folder)})
            contents.append((content, bool(null)))
        for (content, is_null), outcome in zip(contents, run_many(commands, folder, tally), strict=False):
            tally.add(outcome, accepted=int(outcome.code in (0, 3)), what=f"list {content[:60]!r}")
            names = content.split(b"\0" if is_null else b"\n")
            size = sum(1 for name in names if (name if is_null else name.removesuffix(b"\r")))
            records = [json.loads(line) for line in outcome.out.splitlines()]
            if outcome.code in (0, 3) and b"." not in names and len(records) != size:
                tally.violations.append(f"{len(records)} records for {size} names: {content[:200]!r}")
            n_errors = sum("error" in record for record in records)
            if outcome.code == 3 and n_errors + 1 != outcome.err.count("\n"):
                tally.violations.append(f"another number of errors: {outcome.err[:300]!r}")
    return tally
