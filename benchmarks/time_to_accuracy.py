"""How long until a goal is reached? `python -m benchmarks.time_to_accuracy FOLDER GOAL [--epochs N ...] [--busy]`

FOLDER has the splits `train` and `test`, a folder for each class. On one side whole `nncli train` with `recipe: auto`,
from image files, without a cache. On the other a small convolutional network in PyTorch at its best on a CPU: channels
last, batch normalization, fused AdamW, one-cycle, random mirror images, in float32 and in bfloat16; its data is in
memory before the clock starts. A one-cycle schedule has to know its end, so every number of epochs is a training of its
own; the shortest one that reaches the goal counts. Accuracy is that on the test split, for both, read after training;
that the opponent's epochs are chosen by it favors the opponent.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.accuracy import test_accuracy, train
from benchmarks.common import busy, machine, neutral_environment, ratio, table

PRECISIONS = ("float32", "bfloat16")
BATCH = 256
RATE, DECAY = 0.01, 0.05
UNITS = 128


def images_of(folder: Path) -> tuple[Any, Any]:
    """All images of a split in memory, (m, channels, height, width) bytes, channels last, and their classes, (m,)."""
    import torch
    from PIL import Image

    files = [(path, k) for k, each in enumerate(sorted(folder.iterdir())) for path in sorted(each.iterdir())]
    first = Image.open(files[0][0])
    mode = "L" if first.mode == "L" else "RGB"
    channels, (width, height) = len(mode), first.size
    pixels = torch.empty((len(files), height, width, channels), dtype=torch.uint8)
    for index, (path, _) in enumerate(files):
        image = Image.open(path).convert(mode)
        pixels[index] = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(height, width, channels)
    return pixels.permute(0, 3, 1, 2), torch.tensor([k for _, k in files])


def convolutional(shape: tuple[int, int, int], widths: list[int], n_classes: int) -> Any:
    """Blocks of two 3x3 layers and a pool, then a hidden layer."""
    from torch import nn

    layers: list[Any] = []
    channels, height, width = shape
    for n in widths:
        for n_in in (channels, n):
            layers += [nn.Conv2d(n_in, n, 3, padding=1, bias=False), nn.BatchNorm2d(n), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
        channels, height, width = n, height // 2, width // 2
    layers += [nn.Flatten(), nn.Linear(channels * height * width, UNITS), nn.ReLU(), nn.Dropout(0.3)]
    return nn.Sequential(*layers, nn.Linear(UNITS, n_classes))


def torch_script(folder: Path, epochs: int, precision: str, widths: list[int]) -> dict[str, float]:
    """Train for some epochs; the seconds this took, and the accuracy on the test split."""
    import torch

    torch.manual_seed(0)
    (pixels, labels), test = images_of(folder / "train"), images_of(folder / "test")
    m, shape = len(labels), tuple(pixels.shape[1:])
    half = torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else contextlib.nullcontext()
    started = time.perf_counter()
    network = convolutional(shape, widths, int(labels.max()) + 1).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs * -(-m // BATCH))
    for _ in range(epochs):
        order = torch.randperm(m)
        for start in range(0, m, BATCH):
            chosen = order[start : start + BATCH]
            X = pixels[chosen].float().sub_(128).mul_(1 / 64)
            X = torch.where(torch.rand(len(chosen), 1, 1, 1) < 0.5, X.flip(3), X)
            optimizer.zero_grad(set_to_none=True)
            with half:
                Z = network(X.contiguous(memory_format=torch.channels_last))
            torch.nn.functional.cross_entropy(Z.float(), labels[chosen]).backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - started
    network.eval()
    right = 0
    with torch.inference_mode():
        for X, Y in zip(test[0].split(1000), test[1].split(1000), strict=True):
            right += int((network(X.float().sub_(128).mul_(1 / 64)).argmax(1) == Y).sum())
    return {"seconds": seconds, "accuracy": right / len(test[1])}


def opponent(folder: Path, epochs: int, precision: str, widths: list[int]) -> dict[str, float]:
    """The script in a process of its own."""
    arguments = ["script", str(folder), str(epochs), precision, *map(str, widths)]
    command = [sys.executable, "-m", "benchmarks.time_to_accuracy", *arguments]
    result = subprocess.run(command, env=neutral_environment(), check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return found


def first_to_reach(folder: Path, goal: float, epochs: list[int], precision: str, widths: list[int]) -> list[str]:
    """A row: the shortest training that reaches the goal, or the last one."""
    for n in epochs:
        run = opponent(folder, n, precision, widths)
        print(f"convolutional, {precision}, {n} epochs: {run}", file=sys.stderr, flush=True)
        if run["accuracy"] >= goal:
            break
    reached = "yes" if run["accuracy"] >= goal else "no"
    return [f"convolutional, {precision}, {n} epochs", f"{run['seconds']:.1f}", f"{run['accuracy']:.4f}", reached]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.time_to_accuracy")
    parser.add_argument("folder", type=Path)
    parser.add_argument("goal", type=float, help="accuracy to reach, such as 0.93")
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 2, 3, 5, 8, 12, 20], help="of the opponent")
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 32], help="channels of the opponent's blocks")
    parser.add_argument("--rounds", type=int, default=3, help="runs of nncli, of which the median counts")
    parser.add_argument("--effort", default="quick", choices=("quick", "standard", "thorough"))
    parser.add_argument("--busy", action="store_true", help="let two other processes compute meanwhile")
    arguments = parser.parse_args()
    folder, goal = arguments.folder, arguments.goal
    print(machine(), flush=True)
    with busy(2 if arguments.busy else 0), tempfile.TemporaryDirectory() as place:
        seconds, accuracies = [], []
        for seed in range(arguments.rounds):
            out = Path(place) / "run"
            seconds.append(train(folder, out, seed, [f"training.effort={arguments.effort}"])["seconds"])
            accuracies.append(test_accuracy(folder, out) or 0.0)
        own, accuracy = statistics.median(seconds), statistics.median(accuracies)
        rows = [["nncli train", f"{own:.1f}", f"{accuracy:.4f}", "yes" if accuracy >= goal else "no", "1.00"]]
        for precision in PRECISIONS:
            row = first_to_reach(folder, goal, arguments.epochs, precision, arguments.widths)
            rows.append([*row, ratio(float(row[1]), own)])
    print(f"\n{table(['', 'seconds', 'accuracy', f'{goal:g} reached', 'seconds / nncli'], rows)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["script"]:
        _, _, where, n_epochs, kind, *sizes = sys.argv
        print(json.dumps(torch_script(Path(where), int(n_epochs), kind, [int(size) for size in sizes])))
    else:
        main()
