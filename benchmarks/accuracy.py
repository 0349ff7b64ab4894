"""How well the recipes learn: `python -m benchmarks.accuracy FOLDER ... [--effort E] [--seeds N] [--ablation]`

For each folder `nncli train` with `recipe: auto` and nothing else set, from image files to model, once for each seed. A
folder with a test split is judged by that, read once for each seed after all settings were fixed; any other folder by
the share of images held out for validation, another one for each seed (`monitor: last`: nothing is chosen by them).
With --ablation each ingredient of the recipe is taken away by itself, judged by validation images alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import machine, neutral_environment, table

FLOPS_PER_WEIGHT = 6
"""Multiplication and addition, three times: forward, and backward to weights and to inputs."""

WITHOUT: dict[str, list[str]] = {
    "the recipe": [],
    "features (pixels instead)": ["data.features=[pixels]"],
    "batch normalization": ["network.normalization=none"],
    "augmentation": ["data.augmentation=none"],
    "test-time augmentation": ["data.test_time_augmentation=none"],
    "ensemble": ["training.ensemble=1"],
    "dropout": ["network.dropout=0"],
    "label smoothing": ["training.label_smoothing=0"],
    "one_cycle (constant rate, 1e-3)": ["training.schedule=constant", "training.learning_rate=1e-3"],
    "everything (recipe plain, 128 units)": ["training.recipe=plain", "network.layer_dims=[auto,128,auto]"],
}
"""What is taken away -> settings."""


def train(folder: Path, out: Path, seed: int, settings: list[str]) -> dict[str, Any]:
    """One run from image files, without a cache: accuracy, seconds and operations."""
    config = out.parent / "auto.yaml"
    config.write_text(f"data:\n  path: {json.dumps(str(folder.resolve()))}\n  cache: off\ntraining:\n  recipe: auto\n")
    command = [
        sys.executable,
        "-m",
        "nncli",
        "train",
        str(config),
        "-q",
        "--force",
        "-o",
        str(out),
        "--seed",
        str(seed),
    ]
    for setting in settings:
        command += ["--set", setting]
    started = time.perf_counter()
    subprocess.run(command, env=neutral_environment(), check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    metrics = json.loads((out / "metrics.json").read_text())
    return {"seconds": seconds, "tflop": operations(out, metrics) / 1e12, **metrics}


def operations(out: Path, metrics: dict[str, Any]) -> float:
    """Floating-point operations of a run: features and training steps."""
    from nncli.config import load_config

    config = load_config(out / "config.yaml").config
    images, epochs = metrics["training_images"], metrics["epochs"]
    features = sum(block.flops(config.data.shape) for block in config.data.features)
    passes = {"none": 1, "mirror": 2}.get(config.data.augmentation, epochs)
    return float(images * (passes * features + epochs * FLOPS_PER_WEIGHT * metrics["n_parameters"]))


def test_accuracy(folder: Path, out: Path) -> float | None:
    """Accuracy on the test split, if there is one."""
    if not (folder / "test").is_dir():
        return None
    command = [sys.executable, "-m", "nncli", "evaluate", "-m", str(out), str(folder), "--split", "test", "-f", "json"]
    result = subprocess.run(command, env=neutral_environment(), check=True, stdout=subprocess.PIPE)
    accuracy: float = json.loads(result.stdout)["accuracy"]
    return accuracy


def measure(folder: Path, seeds: range, settings: list[str], *, on_test: bool) -> list[str]:
    """Cells of a row: accuracy, its spread, calibration, seconds, operations."""
    found, runs = [], []
    with tempfile.TemporaryDirectory() as place:
        for seed in seeds:
            run = train(folder, Path(place) / "run", seed, settings)
            accuracy = test_accuracy(folder, Path(place) / "run") if on_test else None
            found.append(run["accuracy"] if accuracy is None else accuracy)
            runs.append(run)
            print(f"{folder.name} seed {seed} {' '.join(settings)}: {found[-1]:.4f}", file=sys.stderr, flush=True)
    spread = statistics.stdev(found) if len(seeds) > 1 else 0.0

    def mean(key: str) -> float:
        return statistics.fmean(run[key] for run in runs)

    return [
        f"{statistics.fmean(found):.4f} ± {spread:.4f}",
        f"{mean('calibration_error'):.3f}",
        f"{mean('seconds'):.0f}",
        f"{mean('tflop'):.1f}",
    ]


def main() -> None:
    """Print the table that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--effort", default="quick", choices=("quick", "standard", "thorough"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0, help="other splits than those that settings were tried on")
    parser.add_argument("--ablation", action="store_true", help="take away each ingredient, judge by validation images")
    arguments = parser.parse_args()
    effort = f"training.effort={arguments.effort}"
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    print(f"{machine()}; {arguments.seeds} seeds, effort {arguments.effort}\n")
    heads = ["accuracy", "calibration error", "seconds", "TFLOP"]
    for folder in arguments.folders:
        if arguments.ablation:
            rows = []
            for name, settings in WITHOUT.items():
                is_plain = "training.recipe=plain" in settings
                cells = measure(folder, seeds, settings if is_plain else [*settings, effort], on_test=False)
                rows.append([f"without {name}" if settings else name, *cells])
            print(f"{folder.name}, validation\n\n{table(['', *heads], rows)}\n", flush=True)
        else:
            judged = "test" if (folder / "test").is_dir() else "held out"
            row = [folder.name, judged, *measure(folder, seeds, [effort], on_test=True)]
            print(table(["data", "judged by", *heads], [row]) + "\n", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
