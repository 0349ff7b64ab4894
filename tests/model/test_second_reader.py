"""A second reader of whole model files, in float64, written from docs/model-file.md alone, predicts what nncli does.

It takes the file by NumPy and the images by their pixels, and nothing of nncli; the blocks are those of
tests/features/test_second_reader.py.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.patches import Patches
from nncli.model.file import write_model
from nncli.model.predictor import Predictor
from tests.export.consumers import MODELS
from tests.export.models import COLOR, THREE, featured_model
from tests.features import test_second_reader as blocks
from tests.fixtures import random_model, random_pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nncli.model.file import Model

    Array = blocks.Array

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda Z: np.maximum(0, Z),
    "leaky_relu": lambda Z: np.where(Z > 0, Z, 0.01 * Z),
    "gelu": lambda Z: Z / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (Z + 0.044715 * Z**3))),
    "tanh": np.tanh,
    "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)),
}


class SecondReader:
    """A model file and what it answers."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self.about = json.loads(file["metadata"].tobytes())
            self.arrays = {name: file[name].astype(np.float64) for name in file if name != "metadata"}

    def answer(self, x: Array) -> Array:
        """Probabilities or numbers for an image (height, width, channels)."""
        how, task = self.about["test_time_augmentation"], self.about.get("task")
        looks = parts(x) if "parts" in how else parts(x)[:1] if "whole" in how else [x]
        looks += moved(x) if "shifts" in how else []
        found = [self.of_look(look) for look in looks]
        if "mirror" in how:
            signs = np.array(task["mirror_signs"]) if task else 1.0
            found += [signs * self.of_look(look[:, ::-1]) for look in looks]
        p: Array = np.mean(found, axis=0)
        if task:
            return np.asarray(np.array(task["mean"]) + np.array(task["deviation"]) * p)
        p = p ** (1 / self.about["temperature"])
        return np.asarray(p / p.sum())

    def of_look(self, x: Array) -> Array:
        """The average of the networks."""
        column = np.concatenate([self.block(number, x) for number in range(1, len(self.about["features"]) + 1)])
        A = column[:, None] * self.arrays["scale"] + self.arrays["offset"]
        if "projection" in self.arrays:
            A = self.arrays["projection"].T @ A + self.arrays["projection_shift"][:, None]
        members = range(self.about["ensemble"])
        return np.asarray(np.mean([self.of_network(member, A) for member in members], axis=0))

    def block(self, number: int, x: Array) -> Array:
        """The part of the column that one block makes."""
        settings = dict(self.about["features"][number - 1])
        kind, start = settings.pop("kind"), f"features{number}."
        if kind == "pixels":
            return x.reshape(-1)
        arrays = {name.removeprefix(start): array for name, array in self.arrays.items() if name.startswith(start)}
        found: Array = getattr(blocks, kind)(x, settings, arrays)
        return found

    def of_network(self, member: int, A: Array) -> Array:
        """What one network says."""
        L = len(self.about["layer_dims"]) - 1

        def of(name: str) -> Array:
            array = self.arrays[name]
            return np.asarray(array[member] if self.about["ensemble"] > 1 else array)

        for l in range(1, L):
            Z = of(f"W{l}") @ A + of(f"b{l}")
            if self.about["normalization"] == "layer":
                Z = (Z - Z.mean()) / np.sqrt(Z.var() + 0.00001) * of(f"gain{l}") + of(f"shift{l}")
            A = ACTIVATIONS[self.about["activation"]](Z)
        Z = (of(f"W{L}") @ A + of(f"b{L}"))[:, 0]
        if self.about["output"] == "identity":
            return Z
        if self.about["output"] == "sigmoid":
            return np.array([1 - 1 / (1 + np.exp(-Z[0])), 1 / (1 + np.exp(-Z[0]))])
        return np.asarray(np.exp(Z) / np.exp(Z).sum())


def parts(x: Array) -> list[Array]:
    """The whole made smaller, the middle, the four corners."""
    (n, m), (h, w) = x.shape[:2], (round(0.8 * side) for side in x.shape[:2])
    whole = np.rint(np.einsum("in,nmc,jm->ijc", smaller(n, h), x, smaller(m, w)))
    places = [((n - h) // 2, (m - w) // 2), (0, 0), (0, m - w), (n - h, 0), (n - h, m - w)]
    return [whole, *(x[i : i + h, j : j + w] for i, j in places)]


def moved(x: Array) -> list[Array]:
    """The image down, to the right, to the left and up; the pixel at the edge is repeated."""
    h, w = x.shape[:2]
    down, across = (max(1, side // 16) for side in (h, w))
    wide = np.pad(x, ((down, down), (across, across), (0, 0)), mode="edge")
    places = [(0, across), (down, 0), (down, 2 * across), (2 * down, across)]
    return [wide[i : i + h, j : j + w] for i, j in places]


def smaller(n: int, k: int) -> Array:
    """The matrix that makes k rows of n."""
    i, j = np.arange(k)[:, None], np.arange(n)
    weights = np.maximum(1 - np.abs(j - (i + 0.5) * n / k + 0.5) * min(k / n, 1), 0)
    weights = np.rint(weights / weights.sum(axis=1, keepdims=True) * 128) / 128
    weights[np.arange(k), weights.argmax(axis=1)] += 1 - weights.sum(axis=1)
    return np.asarray(weights)


OTHERS: dict[str, Callable[[], Model]] = {
    activation: lambda activation=activation: random_model(THREE, (6, 5), activation=activation, image_format=COLOR)
    for activation in ("tanh", "sigmoid")
} | {
    "shifts, mirrored": lambda: featured_model(
        (Patches(size=4, count=5), DeepPatches(size=3, count=3, deep_size=2, deep_count=4, grid=2)),
        looks="shifts",
        test_time_augmentation="mirror",
    )
}


@pytest.mark.parametrize("name", [*MODELS, *OTHERS])
def test_a_reader_written_from_the_document_predicts_the_same(name: str, tmp_path: Path) -> None:
    """To 1e-6, on noise and on levels at which the channels of hog tie."""
    model = {**MODELS, **OTHERS}[name]()
    write_model(tmp_path / "model.npz", model)
    reader, pixels = SecondReader(tmp_path / "model.npz"), random_pixels(2, model.image_format)
    pixels[1] = pixels[1] // 64 * 85
    images = pixels.reshape(-1, *model.image_format.shape).astype(np.float64)
    found = Predictor(model).probabilities(pixels)
    np.testing.assert_allclose(np.array([reader.answer(x) for x in images]), found, rtol=1e-6, atol=1e-6)
