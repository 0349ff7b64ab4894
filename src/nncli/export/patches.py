"""Learned patches in ONNX: convolutions, divided by the contrast of each place, and averages over cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.cells import pooling
from nncli.features.dictionary import FOLD, TINY

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.block import Array
    from nncli.features.patches import PatchesBlock
    from nncli.features.tiles import Layer


def patches(graph: Graph, images: Images, block: PatchesBlock) -> str:
    """The strong answers of each patch in each cell, and of its negative."""
    settings = block.settings
    answers = answers_of(graph, images, block.layer)
    return averages(graph, answers, settings.count, settings.threshold, pooling(block.positions, settings.grid))


def answers_of(graph: Graph, images: Images, layer: Layer) -> str:
    """How strongly each patch answers at each place, (m, K, down, across)."""
    settings, channels = layer.settings, images.shape[2]
    d = settings.size**2 * channels
    window: dict[str, Any] = {"kernel_shape": [settings.size] * 2, "strides": [settings.stride] * 2}
    box = np.ones((1, channels, settings.size, settings.size), np.float32)
    total = graph.add("Conv", images.planes, box, **window)
    squares = graph.add("Conv", graph.add("Mul", images.planes, images.planes), box, **window)
    variance = graph.add("Sub", squares, graph.add("Div", graph.add("Mul", total, total), d))
    variance = graph.add("Div", graph.add("Relu", variance), d)
    deviation = graph.add("Sqrt", graph.add("Add", variance, (settings.contrast + TINY) * FOLD))
    # Every patch sums to 0, so the image's mean makes no difference; but without it, flat places lose fewer digits.
    centered = graph.add("Sub", images.planes, graph.add("ReduceMean", images.planes, axes=[1, 2, 3], keepdims=1))
    answers = graph.add("Conv", centered, kernels(layer.matrix, settings.size), **window)
    return graph.add("Add", graph.add("Div", answers, deviation), layer.matrix[-1].reshape(-1, 1, 1))


def kernels(matrix: Array, size: int) -> Array:
    """The patches of a matrix (size * size * channels + 1, K), as ONNX has them, (K, channels, size, size)."""
    kernels: Array = matrix[:-1].T.reshape(matrix.shape[1], size, size, -1).transpose(0, 3, 1, 2)
    return kernels


def averages(graph: Graph, answers: str, count: int, threshold: float, cells: Array) -> str:
    """Parts above the threshold and below minus the threshold, averaged over cells, as one column each."""
    places = graph.reshape(answers, 0, count, -1)
    halves = []
    for part in (graph.at_least(places, threshold), graph.at_most(places, -threshold)):
        pooled = graph.add("MatMul", part, cells.T)  # (m, K, cells)
        halves.append(graph.add("Flatten", graph.add("Transpose", pooled, perm=[0, 2, 1]), axis=1))
    return graph.add("Concat", *halves, axis=1)
