"""Patterns of learned patches in ONNX: the same convolutions once more, on the map of the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.export.patches import answers_of, averages, kernels
from nncli.features.cells import pooling

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.deep_patches import DeepPatchesBlock


def deep_patches(graph: Graph, images: Images, block: DeepPatchesBlock) -> str:
    """The strong answers of each pattern in each cell, and of its negative."""
    settings, answers = block.settings, answers_of_windows(graph, images, block)
    cells = pooling(block.positions, settings.grid)
    return averages(graph, answers, settings.deep_count, settings.deep_threshold, cells)


def answers_of_windows(graph: Graph, images: Images, block: DeepPatchesBlock) -> str:
    """The same once more on the map of the answers, where a window is divided by its length: (m, K', down, across)."""
    settings, answers = block.settings, answers_of(graph, images, block.layer)
    both = graph.add("Concat", answers, graph.add("Neg", answers), axis=1)
    strong = graph.add("Relu", graph.add("Sub", both, settings.threshold))
    pool, step = settings.pool, max(settings.pool // 2, 1)
    maps = graph.add("AveragePool", strong, kernel_shape=[pool] * 2, strides=[step] * 2)

    window = [settings.deep_size] * 2
    box = np.ones((1, 2 * settings.count, settings.deep_size, settings.deep_size), np.float32)
    length = graph.add("Sqrt", graph.add("Conv", graph.add("Mul", maps, maps), box, kernel_shape=window))
    deep = graph.add("Conv", maps, kernels(block.deep_matrix, settings.deep_size), kernel_shape=window)
    deep = graph.add("Div", deep, graph.add("Add", length, block.faint))
    return graph.add("Add", deep, block.deep_matrix[-1].reshape(-1, 1, 1))
