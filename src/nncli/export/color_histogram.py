"""Histograms of colors in ONNX: weights that are 0 nearly everywhere add up to the same counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.color_histogram import ColorHistogramBlock


def color_histogram(graph: Graph, images: Images, block: ColorHistogramBlock) -> str:
    """Shares of each of 256 levels in each bin are a table; a box gets the products, added up over its cell."""
    bins, grid, channels = block.settings.bins, block.settings.grid, images.shape[2]
    height, width, _ = images.shape
    places, is_place = _places_of_cells(height, width, grid)
    n_cells, n_places = places.shape
    values = graph.reshape(graph.add("Cast", images.pixels, to=7), 0, height * width, channels)
    values = graph.add("Gather", values, places, axis=1)  # (m, cells, places, channels)
    shares = graph.add("Gather", _shares(bins), values, axis=0)  # (m, cells, places, channels, bins)
    weights = [
        graph.reshape(graph.slice(shares, 3, channel, channel + 1), 0, n_cells, n_places, bins)
        for channel in range(channels)
    ]
    weights[0] = graph.add("Mul", weights[0], is_place[..., None].astype(np.float32))
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
    share = graph.add("Div", counts, is_place.sum(axis=1).astype(np.float32)[:, None])
    return graph.add("Flatten", graph.add("Sqrt", share), axis=1)


def _shares(bins: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Shares of the values 0..255 in each bin, (256, bins); as nncli computes it, for a root makes much of little."""
    level = np.arange(256, dtype=np.uint8) * np.float32((bins - 1) / 255)
    lower = np.minimum(level.astype(np.intp), bins - 2)
    share = level - lower.astype(np.float32)
    table = np.zeros((256, bins), np.float32)
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
