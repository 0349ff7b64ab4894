"""Thumbnails of a report, as data URIs: which ones, and not more than a page can bear.

A page of a hundred classes has up to ten thousand cells. Every cell gets its first image before any gets its second,
and so on, until the budget is used up.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.image.image_format import ImageFormat
from nncli.data.image.image_sizes import sizes_of
from nncli.data.loading import load_images
from nncli.pictures.thumbnails import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nncli.evaluation.evaluation import Evaluation

SIDE = 64
"""Pixels of a thumbnail's side at most; smaller images keep their size."""

MOST, MOST_BYTES = 4000, 6_000_000
"""Thumbnails in a page, and their size as they stand in it."""

PER_CELL = 24

Cells = dict[tuple[int, int], list[int]]
"""Actual and predicted class -> rows of the images, the ones most worth a look first."""


def cells_of(evaluation: Evaluation) -> Cells:
    """Images by cell of the confusion matrix: most confident mistakes and least confident correct ones first."""
    is_wrong = evaluation.actual != evaluation.predicted
    worth = np.where(is_wrong, evaluation.confidence, 1 - evaluation.confidence)
    cells: Cells = {}
    for row in np.argsort(-worth, kind="stable").tolist():
        cells.setdefault((int(evaluation.actual[row]), int(evaluation.predicted[row])), []).append(row)
    return cells


def choose(cells: Cells, first: Sequence[int], most: int) -> list[int]:
    """The rows of at most `most` images: `first`, then one of each cell in turn, the few right cells first."""
    chosen = dict.fromkeys(first[:most])
    order = sorted(cells, key=lambda cell: cell[0] != cell[1])
    for turn in range(PER_CELL):
        for cell in order:
            if len(chosen) >= most:
                return list(chosen)
            if turn < len(cells[cell]):
                chosen.setdefault(cells[cell][turn])
    return list(chosen)


def thumbnails(paths: Sequence[str], most_bytes: int = MOST_BYTES) -> dict[int, str]:
    """Data URIs of the images at `paths` by their place, the first ones that fit into `most_bytes`.

    Those that cannot be read any more are left out.
    """
    sizes = sizes_of(paths)
    usual = max(sizes.most_common(1)[0][0]) if sizes else SIDE
    side = max(8, min(SIDE, usual))
    loaded = load_images(paths, ImageFormat(side, side, "rgb", "pad"))
    found, total = {}, 0
    for place, tile in zip(loaded.kept.tolist(), loaded.pixels.reshape(-1, side, side, 3), strict=True):
        uri = data_uri(encoded(tile))
        total += len(uri)
        if total > most_bytes:
            break
        found[place] = uri
    return found


def shown_images(
    paths: Sequence[str], rows: Sequence[int], words: Callable[[int], tuple[str, str]], most_bytes: int
) -> list[dict[str, str]]:
    """Images that a page shows with the right answer and the one that was told.

    Args:
        paths: Of all images.
        rows: Which are shown, in this order; those that do not fit, or cannot be read any more, are left out.
        words: From a row to the right answer and the one that was told.
        most_bytes: For all thumbnails together.
    """
    shown = []
    for place, uri in sorted(thumbnails([paths[row] for row in rows], most_bytes).items()):
        actual, told = words(rows[place])
        shown.append({"src": uri, "name": Path(paths[rows[place]]).name, "actual": actual, "told": told})
    return shown


def data_uri(data: bytes) -> str:
    """Data URI of a picture: the bytes of a WebP or PNG file."""
    kind = "png" if data.startswith(b"\x89PNG") else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
