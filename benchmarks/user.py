"""What a user sees: `nncli train` on folders, against the bare loop. `python -m benchmarks.user`

60,000 gray 28x28 PNGs in ten class folders, 784-128-10, batch 128, Adam: whole runs without and with the cache of
decoded images, and the seconds per epoch that --json tells against those of the loop alone (benchmarks.training). Bar
and history should cost nothing noticeable.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import machine, neutral_environment, table, take_turns

IMAGES = 60_000
EPOCHS = 8


def draw(folder: Path) -> None:
    """Write IMAGES noisy PNGs of ten shapes in class folders."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    shapes = rng.integers(0, 2, (10, 7, 7)).repeat(4, axis=1).repeat(4, axis=2) * 160
    for index in range(IMAGES):
        path = folder / str(index % 10) / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = shapes[index % 10] + rng.integers(0, 96, (28, 28))
        Image.fromarray(pixels.astype(np.uint8)).save(path, compress_level=1)


def run() -> str:
    """The table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "images")
        (folder / "c.yaml").write_text(
            "data: {path: images, image_size: 28, color: grayscale, validation_split: 0}\n"
            f"network: {{layer_dims: [784, 128, 10]}}\ntraining: {{epochs: {EPOCHS}, batch_size: 128}}\n"
        )
        environment = {**neutral_environment(), "XDG_CACHE_HOME": f"{name}/cache"}
        wall, epochs = [], []
        for attempt in ("first", "second"):
            started = time.perf_counter()
            command = [sys.executable, "-m", "nncli", "train", "c.yaml", "-q", "--json", "-o", attempt]
            result = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
            wall.append(time.perf_counter() - started)
            events = [json.loads(line) for line in result.stdout.splitlines()]
            epochs.append(statistics.median([event["seconds"] for event in events if event["event"] == "epoch"][1:]))
    bare = IMAGES / take_turns({"nncli": ["-m", "benchmarks.training", "nncli", "0"]})["nncli"]
    return table(
        ["", "first run", "second run (cached)"],
        [
            ["whole run", *(f"{seconds:.2f} s" for seconds in wall)],
            [f"without its {EPOCHS} epochs", *(f"{w - EPOCHS * e:.2f} s" for w, e in zip(wall, epochs, strict=True))],
            ["an epoch", *(f"{seconds:.3f} s" for seconds in epochs)],
            ["an epoch / bare loop", *(f"{seconds / bare:.2f}" for seconds in epochs)],
        ],
    )


if __name__ == "__main__":
    os.environ.pop("NNCLI_MODEL", None)
    print(machine())
    print(run())
