"""The span of the training columns: where a network can learn anything at all.

**Gradient descent never leaves the span.** The first layer computes Z = W X + b for the m training columns X, (n, m),
and its gradient is dW = dZ X^T: every row of it is a mixture of the training columns. Split the first weights into a
part whose rows lie in the span of the columns and a part perpendicular to it, W = W_in + W_out. Then

    W_out X = 0            what lies outside does not change a single training answer
    dW = dZ X^T            so no step, with momentum or without, ever changes W_out; weight decay only shrinks it

W_out stays what it was at the start: random. To a new image x = x_in + x_out it adds W_out x_out, which is noise that
nothing has been learned about. With 13,000 features and 450 photos nearly all of W is of this kind.

So nothing is lost, and noise and most of the work are, if the columns are projected on directions V that span them:

    z = f V^T (x - mean)        V^T V = I, (n, r), r at most m - 1; f is one number

The directions are the principal ones, those in which the columns differ most, so that the last ones can be left out.
One factor f for all brings the average variance to 1. To divide each direction by its own deviation (to whiten) would
blow up the last ones, which are mostly noise. (Adam scales its steps entry by entry, which is not the same in z as in
x: there the projected network is another one, no worse in our trials.)

Three ways to find V. With X^T for the centered columns as rows, (m, n):

    few columns       the Gram matrix X^T X, (m, m): if u is an eigenvector of it with eigenvalue s^2, then X u / s is
                      a direction. Features come a block at a time, so the columns are never there as floats at once.
    few features      the eigenvectors of X X^T, (n, n)
    many of both      subspace iteration: V = orthonormal basis of (X X^T)^q S, where S, (n, r + p), are the directions
                      of a thousand of the columns, found as above: they are near, and cost as much as half a pass.
                      Each pass multiplies the share of the direction i by its eigenvalue, so that the first ones win.
                      Between passes any basis will do whose vectors are about perpendicular: with the triangle R^T R =
                      Y^T Y of Cholesky, Y R^-1 is one, in less time and memory than Householder's. Done twice, it is
                      perpendicular up to rounding (CholeskyQR2).
                      At the end the small problem V^T X X^T V, the products of V^T X, is solved exactly (Rayleigh and
                      Ritz).

Sources: Halko, Martinsson and Tropp 2011, "Finding structure with randomness" (algorithms 4.4 and 5.3); Yamamoto et al.
2015, "Roundoff error analysis of the CholeskyQR2 algorithm"; Sirovich 1987 (the Gram matrix, "method of snapshots");
Zhang, Bengio et al. 2017, "Understanding deep learning requires rethinking generalization", section 5 (gradient descent
stays in the span of the data).
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nncli.machine.backend import on_host
from nncli.machine.forking import number_of_processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

Array = np.ndarray[Any, np.dtype[np.float32]]

MOST_EXACT = 1_024
"""Columns, or features, up to which the directions are exact."""

MOST_COLUMNS = 10_000
"""Training columns that a network's directions are taken from: more change the first ones little."""

MORE = 10
"""Directions more than wanted that the iteration carries along, for the last ones to be found as well (p)."""

PASSES = 2
"""Passes of the iteration (q): they find what three from random directions do."""

PASSES_FROM_RANDOM = 6
"""Passes from random directions, where a matrix is known as a whole and they are cheap."""

FAINTEST = 1e-6
"""Smallest deviation along a direction, as a share of the largest one; below it is rounding alone."""

ROUNDING = 1e-10
"""Added to mean squares, as a share of them, for a matrix to have a triangle."""

TINY = 1e-30
"""Added where all are 0."""

BLOCK_VALUES = 1 << 21
"""Entries of columns at a time: 8 MB."""

ENTRIES = 1 << 12
"""Entries of columns projected at a time: all of them in float64 would take much memory."""


