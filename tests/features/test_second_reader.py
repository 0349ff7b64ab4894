"""A second reader of the blocks, in float64 and loops, written from docs/model-file.md alone, agrees with the program.

It takes settings and arrays as a model file has them, and nothing else of nncli.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.image.image_format import ImageFormat
from nncli.features.column import FeatureColumn
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.second_order import SecondOrder
from tests.fixtures import random_pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Settings = dict[str, Any]
    Arrays = dict[str, Array]


def answers(x: Array, size: int, stride: int, contrast: float, matrix: Array) -> Array:
    """s at each place, (P_y, P_x, count)."""
    tops, lefts = (range(0, length - size + 1, stride) for length in x.shape[:2])
    rows = []
    for i in tops:
        for j in lefts:
            p = x[i : i + size, j : j + size].reshape(-1)
            c = math.sqrt(max((p**2).mean() - p.mean() ** 2, 0) + (contrast + 1e-8) * 255**2)
            rows.append(matrix.T @ np.append(p / c, 1))
    return np.array(rows).reshape(len(tops), len(lefts), -1)


def pooled(s: Array, grid: int, threshold: float) -> Array:
    """Averages in the cells of max(s, threshold), and below them of min(s, -threshold)."""
    down, across, _ = s.shape
    halves = []
    for cut in (np.maximum(s, threshold), np.minimum(s, -threshold)):
        cells: dict[tuple[int, int], list[Array]] = {}
        for i in range(down):
            for j in range(across):
                cells.setdefault((i * grid // down, j * grid // across), []).append(cut[i, j])
        halves += [np.mean(cells[row, column], axis=0) for row in range(grid) for column in range(grid)]
    return np.concatenate(halves)


def patches(x: Array, set_: Settings, arrays: Arrays) -> Array:
    """The block of that name, and so are the next ones."""
    s = answers(x, set_["size"], set_["stride"], set_["contrast"], arrays["matrix"])
    return pooled(s, set_["grid"], set_["threshold"])


def windows(x: Array, set_: Settings, arrays: Arrays, matrix: Array) -> Array:
    """a at each window, (D_y, D_x, columns of the matrix)."""
    s = answers(x, set_["size"], set_["stride"], set_["contrast"], arrays["matrix"])
    channels = np.concatenate([np.maximum(s - set_["threshold"], 0), np.maximum(-s - set_["threshold"], 0)], axis=2)
    pool, deep = set_["pool"], set_["deep_size"]
    h = max(pool // 2, 1)
    q_y, q_x = ((length - pool) // h + 1 for length in s.shape[:2])
    maps = np.array(
        [
            [channels[i * h : i * h + pool, j * h : j * h + pool].mean(axis=(0, 1)) for j in range(q_x)]
            for i in range(q_y)
        ]
    )
    rows = []
    for i in range(q_y - deep + 1):
        for j in range(q_x - deep + 1):
            w = maps[i : i + deep, j : j + deep].reshape(-1)
            rows.append(matrix.T @ np.append(w / (np.linalg.norm(w) + arrays["faint"]), 1))
    return np.array(rows).reshape(q_y - deep + 1, q_x - deep + 1, -1)


def deep_patches(x: Array, set_: Settings, arrays: Arrays) -> Array:
    """Two layers."""
    return pooled(windows(x, set_, arrays, arrays["deep_matrix"]), set_["grid"], set_["deep_threshold"])


def second_order(x: Array, set_: Settings, arrays: Arrays) -> Array:
    """Covariances over all windows, pair by pair."""
    z = windows(x, set_, arrays, arrays["whitening"]).reshape(-1, set_["directions"])
    found = []
    for i in range(z.shape[1]):
        for j in range(i, z.shape[1]):
            c = ((z[:, i] - z[:, i].mean()) * (z[:, j] - z[:, j].mean())).mean()
            found.append(c / math.sqrt(abs(c) + 0.04))
    return np.array(found)


def hog(x: Array, set_: Settings, _: Arrays) -> Array:
    """Which channel counts is decided in float32, all else here."""
    height, width, n_channels = x.shape
    cell, bins = set_["cell"], set_["bins"]
    single = x.astype(np.float32) * np.float32(1 / 255)
    votes = np.zeros((height // cell, width // cell, bins))
    for i in range(len(votes) * cell):
        for j in range(votes.shape[1] * cell):
            best, best_length, gradient = -1, np.float32(-1), (0.0, 0.0)
            for k in range(n_channels):
                dy32 = single[i + 1, j, k] - single[i - 1, j, k] if 0 < i < height - 1 else np.float32(0)
                dx32 = single[i, j + 1, k] - single[i, j - 1, k] if 0 < j < width - 1 else np.float32(0)
                length = dy32 * dy32 + dx32 * dx32
                if length > best_length:
                    best, best_length = k, length
            if 0 < i < height - 1:
                gradient = ((x[i + 1, j, best] - x[i - 1, j, best]) / 255, 0.0)
            if 0 < j < width - 1:
                gradient = (gradient[0], (x[i, j + 1, best] - x[i, j - 1, best]) / 255)
            q = math.atan2(*gradient) / math.pi * bins
            low, size = math.floor(q), math.hypot(*gradient)
            votes[i // cell, j // cell, low % bins] += size * (1 - (q - low))
            votes[i // cell, j // cell, (low + 1) % bins] += size * (q - low)
    blocks = []
    for i in range(len(votes) - 1):
        for j in range(votes.shape[1] - 1):
            v = votes[i : i + 2, j : j + 2].reshape(-1)
            v = np.minimum(v / (np.linalg.norm(v) + 0.02 * cell**2), 0.2)
            blocks.append(v / (np.linalg.norm(v) + 0.02))
    return np.concatenate(blocks)


def color_histogram(x: Array, set_: Settings, _: Arrays) -> Array:
    """Shares of boxes of colors."""
    height, width, n_channels = x.shape
    bins, grid = set_["bins"], set_["grid"]
    boxes, counts = np.zeros((grid, grid, bins**n_channels)), np.zeros((grid, grid))
    for i in range(height):
        for j in range(width):
            shares = {0: 1.0}
            for value in x[i, j]:
                level = value / 255 * (bins - 1)
                l = min(math.floor(level), bins - 2)
                shares = {
                    box * bins + l + step: share * part
                    for box, share in shares.items()
                    for step, part in ((0, 1 - (level - l)), (1, level - l))
                }
            place = i * grid // height, j * grid // width
            counts[place] += 1
            for box, share in shares.items():
                boxes[(*place, box)] += share
    return np.sqrt(boxes / counts[..., None]).reshape(-1)


def pca(x: Array, _: Settings, arrays: Arrays) -> Array:
    """Directions of most variance."""
    return arrays["directions"].T @ (x.reshape(-1) - arrays["mean"])


CASES: list[tuple[Any, Callable[[Array, Settings, Arrays], Array]]] = [
    (Patches(size=4, count=5, grid=2, stride=2), patches),
    (DeepPatches(size=4, count=5, pool=3, deep_size=2, deep_count=6, grid=2), deep_patches),
    (SecondOrder(size=4, count=5, pool=3, deep_size=2, directions=6), second_order),
    (Hog(cell=4, bins=9), hog),
    (ColorHistogram(bins=3, grid=2), color_histogram),
    (Pca(components=5), pca),
]


def images(image_format: ImageFormat) -> NDArray[np.uint8]:
    """Noise, and images of few levels, in which channels tie everywhere."""
    noise = random_pixels(60, image_format)
    return np.concatenate([noise, noise // 64 * 85])


@pytest.mark.parametrize("color", ["rgb", "grayscale"])
@pytest.mark.parametrize(("settings", "read"), CASES, ids=[read.__name__ for _, read in CASES])
def test_a_reader_written_from_the_document_agrees(settings: Any, read: Any, color: str) -> None:
    """To a few units in the last place of float32."""
    image_format = ImageFormat(14, 17, color, "stretch")
    pixels = images(image_format)
    column = FeatureColumn.fit((settings,), image_format.shape, pixels, seed=1)
    found = np.empty((len(pixels), column.n_features), np.float32)
    column.extract(pixels, found)
    arrays = {name: np.asarray(array, np.float64) for name, array in column.blocks[0].arrays().items()}
    for image, features in list(zip(pixels, found, strict=True))[::12]:
        expected = read(image.reshape(image_format.shape).astype(np.float64), settings.to_dict(), arrays)
        np.testing.assert_allclose(expected, features, rtol=1e-6, atol=1e-6 * max(1, np.abs(expected).max()))
