"""Cells of a grid: what is counted or averaged in each part of an image.

n places in a row are divided into g cells as equal as can be: place i belongs to cell i * g // n. An image has g * g.

Where parts of an image are looked at (looks.py), each part has cells of its own, and they overlap. The places fall into
runs that lie wholly inside a cell or wholly outside, so that a sum over a cell is a sum of some sums over runs:

    |......a......|......b......|                     cells of the part that begins at 0
            |......a......|......b......|             cells of the part that begins at 4
    |...0...|..1..|...2...|..3..|...4...|             runs: b of the first part is 2 + 3, a of the second is 1 + 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nncli.features.block import Array

WHOLE = [[(0, 0)], [(0, 0)]]
"""Where parts begin, see `Crops.in_steps_of`, if the image is its only part."""


class Cells:
    """The cells of parts of a row of places.

    Args:
        n: Places of a part.
        grid: Cells of a part.
        begins: Where parts begin.
        n_all: Places of the row.

    Attributes:
        parts: The number of the part that begins at a place.
        belongs: 1 where a place belongs to a cell, 0 elsewhere, one part below the other, (parts * grid, n_all).
        runs: The first place of each run; the first is 0.
        of_runs: 1 where a run belongs to a cell, (parts * grid, runs).
    """

    def __init__(self, n: int, grid: int, begins: set[int], n_all: int) -> None:
        self.parts = {begin: part for part, begin in enumerate(sorted(begins))}
        self.belongs = np.vstack([_within(belongs(n, grid), begin, n_all) for begin in self.parts])
        changes = (np.diff(self.belongs) != 0).any(axis=0)
        self.runs = [0, *(1 + np.flatnonzero(changes)).tolist()]
        self.of_runs = np.ascontiguousarray(self.belongs[:, self.runs])

    @property
    def n_places(self) -> Array:
        """Of each cell, (parts * grid,)."""
        n_places: Array = self.belongs.sum(axis=1)
        return n_places

    @property
    def averages(self) -> Array:
        """The matrix that averages over each cell, (parts * grid, n_all)."""
        averages: Array = self.belongs / self.n_places[:, None]
        return averages


def cells_of_parts(
    positions: tuple[int, int], grid: int, places: list[list[tuple[int, int]]], within: tuple[int, int]
) -> tuple[Cells, Cells]:
    """The cells of parts, down and across.

    Args:
        positions: Places of a part, down and across.
        grid: Cells of a part, down and across.
        places: Where parts of the image and of its mirror image begin, down and across.
        within: All places of the image.
    """
    begins = [{place[axis] for side in places for place in side} for axis in (0, 1)]
    down, across = map(Cells, positions, (grid, grid), begins, within)
    return down, across


def pooling(
    positions: tuple[int, int], grid: int, place: tuple[int, int] = (0, 0), within: tuple[int, int] | None = None
) -> Array:
    """The matrix that averages over the cells of a grid, (grid * grid, all places).

    Args:
        positions: Places down and across that are divided into cells.
        grid: Cells down and across.
        place: Where these begin, if there are others around them.
        within: All places, down and across.
    """
    down, across = (
        Cells(n, grid, {begin}, n_all).averages
        for n, begin, n_all in zip(positions, place, within or positions, strict=True)
    )
    cells: Array = np.einsum("ay,bx->abyx", down, across).reshape(grid * grid, -1)
    return cells


def belongs(n: int, grid: int) -> Array:
    """1 where a place belongs to a cell, 0 elsewhere, (grid, n)."""
    cell = np.arange(n) * grid // n
    belongs: Array = (cell == np.arange(grid)[:, None]).astype(np.float32)
    return belongs


def _within(matrix: Array, begin: int, n_all: int) -> Array:
    """Columns of a matrix among others that are 0, (rows, n_all)."""
    return np.pad(matrix, ((0, 0), (begin, n_all - begin - matrix.shape[1])))