class Columns(Protocol):
    """Training columns as rows, given a part at a time, which may lie on a GPU."""

    @property
    def shape(self) -> tuple[int, int]:
        """m and n."""

    @property
    def like(self) -> Array:
        """An array that lies where parts do."""

    def part(self, rows: slice, entries: slice) -> Array:
        """Some of the entries of some of the columns, (m', n')."""

    def some(self, rows: NDArray[np.intp]) -> Columns:
        """Some of the columns alone."""


class ScaledRows:
    """Rows of an array, stored as they are, scaled when they are asked for: x * scale + offset.

    Args:
        stored: (M, n), of bytes or floats.
        scale, offset: (n,); where these lie, parts are brought to and scaled.
        rows: Which rows, (m,); all by default.
        on_read: Told how many rows were just read, in whole or in part.
    """

    def __init__(
        self,
        stored: NDArray[Any],
        scale: Array,
        offset: Array,
        rows: NDArray[np.intp] | None = None,
        on_read: Callable[[int], None] = lambda _n: None,
    ) -> None:
        self._stored, self._scale, self._offset, self._on_read = stored, scale, offset, on_read
        self._rows = np.arange(len(stored)) if rows is None else rows

    @property
    def shape(self) -> tuple[int, int]:
        """m and n."""
        return len(self._rows), int(self._stored.shape[1])

    @property
    def like(self) -> Array:
        """An array that lies where parts do."""
        return self._scale

    def part(self, rows: slice, entries: slice) -> Array:
        """Some of the entries of some of the rows, scaled, (m', n')."""
        stored = self._stored[:, entries][self._rows[rows]]  # several times as fast as [,]
        part: Array = np.asarray(stored, like=self._scale).astype(np.float32)
        part *= self._scale[entries]
        part += self._offset[entries]
        self._on_read(len(part))
        return part

    def some(self, rows: NDArray[np.intp]) -> ScaledRows:
        """Some of the rows alone."""
        return ScaledRows(self._stored, self._scale, self._offset, self._rows[rows], self._on_read)


