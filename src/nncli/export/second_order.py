"""Products of pairs of answers in ONNX: the windows of deep_patches.py, then one product of matrices for each image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.export.deep_patches import answers_of_windows
from nncli.features.second_order import LINEAR

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.second_order import SecondOrderBlock


def second_order(graph: Graph, images: Images, block: SecondOrderBlock) -> str:
    """The covariance of the answers over all places, on and above its diagonal, about square roots of it."""
    r = block.settings.directions
    z = graph.reshape(answers_of_windows(graph, images, block.windows), 0, r, -1)  # (m, r, n)
    z = graph.add("Sub", z, graph.add("ReduceMean", z, axes=[2], keepdims=1))
    products = graph.add("MatMul", z, graph.add("Transpose", z, perm=[0, 2, 1]))
    n_places = int(np.prod(block.windows.positions))
    covariance = graph.add("Div", graph.reshape(products, 0, -1), n_places)
    pairs = np.flatnonzero(np.triu(np.ones((r, r)))).astype(np.int64)
    upper = graph.add("Gather", covariance, pairs, axis=1)
    return graph.add("Div", upper, graph.add("Sqrt", graph.add("Add", graph.add("Abs", upper), LINEAR)))
