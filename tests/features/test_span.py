"""The span of the training columns, against NumPy's singular value decomposition."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.features import span
from nncli.features.settings.column import n_directions
from nncli.features.span import ScaledRows, fit_projection, leading_eigenvectors, n_visits
from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.initialization import initialize
from nncli.network.parameters import Parameters, Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAYS = {"few columns": (30, 80), "few features": (90, 20), "many of both": (90, 80)}


@pytest.fixture(params=WAYS)
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ScaledRows:
    """Columns whose directions are found in one of the three ways, in blocks that do not divide their number."""
    monkeypatch.setattr(span, "MOST_EXACT", 40)
    monkeypatch.setattr(span, "BLOCK_VALUES", 600)
    return ScaledRows(*stored(*WAYS[request.param]))


def stored(m: int, n: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Bytes of columns that differ more in some directions than in others, and their scale and offset."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((m, min(m, n))) * 0.8 ** np.arange(min(m, n)) @ rng.standard_normal((min(m, n), n))
    step = (values.max(axis=0) - values.min(axis=0)) / 255
    rows = np.rint((values - values.min(axis=0)) / step).astype(np.uint8)
    return rows, step.astype(np.float32), values.min(axis=0).astype(np.float32)


def whole(columns: ScaledRows) -> NDArray[np.float64]:
    """All of them as rows, centered."""
    X = columns.part(slice(None), slice(None)).astype(np.float64)
    return np.array(X - X.mean(axis=0))


def projected(columns: ScaledRows, r: int) -> NDArray[np.float32]:
    """The columns in their own directions."""
    projection = fit_projection(columns, r)
    out = np.empty((columns.shape[0], projection.n_directions), np.float32)
    projection.apply(columns.part(slice(None), slice(None)), out)
    return out


def test_the_directions_are_the_first_singular_vectors(columns: ScaledRows) -> None:
    """They span the same space, and lie as they do, up to one common factor."""
    _, lengths, Vt = np.linalg.svd(whole(columns), full_matrices=False)
    projection = fit_projection(columns, 8)
    matrix = projection.matrix.astype(np.float64)
    V = matrix / np.linalg.norm(matrix, axis=0)
    np.testing.assert_allclose(np.abs(Vt[:8] @ V), np.eye(8), atol=0.02)
    factors = np.linalg.norm(matrix, axis=0)
    np.testing.assert_allclose(factors, factors[0], rtol=1e-3)
    deviations = projected(columns, 8).std(axis=0)
    np.testing.assert_allclose(deviations / deviations[0], lengths[:8] / lengths[0], rtol=0.01)


def test_projected_columns_have_mean_0_and_variance_1_on_the_average(columns: ScaledRows) -> None:
    """Not in each direction: that would blow up the last ones."""
    Z = projected(columns, 8)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-4)
    assert 1 == pytest.approx(float(Z.var(axis=0).mean()), rel=2e-3)
    assert (np.diff(Z.var(axis=0)) < 0).all()


def test_all_directions_keep_all_that_tells_columns_apart() -> None:
    """The distances between columns stay as they are, up to the common factor: nothing that training sees is lost."""
    columns = ScaledRows(*stored(25, 60))
    X, Z = whole(columns), projected(columns, 24)  # centered: one direction fewer than columns
    before, after = (np.linalg.norm(rows[:, None] - rows, axis=2) for rows in (X, Z))
    np.testing.assert_allclose(after / after.max(), before / before.max(), atol=1e-3)


def test_the_same_columns_give_the_same_bits(columns: ScaledRows) -> None:
    """The iteration starts from numbers that are always the same."""
    one, again = fit_projection(columns, 8), fit_projection(columns, 8)
    np.testing.assert_array_equal(one.matrix, again.matrix)
    np.testing.assert_array_equal(one.shift, again.shift)


def test_progress_and_the_number_of_threads_change_nothing(
    columns: ScaledRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each visit of a column is told, and three threads find the bits of one."""
    visited: list[int] = []
    monkeypatch.setattr(span, "number_of_processes", lambda: 3)
    threaded = fit_projection(columns, 12, visited.append)
    assert n_visits(len(columns.part(slice(None), slice(1)))) == sum(visited)
    monkeypatch.setattr(span, "number_of_processes", lambda: 1)
    assert threaded.matrix.tobytes() == fit_projection(columns, 12).matrix.tobytes()