class Projection:
    """z = x matrix + shift, for columns x as rows.

    The matrix is kept in half precision, in training as in the model file: its entries err by 1 in 4,000 either way,
    which mean out over a column.

    Args:
        matrix: f V, (n, r) float16.
        shift: -f V^T mean, (r,) float32.
    """

    def __init__(self, matrix: NDArray[np.float16], shift: Array) -> None:
        self.matrix, self.shift = matrix, shift
        self._ready: dict[str, NDArray[Any]] = {}

    @property
    def n_directions(self) -> int:
        """r."""
        return int(self.matrix.shape[1])

    def moved_to(self, like: NDArray[Any]) -> Projection:
        """The same, its arrays lying where `like` does."""
        matrix = np.asarray(self.matrix, like=like)
        return self if matrix is self.matrix else Projection(matrix, np.asarray(self.shift, like=like))

    def apply(self, x: NDArray[Any], out: NDArray[Any]) -> None:
        """Project the rows of `x`, (m, n), into `out`, (m, r), in the precision of `out`."""
        matrix = self.prepare(out.dtype)
        out[:] = self.shift
        for start in range(0, len(matrix), ENTRIES):
            some = slice(start, start + ENTRIES)
            out += x[:, some].astype(out.dtype, copy=False) @ matrix[some]

    def prepare(self, dtype: DTypeLike) -> NDArray[Any]:
        """The matrix in the precision of what it will write; made once."""
        precision = np.dtype(dtype).str
        if precision not in self._ready:
            self._ready[precision] = self.matrix.astype(dtype)
        return self._ready[precision]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Matrix and shift, by their names in a model file."""
        return {"projection": self.matrix, "projection_shift": self.shift}


def taken(n_columns: int) -> slice:
    """The columns of so many that a network's directions are taken from: evenly spaced ones."""
    return slice(None, None, max(1, -(-n_columns // MOST_COLUMNS)))


def n_visits(n_columns: int) -> int:
    """How many columns `fit_projection` tells of, those of every pass counted."""
    return (PASSES + 1) * n_columns


def fit_projection(columns: Columns, wanted: int, on_progress: Callable[[int], None] = lambda _n: None) -> Projection:
    """The projection on the principal directions of the columns.

    Args:
        columns: At least one; about centered and scaled, as a network's input is.
        wanted: r. Where the columns span fewer dimensions, the last directions are 0.
        on_progress: Told each number of columns just visited, `n_visits` in all.

    Returns:
        Of r directions. The same columns give the same bits.
    """
    m, n = columns.shape
    mean = _mean(columns)
    if m <= MOST_EXACT or m <= n <= 2 * wanted:
        eigenvalues, V = _by_gram_matrix(columns, mean, wanted)
        on_progress(n_visits(m))
    elif n <= MOST_EXACT:
        covariance = _added_up(columns, mean, lambda part: part.T @ part, on_progress)
        eigenvalues, V = _leading(covariance.astype(np.float64), wanted)
        on_progress(n_visits(m) - m)
    else:
        eigenvalues, V = _by_iteration(columns, mean, wanted, on_progress)
    deviation = np.sqrt(np.maximum(eigenvalues, 0))
    kept = int((deviation > _least(float(deviation[0]))).sum())
    matrix, shift = np.zeros((n, wanted), np.float16), np.zeros(wanted)
    variance, signs = float(eigenvalues[:kept].sum()) / max(m * kept, 1), _signs(V[:, :kept])
    for start in range(0, n if kept else 0, ENTRIES):  # all of them in float64 would take much memory
        some = slice(start, start + ENTRIES)
        matrix[some, :kept] = V[some, :kept] * signs / math.sqrt(variance)
        shift -= mean[some] @ matrix[some].astype(np.float64)
    return Projection(matrix, shift.astype(np.float32))


def leading_eigenvectors(C: NDArray[Any], r: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The r largest eigenvalues of a symmetric matrix, (r,), and their eigenvectors, (n, r); fewer if n is smaller.

    Args:
        C: (n, n), positive semidefinite; by the iteration where n is large, exact otherwise.
        r: How many.
    """
    n = len(C)
    if n <= max(MOST_EXACT, 3 * r):
        return _leading(C.astype(np.float64), r)
    matrix = C.astype(np.float32)
    V = _random(n, r + MORE)
    for _ in range(PASSES_FROM_RANDOM):
        V = np.linalg.qr(matrix @ V)[0]
    eigenvalues, small = _leading((V.T @ (matrix @ V)).astype(np.float64), r)
    return eigenvalues, V @ small


def _leading(C: NDArray[np.float64], r: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `leading_eigenvectors`, exact."""
    eigenvalues, V = np.linalg.eigh(C)
    return eigenvalues[::-1][:r], V[:, ::-1][:, :r]


def _by_gram_matrix(columns: Columns, mean: NDArray[np.float64], r: int) -> Any:
    """Eigenvalues and directions from the products of the columns with each other."""
    m, n = columns.shape
    mean32 = np.asarray(mean.astype(np.float32), like=columns.like)
    gram = np.zeros((m, m), np.float64)
    blocks = _blocks(n, m)
    for block in blocks:
        part = columns.part(slice(None), block)
        part -= mean32[block]
        gram += on_host(part @ part.T)
    eigenvalues, U = _leading(gram, r)
    length = np.sqrt(np.maximum(eigenvalues, 0))
    scaled = (U / np.maximum(length, _least(float(length[0])))).astype(np.float32)
    V, there = np.empty((n, scaled.shape[1]), np.float32), np.asarray(scaled, like=columns.like)
    for block in blocks:
        V[block] = on_host((columns.part(slice(None), block) - mean32[block]).T @ there)
    return eigenvalues, V


def _by_iteration(columns: Columns, mean: NDArray[np.float64], r: int, on_progress: Callable[[int], None]) -> Any:
    """Eigenvalues and directions by subspace iteration."""
    V = _start(columns, r + MORE)

    def solved(part: Array) -> Array:
        projected = part @ there
        return projected.T @ projected

    for _ in range(PASSES):
        V = _about_perpendicular(one_pass(columns, mean, V, on_progress))
    V = _about_perpendicular(V)
    there = np.asarray(V, like=columns.like)
    eigenvalues, small = _leading(_added_up(columns, mean, solved, on_progress).astype(np.float64), r)
    return eigenvalues, V @ small.astype(np.float32)


def one_pass(
    columns: Columns, mean: NDArray[np.float64], V: Array, on_progress: Callable[[int], None] = lambda _n: None
) -> Array:
    """X X^T V, (n, r), of the columns freed of their mean."""
    there = np.asarray(V, like=columns.like)
    return _added_up(columns, mean, lambda part: part.T @ (part @ there), on_progress)


def _start(columns: Columns, r: int) -> Array:
    """The directions of a few of the columns, and random ones where these do not span as many."""
    m, n = columns.shape
    few = columns.some(np.arange(MOST_EXACT) * m // MOST_EXACT)
    V: Array = _by_gram_matrix(few, _mean(few), r)[1]
    return V if V.shape[1] == r else np.hstack([V, _random(n, r - V.shape[1])])


def _about_perpendicular(Y: Array) -> Array:
    """Vectors of about length 1 that span what those of `Y` do, (n, r); see above."""
    products = np.zeros((Y.shape[1], Y.shape[1]))
    for block in _blocks(*Y.shape):
        exact = Y[block].astype(np.float64)
        products += exact.T @ exact
    mean_square = float(products.diagonal().mean())
    products[np.diag_indices_from(products)] += ROUNDING * mean_square + TINY  # where some are mixtures of others
    triangle = np.linalg.cholesky(products).T
    about: Array = Y @ np.linalg.inv(triangle).astype(np.float32)
    return about


def _added_up(
    columns: Columns,
    mean: NDArray[np.float64],
    product: Callable[[Array], Array],
    on_progress: Callable[[int], None],
) -> Array:
    """The sum over blocks of the columns of `product`, which is given them centered, as rows.

    A thread for each core takes blocks of columns; they are added up in their order, so that the sum does not depend on
    how many threads there are. None of them is left when processes are forked again.
    """
    mean32, blocks = np.asarray(mean.astype(np.float32), like=columns.like), _blocks(*columns.shape)
    total: Any = 0

    def of_block(block: slice) -> Array:
        part = columns.part(block, slice(None))
        part -= mean32
        return product(part)

    from concurrent.futures import ThreadPoolExecutor  # here, because who predicts imports this module, too

    n_threads = min(number_of_processes(), len(blocks))
    with ThreadPoolExecutor(n_threads) if n_threads > 1 else nullcontext() as threads:
        for block, found in zip(blocks, (threads.map if threads else map)(of_block, blocks), strict=True):
            total += found
            on_progress(block.stop - block.start)
    added_up: Array = on_host(total)
    return added_up


def _mean(columns: Columns) -> NDArray[np.float64]:
    m, n = columns.shape
    total = np.zeros(n)
    for block in _blocks(m, n):
        total += on_host(columns.part(block, slice(None)).sum(axis=0, dtype=np.float64))
    return total / m


def _blocks(n: int, each: int) -> list[slice]:
    """n rows of a table, or n columns, in blocks; each holds so many entries."""
    size = max(1, BLOCK_VALUES // each)
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _least(longest: float) -> float:
    """Deviations up to this one are rounding alone."""
    return FAINTEST * max(longest, 1)


def _random(n: int, r: int) -> Array:
    """Random columns, (n, r); always the same."""
    return np.random.default_rng(0).standard_normal((n, min(n, r)), np.float32)


def _signs(V: NDArray[Any]) -> NDArray[Any]:
    """The sign of a direction is arbitrary; with this one its largest entry is positive."""
    return np.where(V.max(axis=0, initial=0) >= -V.min(axis=0, initial=0), np.float32(1), np.float32(-1))
