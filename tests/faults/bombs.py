"""Bombs: small files that stand for much. What refusing each costs, measured in a process of its own.

Images are refused within 5 seconds and 600 MB, models within 2 seconds and three times their size, configs within a
second and 100 MB. Model files and configs are judged by what they cost beyond a sound one.
"""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nncli.machine.npz_file import text_array, write_npz
from tests.cli.tiny import write_image, write_three
from tests.config.test_hostile import BOMBS
from tests.faults.configs import BASE
from tests.faults.hostile_process import Tally
from tests.faults.models import crafted
from tests.folders import write_class_folders

MB = 10**6


MEASURE = (  # a process between, because a child starts with the memory of its parent as its own most
    "import resource, subprocess, sys\n"
    "code = subprocess.call(sys.argv[2:])\n"
    "usage = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
    "print(code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=open(sys.argv[1], 'w'))"
)
"""A program that runs another one and writes what it cost to a file."""


class Cost(NamedTuple):
    """Exit code, seconds of processor time, and the most memory in bytes."""

    code: int
    seconds: float
    memory: int


def cost(folder: Path, *argv: str) -> Cost:
    """What a command costs, workers included."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", MEASURE, str(folder / "usage"), sys.executable, "-m", "nncli", *argv]
    with (folder / "output").open("wb") as output:
        subprocess.run(command, cwd=folder, env=environment, stdout=output, stderr=output, check=True)
    told = (folder / "usage").read_text().split()
    return Cost(int(told[0]), float(told[1]), 1024 * int(told[2]))


def image_bombs() -> dict[str, bytes]:
    """Headers that speak of more pixels than are allowed, with and without data."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    def png(width: int, height: int, data: bytes, extra: bytes = b"") -> bytes:
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")

    zeros = zlib.compressobj(1)
    rows = b"".join(zeros.compress(bytes(36_001)) for _ in range(12_000)) + zeros.flush()
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(200 * MB), 1))
    profile = chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(200 * MB), 1))
    lzw = b"\x08" + b"\xff".join([b""] + [bytes(255)] * 40) + b"\0;"
    tags = ((256, 60_000), (257, 60_000), (258, 8), (259, 5), (262, 1), (273, 8), (277, 1), (278, 60_000), (279, 6))
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return {
        "png 12000x12000": png(12_000, 12_000, rows),
        "png 50000x50000": png(50_000, 50_000, zlib.compress(bytes(MB))),
        "png text": png(8, 8, zlib.compress(bytes(25 * 4)), text),
        "png profile": png(8, 8, zlib.compress(bytes(25 * 4)), profile),
        "png short": png(10_000, 10_000, zlib.compress(bytes(MB))),
        "gif 65535x65535": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6) + b"\x2c" + lzw,
        "bmp rle": b"BM"
        + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 1078, 40, 30_000, 30_000, 1, 8, 1, 0, 0, 0, 0, 0)
        + bytes(2000),
        "ppm": b"P6 100000 100000 255\n",
        "tiff": b"II*\0" + struct.pack("<I", 14) + bytes(6) + struct.pack("<H", len(tags)) + directory + bytes(4),
        "webp": b"RIFF\x26\0\0\0WEBPVP8L\x12\0\0\0\x2f\xff\xff\xff\x0f" + bytes(14),
        "jpeg": b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9",
    }


def _model_bombs(folder: Path, sound: bytes, n: int) -> dict[str, Path]:
    """Small models that declare much, and large ones with much in them that is not needed."""
    paths = {}
    for name, data in crafted(sound).items():
        if name in ("zip bomb", "many members", "huge", "large", "deep metadata", "long number", "deep header"):
            paths[name] = folder / f"{name}.npz"
            paths[name].write_bytes(data)
    if n < 10:
        return paths  # the others take seconds to make
    metadata = text_array({"format": "nncli-model", "classes": [str(i) for i in range(3_000_000)]})
    write_npz(folder / "metadata.npz", {"metadata": metadata})
    write_npz(folder / "array.npz", {"metadata": text_array({}), "W1": np.zeros((5000, 10_000), np.float32)})
    stream = io.BytesIO()
    np.savez(stream, *[np.zeros(1)] * 12_000)
    (folder / "arrays.npz").write_bytes(stream.getvalue())
    return paths | {name: folder / f"{name}.npz" for name in ("metadata", "array", "arrays")}


def sweep(n: int, seed: int = 0, *, show: bool = False) -> Tally:
    """Refuse up to `n` bombs of each kind."""
    tally = Tally("bombs")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_class_folders(folder / "photos", {"a": 3, "b": 3})
        model = write_three(folder / "m.npz")
        image = write_image(folder / "x.png", 9)
        todo: list[tuple[str, int, Cost, tuple[str, ...]]] = []
        for name, data in list(image_bombs().items())[:n]:
            (folder / name).write_bytes(data)
            todo.append((f"image {name}", 3, Cost(3, 5, 600 * MB), ("predict", "-m", str(model), name)))
        base = cost(folder, "predict", "-m", str(model), image)
        for name, path in list(_model_bombs(folder, model.read_bytes(), n).items())[:n]:
            limit = Cost(1, 2 + base.seconds, 3 * path.stat().st_size + base.memory + 8 * MB)
            todo.append((f"model {name}", 1, limit, ("predict", "-m", str(path), image)))
        (folder / "bad.yaml").write_text(BASE + "x: 1\n")
        base = cost(folder, "check", "bad.yaml")
        for name, text in list(BOMBS.items())[:n]:
            (folder / f"{name}.yaml").write_text(text)
            todo.append((f"config {name}", 2, Cost(2, 1 + base.seconds, 100 * MB), ("check", f"{name}.yaml")))
        for name, code, limit, argv in todo:
            start = time.perf_counter()
            found = cost(folder, *argv)
            tally.inputs += 1
            tally.refused += found.code == code
            tally.slowest = max(tally.slowest, time.perf_counter() - start)
            tally.most_memory = max(tally.most_memory, found.memory)
            used = (
                f"{found.seconds:.2f} s of {limit.seconds:.2f}, {found.memory / MB:.0f} MB of {limit.memory / MB:.0f}"
            )
            line = f"{name:28} exit {found.code}, {used}"
            if show:
                sys.stdout.write(line + "\n")
            if found.code not in (1, 2, 3) or found.seconds > limit.seconds or found.memory > limit.memory:
                tally.violations.append(line + ": " + (folder / "output").read_text(errors="replace")[-200:])
    return tally
