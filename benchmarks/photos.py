"""From a folder of photos to a model. `python -m benchmarks.photos OPPONENT [FOLDER] [--images N ...]`

OPPONENT is the Python of another build of nncli, in a virtual environment of its own; both builds take turns. Photos
are drawn, or those of FOLDER, a folder for each class. Measured is what people do: `init` and `train` with recipe auto
and an empty cache (seconds, and the largest proportional set size of all processes together), the size of model and
run directory, and `predict` of many photos in one call. `--busy` lets two other processes compute all the while.
Accuracy is that on validation images, the same split for both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.common import busy, machine, neutral_environment, table
from benchmarks.memory import watched

SOURCE = Path(__file__).parents[1] / "src"
CLASSES = 5
SIDE = 240
N_PREDICTED = 1000


def draw(folder: Path, n: int) -> None:
    """Draw n photos of five kinds: stripes and spots of the kind's own size and color, light and noise that are not."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    for index in range(n):
        kind = index % CLASSES
        turn, phase = rng.normal(kind * 0.6, 0.4), rng.uniform(0, 6)
        wave = np.sin((8 + 3 * kind + rng.normal(0, 3)) * (x * np.cos(turn) + y * np.sin(turn)) * 3 + phase)
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        light = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)
        color = rng.normal(128, 25, 3) + 40 * np.cos(kind + np.arange(3))
        values = 0.5 * light + 0.5 * color + 35 * wave[..., None]
        values += rng.normal(0, 8, values.shape)
        path = folder / f"kind{kind}" / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(path, quality=88)


def measure(python: str, photos: Path, *, own: bool) -> dict[str, float]:
    """From folder to model, and predictions with it, by the build of `python`, or by the one beside this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**neutral_environment(), "XDG_CACHE_HOME": str(folder / "cache")}
        environment.pop("PYTHONPATH", None)
        if own:
            environment["PYTHONPATH"] = str(SOURCE)
        nncli = [python, "-m", "nncli"]
        init, _, _ = watched([*nncli, "init", str(photos), "-o", "c.yaml"], folder, environment)
        train, _, memory = watched([*nncli, "train", "c.yaml", "-q", "-o", "run"], folder, environment)
        run, many = folder / "run", folder / "many"
        files = sorted(photos.rglob("*.jpg"))
        many.mkdir()
        for index in range(N_PREDICTED):  # links, so that each is a file of its own
            (many / f"{index}.jpg").symlink_to(files[index % len(files)])
        predict, _, _ = watched([*nncli, "predict", "-m", "run/model.npz", "-q", "many"], folder, environment)
        directory = sum(file.stat().st_size for file in run.rglob("*") if file.is_file() and not file.is_symlink())
        return {
            "seconds to the model": init + train,
            "memory of all processes, MB": memory,
            "model.npz, MB": (run / "model.npz").stat().st_size / 1e6,
            "run directory, MB": directory / 1e6,
            "seconds to predict 1,000": predict,
            "validation accuracy": json.loads((run / "metrics.json").read_text())["accuracy"],
        }


def compare(opponent: str, photos: Path, rounds: int) -> list[list[str]]:
    """Rows of a table: the medians of both builds, and this one's as a share of the other's."""
    results: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    for _ in range(rounds):
        for own, python in ((False, opponent), (True, sys.executable)):
            results[own].append(measure(python, photos, own=own))
    rows = []
    for name in results[True][0]:
        other, this = (statistics.median(each[name] for each in results[own]) for own in (False, True))
        rows.append([name, f"{other:.3g}", f"{this:.3g}", f"{this / other:.3f}"])
    return rows


def main() -> None:
    """Print a table for each number of photos."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("opponent", help="the Python of another build")
    parser.add_argument("folder", nargs="?", type=Path, help="photos, a folder for each class; drawn if left out")
    parser.add_argument("--images", type=int, nargs="*", default=[450, 3000], help="how many are drawn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--busy", action="store_true", help="let two other processes compute meanwhile")
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name, busy(2 if arguments.busy else 0):
        folders = [arguments.folder.absolute()] if arguments.folder else []
        for n in () if folders else arguments.images:
            draw(Path(name) / str(n), n)
            folders.append(Path(name) / str(n))
        for folder in folders:
            header = [f"{len(list(folder.rglob('*.jpg')))} photos", "opponent", "this build", "share"]
            print(f"\n{table(header, compare(arguments.opponent, folder, arguments.rounds))}", flush=True)


if __name__ == "__main__":
    main()
