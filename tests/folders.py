"""Tiny real image folders for the tests."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def write_image(path: Path, level: int, seed: int = 0, size: tuple[int, int] = (4, 4), mode: str = "L") -> Path:
    """Write an image of (width, height) `size`, gray level `level` give or take some noise; makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
    noise = np.random.default_rng(seed).integers(-30, 31, shape)
    Image.fromarray(np.clip(level + noise, 0, 255).astype(np.uint8)).save(path)
    return path


def write_class_folders(root: Path, counts: dict[str, int] | None = None, size: tuple[int, int] = (4, 4)) -> Path:
    """Write `counts[name]` images in a folder for each class, the first class darkest, the last one brightest.

    Args:
        root: The folder to make.
        counts: Images per class; by default 20 each of bright and dark (in this natural order).
        size: (width, height) of every image.

    Returns:
        `root`.
    """
    counts = counts or {"bright": 20, "dark": 20}
    for index, (name, count) in enumerate(counts.items()):
        level = 40 + 175 * index // max(len(counts) - 1, 1)
        for number in range(count):
            write_image(root / name / f"{number}.png", level, seed=1000 * index + number, size=size)
    return root


def write_config(path: Path, images: Path | str, **sections: dict[str, object]) -> Path:
    """Write a config for 4x4 gray images of `images`; `sections` add to or replace its keys."""
    config: dict[str, dict[str, object]] = {
        "data": {"path": f'"{images}"', "image_size": "[4, 4]", "color": "grayscale"},
        "network": {"layer_dims": "[auto, 5, auto]", "activation": "tanh"},
        "training": {"epochs": 3, "batch_size": 8, "learning_rate": 0.05},
    }
    for name, keys in sections.items():
        config[name].update(keys)
    lines = []
    for name, keys in config.items():
        lines += [f"{name}:\n", *(f"  {key}: {value}\n" for key, value in keys.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    return path


def history_but_seconds(run: Path) -> list[dict[str, str]]:
    """The rows of a run's history.csv without the one column that a clock has written."""
    rows = csv.DictReader((run / "history.csv").read_text(encoding="utf-8").splitlines())
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]
