"""How well the recipes learn: `python -m benchmarks.accuracy FOLDER ... [--effort E] [--seeds N] [--ablation] [--keep]`

For each folder `nncli train` with `recipe: auto` and nothing else set, from image files to model, once for each seed. A
folder with a test split is judged by that, read once for each seed after all settings were fixed; any other folder by
the share of images held out for validation, another one for each seed (`monitor: last`: nothing is chosen by them).
With --ablation each ingredient of the recipe is taken away by itself, judged by validation images alone. With --keep
the results go into benchmarks/accuracy.json; without a folder the tables of docs/accuracy.md are written from these.
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
from typing import TYPE_CHECKING, Any

from benchmarks.accuracy_tables import DOCUMENT, EFFORTS, RECIPE, keep, read_results, written
from benchmarks.common import machine, neutral_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOPS_PER_WEIGHT = 6
"""Multiplication and addition, three times: forward, and backward to weights and to inputs."""

WITHOUT: dict[str, list[str]] = {
    "the recipe": [],
    "features (pixels instead)": ["data.features=[pixels]"],
    "batch normalization": ["network.normalization=none"],
    "augmentation": ["data.augmentation=none", "data.test_time_augmentation=mirror"],
    "looks at parts": ["data.looks=whole"],
    "the span of the data (network.project)": ["network.project=none"],
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
    return metrics | {"seconds": seconds, "tflop": operations(out, metrics) / 1e12}


def operations(out: Path, metrics: dict[str, Any]) -> float:
    """Floating-point operations of a run: features and training steps; patterns that are trained are not counted."""
    from nncli.config import load_config
    from nncli.features.settings.looks import n_looks, seen_shape

    config = load_config(out / "config.yaml").config
    images, epochs = metrics["training_images"], metrics["epochs"]
    data = config.data
    features = sum(block.flops(seen_shape(data.shape, data.looks)) for block in data.features)
    passes = {"none": 1, "mirror": 2}.get(data.augmentation, epochs) * n_looks(data.looks)
    return float(images * (passes * features + epochs * FLOPS_PER_WEIGHT * metrics["n_parameters"]))


def test_accuracy(folder: Path, out: Path) -> float | None:
    """Accuracy on the test split, if there is one."""
    if not (folder / "test").is_dir():
        return None
    command = [sys.executable, "-m", "nncli", "evaluate", "-m", str(out), str(folder), "--split", "test", "-f", "json"]
    result = subprocess.run(command, env=neutral_environment(), check=True, stdout=subprocess.PIPE)
    accuracy: float = json.loads(result.stdout)["accuracy"]
    return accuracy


def measure(folder: Path, seeds: range, settings: list[str], *, on_test: bool) -> dict[str, Any]:
    """A row of results: accuracy, its spread, calibration, seconds, operations."""
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

    return {
        "seeds": len(seeds),
        "accuracy": round(statistics.fmean(found), 4),
        "spread": round(spread, 4),
        "calibration_error": round(mean("calibration_error"), 4),
        "seconds": round(statistics.median(run["seconds"] for run in runs), 1),
        "tflop": round(mean("tflop"), 2),
    }


def variants(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[str], str]]:
    """Name, settings and judge of each row that is to be measured on a folder."""
    effort = f"training.effort={arguments.effort}"
    if not arguments.ablation:
        yield RECIPE, [effort], "official test" if (folder / "test").is_dir() else "held out"
        return
    for name, settings in WITHOUT.items():
        is_plain = "training.recipe=plain" in settings
        shown = f"without {name}" if settings else "with everything"
        yield shown, settings if is_plain else [*settings, effort], "validation"


def main() -> None:
    """Measure what the command line asks for, or write the tables of what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="none: write the tables of docs/accuracy.md")
    parser.add_argument("--effort", default="quick", choices=EFFORTS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0, help="other splits than those that settings were tried on")
    parser.add_argument("--ablation", action="store_true", help="take away each ingredient, judge by validation images")
    parser.add_argument("--keep", action="store_true", help="put the results into benchmarks/accuracy.json")
    parser.add_argument("--name", help="of the data in the tables; by default the folder's")
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    if arguments.folders:
        print(f"{machine()}; {arguments.seeds} seeds, effort {arguments.effort}\n")
    for folder in arguments.folders:
        about = {"data": arguments.name or folder.name, "effort": arguments.effort}
        for variant, settings, judge in variants(arguments, folder):
            row = about | {"variant": variant, "judged_by": judge}
            row |= measure(folder, seeds, settings, on_test=not arguments.ablation)
            print(json.dumps(row, ensure_ascii=False), flush=True)
            if arguments.keep:
                keep(row)
    if arguments.keep or not arguments.folders:
        DOCUMENT.write_text(written(DOCUMENT.read_text(), read_results()))


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
