"""From images to feature columns in ONNX: what nncli.features does, said in operations.

Each block takes the images twice, as uint8 (m, height, width, channels) and as float32 (m, channels, height, width),
and makes (m, n_features) float32, the entries in the same order. Where nncli counts votes one by one, a graph
multiplies with weights that are 0 nearly everywhere: the sums are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import UsageError
from nncli.export.graph import Images
from nncli.export.patches import deep_patches, patches
from nncli.features.hog import CUT, FAINT

if TYPE_CHECKING:
    from collections.abc import Callable

    from nncli.export.graph import Graph
    from nncli.features.color_histogram import ColorHistogramBlock
    from nncli.features.column import FeatureColumn
    from nncli.features.hog import HogBlock
    from nncli.features.pca import PcaBlock

f32 = np.float32


def column(graph: Graph, levels: str, features: FeatureColumn) -> str:
    """Append the feature column of the images called `levels`; its name.

    Raises:
        UsageError: A block cannot be said in ONNX.
    """
    planes = graph.add("Cast", levels, to=1)
    images = Images(levels, graph.add("Transpose", planes, perm=[0, 3, 1, 2]), features.shape)
    parts = []
    for settings, block in zip(features.features, features.blocks, strict=True):
        if settings.kind not in BLOCKS:
            raise UsageError(f"the feature block {settings.kind} cannot be exported to ONNX; nncli itself can use it")
        parts.append(BLOCKS[settings.kind](graph, images, block))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def pixels(graph: Graph, images: Images, _block: object) -> str:
    """The values themselves."""
    return graph.add("Flatten", graph.add("Cast", images.levels, to=1), axis=1)


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
    distance = graph.add("Sub", place, np.arange(bins, dtype=f32).reshape(-1, 1, 1))
    around = graph.add("Abs", graph.add("Add", distance, bins))
    distance = graph.add("Min", graph.add("Abs", distance), around)
    votes = graph.add("Mul", graph.add("Relu", graph.add("Sub", 1, distance)), length)
    cells = graph.add("AveragePool", votes, kernel_shape=[cell, cell], strides=[cell, cell])
    cells = graph.add("Mul", cells, cell**2)  # (m, bins, down, across)

    rows = [graph.slice(cells, 2, i, down - 1 + i) for i in (0, 1)]
    corners = [graph.slice(row, 3, j, across - 1 + j) for row in rows for j in (0, 1)]
    blocks = graph.add("Concat", *corners, axis=1)
    blocks = _divided_by_length(graph, blocks, FAINT * cell**2)
    blocks = _divided_by_length(graph, graph.add("Min", blocks, CUT), FAINT)
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


def color_histogram(graph: Graph, images: Images, block: ColorHistogramBlock) -> str:
    """What each of 256 levels gives to each bin is a table; a box gets the products, added up over its cell."""
    bins, grid, channels = block.settings.bins, block.settings.grid, images.shape[2]
    height, width, _ = images.shape
    places, is_place = _places_of_cells(height, width, grid)
    n_cells, n_places = places.shape
    values = graph.reshape(graph.add("Cast", images.levels, to=7), 0, height * width, channels)
    values = graph.add("Gather", values, places, axis=1)  # (m, cells, places, channels)
    shares = graph.add("Gather", _shares(bins), values, axis=0)  # (m, cells, places, channels, bins)
    weights = [
        graph.reshape(graph.slice(shares, 3, channel, channel + 1), 0, n_cells, n_places, bins)
        for channel in range(channels)
    ]
    weights[0] = graph.add("Mul", weights[0], is_place[..., None].astype(f32))
    if channels == 1:
        counts = graph.sum(weights[0], 2)
    else:
        red, green, blue = weights
        pairs = graph.add(
            "Mul",
            graph.reshape(red, 0, n_cells, n_places, bins, 1),
            graph.reshape(green, 0, n_cells, n_places, 1, bins),
        )
        pairs = graph.reshape(pairs, 0, n_cells, n_places, bins**2)
        counts = graph.add("MatMul", graph.add("Transpose", pairs, perm=[0, 1, 3, 2]), blue)
    counts = graph.reshape(counts, 0, n_cells, bins**channels)
    share = graph.add("Div", counts, is_place.sum(axis=1).astype(f32)[:, None])
    return graph.add("Flatten", graph.add("Sqrt", share), axis=1)


def _shares(bins: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What a value of 0..255 gives to each bin, (256, bins); as nncli computes it, for a root makes much of little."""
    level = np.arange(256, dtype=np.uint8) * f32((bins - 1) / 255)
    lower = np.minimum(level.astype(np.intp), bins - 2)
    share = level - lower.astype(f32)
    table = np.zeros((256, bins), f32)
    table[np.arange(256), lower] = 1 - share
    table[np.arange(256), lower + 1] = share
    return table


def _places_of_cells(height: int, width: int, grid: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The pixels of each cell, (cells, most pixels of a cell), and whether an entry is one; the last are fill."""
    row, across = np.arange(height) * grid // height, np.arange(width) * grid // width
    cells = (row[:, None] * grid + across).ravel()
    n_places = np.bincount(cells)
    places = np.zeros((grid**2, n_places.max()), np.int64)
    is_place = np.arange(n_places.max()) < n_places[:, None]
    places[is_place] = np.argsort(cells, kind="stable")
    return places, is_place


def pca(graph: Graph, images: Images, block: PcaBlock) -> str:
    """A product, after the average image was subtracted."""
    values = graph.add("Flatten", graph.add("Cast", images.levels, to=1), axis=1)
    return graph.add("MatMul", graph.add("Sub", values, block.mean), block.directions)


BLOCKS: dict[str, Callable[[Graph, Images, Any], str]] = {
    "pixels": pixels,
    "patches": patches,
    "deep_patches": deep_patches,
    "hog": hog,
    "color_histogram": color_histogram,
    "pca": pca,
}
"""Every kind of block that can be exported."""
