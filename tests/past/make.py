"""The small runs of an earlier version: draw the images, train, record what the models say.

Run with that version's Python, from the root of the project: ``python -m tests.past.make tests/past/v0_1``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE = 14
CLASSES = ("bars", "dots", "steps")
EACH = 15

PLACEHOLDER = "/images-of"
"""Stands for the folder of the images where a file of a run names it."""

PATCHES = {"patches": {"size": 5, "count": 6, "grid": 2, "stride": 2}}
DEEP = {"deep_patches": {"size": 4, "count": 6, "stride": 1, "pool": 4, "deep_size": 2, "deep_count": 8, "grid": 2}}
SMALL = {"network.layer_dims": ["auto", 4, "auto"], "training.epochs": 3, "training.batch_size": 12}

RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("gray", {"training.learning_rate": 0.05, "data.color": "grayscale", "training.seed": 3}),
    "digits": ("gray", {"training.recipe": "digits", "training.effort": "quick", "data.features": [PATCHES]}),
    "garments": (
        "gray",
        {"training.recipe": "garments", "training.effort": "thorough", "data.features": [PATCHES, DEEP]},
    ),
    "photos": (
        "color",
        {
            "training.recipe": "photos",
            "training.effort": "quick",
            "training.ensemble": 2,
            "data.features": [PATCHES, DEEP, {"color_histogram": {"bins": 2}}],
        },
    ),
    "ensemble": (
        "color",
        {
            "training.ensemble": 3,
            "network.normalization": "batch",
            "training.optimizer": "adam",
            "network.activation": "tanh",
            "data.color": "rgb",
            "training.learning_rate": 0.01,
        },
    ),
}
"""Name -> kind of images and settings."""

WHOLE = ("plain", "photos")
"""Runs of which the whole directory is kept, to be resumed; of the others the model alone."""


def draw(kind: str, n: int, seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Images of the classes in turn, (n, SIDE, SIDE) or (n, SIDE, SIDE, 3) uint8, by whole numbers alone."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 40, (n, SIDE, SIDE, 3))
    for i, image in enumerate(images):
        shift, color = rng.integers(0, 4), rng.integers(120, 215, 3)
        if i % 3 == 0:
            image[shift::4] += color
        elif i % 3 == 1:
            image[shift::4, shift::3] += color
        else:
            for row in range(SIDE):
                image[row, row // 2 + shift :] += color
    return (images if kind == "color" else images[..., 0]).astype(np.uint8)


def write_images(root: Path, kind: str) -> Path:
    """A folder of class folders; returns `root`."""
    for i, image in enumerate(draw(kind, EACH * len(CLASSES), seed=0)):
        folder = root / CLASSES[i % 3]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{i // 3}.png")
    return root


def main(target: Path) -> None:
    """Train every run, keep its files in `target`, and record the probabilities of images that were not trained on."""
    from nncli import load

    target.mkdir(parents=True)
    recorded = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, (kind, settings) in RUNS.items():
            images = write_images(Path(scratch, kind), kind)
            config = Path(scratch, f"{name}.yaml")
            data = {"path": str(images), "image_size": [SIDE, SIDE], "cache": "off"}
            config.write_text(json.dumps({"data": data}))
            options = [f"--set={key}={json.dumps(value)}" for key, value in (SMALL | settings).items()]
            run = Path(scratch, name)
            subprocess.run([sys.executable, "-m", "nncli", "train", config, *options, "-o", run], check=True)
            recorded[name] = load(run).predict_proba(draw(kind, 9, seed=1))
            if name in WHOLE:
                shutil.copytree(run, target / name, ignore=shutil.ignore_patterns(".lock"))
                for file in ("config.yaml", "predictions.csv"):
                    path = target / name / file
                    path.write_text(path.read_text().replace(str(images.resolve()), f"{PLACEHOLDER}-{kind}"))
            else:
                (target / name).mkdir()
                shutil.copy(run / "model.npz", target / name)
    np.savez(target / "probabilities.npz", **recorded)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
