"""Histograms of oriented gradients in ONNX: where nncli counts votes one by one, a graph multiplies with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.features.hog import CUT, FAINT

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.hog import HogBlock


def hog(graph: Graph, images: Images, block: HogBlock) -> str:
    """Votes for every bin at every pixel, averaged in cells, and blocks of them normalized twice."""
    cell, bins = block.settings.cell, block.settings.bins
    down, across = images.shape[0] // cell, images.shape[1] // cell
    dy, dx = _gradients(graph, images, down * cell, across * cell)
    length = graph.add("Sqrt", graph.add("Add", graph.add("Mul", dx, dx), graph.add("Mul", dy, dy)))
    # Over half a turn the arc tangent of the quotient is enough; an edge straight down or none must not divide by 0.
    is_upright = graph.add("Equal", dx, 0)
    slope = graph.add("Div", dy, graph.add("Where", is_upright, 1e-12, dx))
    place = graph.add("Mul", graph.add("Atan", slope), bins / np.pi)  # (m, 1, y, x), -bins / 2 .. bins / 2
    distance = graph.add("Sub", place, np.arange(bins, dtype=np.float32).reshape(-1, 1, 1))
    around = graph.add("Abs", graph.add("Add", distance, bins))
    distance = graph.add("Min", graph.add("Abs", distance), around)
    votes = graph.add("Mul", graph.add("Relu", graph.add("Sub", 1, distance)), length)
    cells = graph.add("AveragePool", votes, kernel_shape=[cell, cell], strides=[cell, cell])
    cells = graph.add("Mul", cells, cell**2)  # (m, bins, down, across)

    rows = [graph.slice(cells, 2, i, down - 1 + i) for i in (0, 1)]
    corners = [graph.slice(row, 3, j, across - 1 + j) for row in rows for j in (0, 1)]
    blocks = graph.add("Concat", *corners, axis=1)
    blocks = _divided_by_length(graph, blocks, FAINT * cell**2)
    blocks = _divided_by_length(graph, graph.at_most(blocks, CUT), FAINT)
    return graph.add("Flatten", graph.add("Transpose", blocks, perm=[0, 2, 3, 1]), axis=1)


def _gradients(graph: Graph, images: Images, height: int, width: int) -> tuple[str, str]:
    """Differences down and across of the channel with the longest, (m, 1, height, width); 0 at the border."""
    values = graph.add("Mul", images.planes, 1 / 255)
    found = []
    for axis in (2, 3):
        size = images.shape[axis - 2]
        inner = graph.add("Sub", graph.slice(values, axis, 2, size), graph.slice(values, axis, 0, size - 2))
        border = [0] * 8
        border[axis] = border[axis + 4] = 1
        found.append(graph.add("Pad", inner, np.array(border, np.int64)))
    if images.shape[2] > 1:
        squares = [graph.add("Mul", each, each) for each in found]
        strongest = graph.add("ArgMax", graph.add("Add", *squares), axis=1, keepdims=1)
        found = [graph.add("GatherElements", each, strongest, axis=1) for each in found]
    dy, dx = (graph.slice(graph.slice(each, 2, 0, height), 3, 0, width) for each in found)
    return dy, dx


def _divided_by_length(graph: Graph, columns: str, faint: float) -> str:
    """Each column along axis 1 divided by its length plus `faint`."""
    length = graph.add("Sqrt", graph.sum(graph.add("Mul", columns, columns), 1))
    return graph.add("Div", columns, graph.add("Add", length, faint))