def test_chosen_rows_alone_count() -> None:
    """Validation images lie in the same array, and teach nothing."""
    rows, scale, offset = stored(30, 50)
    chosen = np.arange(0, 30, 2)
    some, alone = (
        fit_projection(ScaledRows(rows, scale, offset, chosen), 9),
        fit_projection(ScaledRows(rows[chosen], scale, offset), 9),
    )
    np.testing.assert_array_equal(some.matrix, alone.matrix)


@pytest.mark.parametrize("m", [1, 2, 5, 12])
def test_columns_that_are_alike_have_no_direction(m: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One image, or several that are the same, break nothing, few or many: every column becomes 0."""
    monkeypatch.setattr(span, "MOST_EXACT", 5)
    columns = ScaledRows(np.full((m, 9), 7, np.uint8), np.ones(9, np.float32), np.zeros(9, np.float32))
    np.testing.assert_array_equal(projected(columns, 3), np.zeros((m, 3)))


@pytest.mark.parametrize(
    ("wanted", "n_columns", "n", "expected"),
    [(None, 700, 9000, 512), (None, 200, 9000, 199), (64, 200, 9000, 64), (64, 200, 30, 30), (8, 1, 30, 1)],
)
def test_how_many_directions(wanted: int | None, n_columns: int, n: int, expected: int) -> None:
    """Never more than the columns span or the features are, and one at least."""
    assert expected == n_directions(wanted, n_columns, n)


def test_bytes_are_never_all_floats_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory grows with a block of features, not with all of them."""
    rows = np.random.default_rng(0).integers(0, 256, (200, 20_000), np.uint8)
    columns = ScaledRows(rows, np.full(20_000, 0.01, np.float32), np.zeros(20_000, np.float32))
    monkeypatch.setattr(span, "BLOCK_VALUES", 1 << 18)
    tracemalloc.start()
    projection = fit_projection(columns, 16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (20_000, 16) == projection.matrix.shape
    assert peak < rows.size * 4 / 2


@pytest.mark.parametrize("n", [30, 200])
def test_leading_eigenvectors_are_those_of_lapack(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a small matrix all, of a large one the first, by iteration."""
    monkeypatch.setattr(span, "MOST_EXACT", 100)
    rng = np.random.default_rng(1)
    A = rng.standard_normal((n, n)) * 0.9 ** np.arange(n)
    C = A.T @ A
    values, V = leading_eigenvectors(C, 10)
    expected, E = np.linalg.eigh(C)
    np.testing.assert_allclose(values, expected[::-1][:10], rtol=1e-4)
    np.testing.assert_allclose(np.abs(E[:, ::-1][:, :10].T @ V), np.eye(10), atol=0.05)


def test_gradient_descent_never_leaves_the_span() -> None:
    """The part of the first weights outside stays as it was at the start, and no answer depends on it."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((12, 5)), rng.integers(0, 3, 5)
    inside = np.linalg.svd(X)[0][:, :5]
    outside = np.eye(12) - inside @ inside.T
    network = Parameters((12, 4, 3), np.dtype(np.float64))
    initialize(network, np.random.default_rng(1))
    start, workspace, gradients = network.W[1] @ outside, Workspace.of(network, 5), network.like()
    assert np.abs(start).max() > 0.1
    for _ in range(20):
        forward(network, workspace, X)
        backpropagate(network, workspace, Y, gradients)
        network.flat -= 0.5 * gradients.flat
    np.testing.assert_allclose(network.W[1] @ outside, start, atol=1e-12)
    answer = forward(network, workspace, X).copy()
    network.W[1][...] = network.W[1] @ (inside @ inside.T)
    np.testing.assert_allclose(forward(network, workspace, X), answer, atol=1e-12)
