"""Windows of 3 * 3 squares with 4 ninths of the multiplications: Winograd's short convolutions.

Compared with a pattern g of three values, three neighbors at a time, four values d give two answers. As they stand that
is six multiplications. Four do, if sums that both answers need are made first:

    d0 g0 + d1 g1 + d2 g2 = a + b + c        a = (d0 - d2) g0                       b = (d1 + d2) (g0 + g1 + g2) / 2
    d1 g0 + d2 g1 + d3 g2 = b - c - e        e = (d1 - d3) g2                       c = (d2 - d1) (g0 - g1 + g2) / 2

What is made of g is made once. Down and across, 4 * 4 squares give 2 * 2 answers by 16 multiplications in place of 36.
A square has many channels and there are many patterns, so each of these multiplications is a product of matrices,
(blocks of 2 * 2 answers, channels) @ (channels, patterns), and the sums before and after it cost little beside it.
Nothing is left out: the answers are the same up to rounding.

Sources: Winograd 1980, "Arithmetic complexity of computations"; Lavin and Gray 2016, "Fast algorithms for convolutional
neural networks" (section 4.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.machine.backend import on_host

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array

SIZE = 3
"""Height and width of a window."""

OF_PATTERNS = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
"""Sums of a pattern that its windows are multiplied with, in the order a, b, c, e."""


class Winograd:
    """The answers of patterns to all windows of a map.

    Args:
        map_shape: q, q'.
        patterns: One per column, (3 * 3 * channels, K).

    Attributes:
        places: The place of each row of answers, counted row by row; rows behind the last window have the place n.
    """

    def __init__(self, map_shape: tuple[int, int], patterns: Array) -> None:
        down, across = (n - SIZE + 1 for n in map_shape)
        blocks = self._blocks = -(-down // 2), -(-across // 2)
        channels, count = len(patterns) // SIZE**2, patterns.shape[1]
        g = on_host(patterns).reshape(SIZE, SIZE, channels, count).astype(np.float64)
        made = np.einsum("ai,bj,ijmn->abmn", OF_PATTERNS, OF_PATTERNS, g).astype(np.float32)
        self._patterns = np.asarray(made.reshape(16, channels, count), like=patterns)
        self._map = np.zeros((2 * blocks[0] + 2, 2 * blocks[1] + 2, channels), np.float32, like=patterns)
        self._down = np.empty((4, blocks[0], 2 * blocks[1] + 2, channels), np.float32, like=patterns)
        self._both = np.empty((4, 4, *blocks, channels), np.float32, like=patterns)
        self._products = np.empty((16, blocks[0] * blocks[1], count), np.float32, like=patterns)
        self._sums = np.empty((2, 4, blocks[0] * blocks[1], count), np.float32, like=patterns)
        self._answers = np.empty((2, 2, blocks[0] * blocks[1], count), np.float32, like=patterns)
        self.places = _places(down, across, blocks)

    def __call__(self, image_map: Array) -> Array:
        """The answers to the windows of a map, (q, q', channels): (n', K), overwritten by the next."""
        padded = self._map
        padded[: image_map.shape[0], : image_map.shape[1]] = image_map
        _differences([padded[i : i + 2 * self._blocks[0] : 2] for i in range(4)], list(self._down))
        columns = [self._down[:, :, j : j + 2 * self._blocks[1] : 2] for j in range(4)]
        _differences(columns, [self._both[:, j] for j in range(4)])
        np.matmul(self._both.reshape(16, -1, padded.shape[2]), self._patterns, out=self._products)
        by_row = self._products.reshape(4, 4, *self._products.shape[1:])
        _totals(list(by_row), list(self._sums))
        _totals([self._sums[:, j] for j in range(4)], [self._answers[:, j] for j in range(2)])
        return self._answers.reshape(-1, self._answers.shape[3])


def _differences(d: list[Array], out: list[Array]) -> None:
    """Write a, b, c, e of d0 to d3 before they are multiplied."""
    np.subtract(d[0], d[2], out=out[0])
    np.add(d[1], d[2], out=out[1])
    np.subtract(d[2], d[1], out=out[2])
    np.subtract(d[1], d[3], out=out[3])


def _totals(products: list[Array], out: list[Array]) -> None:
    """Two answers, a + b + c and b - c - e."""
    a, b, c, e = products
    np.add(a, b, out=out[0])
    out[0] += c
    np.subtract(b, c, out=out[1])
    out[1] -= e


def _places(down: int, across: int, blocks: tuple[int, int]) -> NDArray[np.intp]:
    """See `Winograd`."""
    place: NDArray[Any] = np.full((2 * blocks[0], 2 * blocks[1]), down * across)
    place[:down, :across] = np.arange(down * across).reshape(down, across)
    ordered: NDArray[np.intp] = place.reshape(blocks[0], 2, blocks[1], 2).transpose(1, 3, 0, 2).ravel()
    return ordered
