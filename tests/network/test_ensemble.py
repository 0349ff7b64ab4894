"""Several networks in one vector, and their vote."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.network.ensemble import vote
from nncli.network.forward_propagation import forward
from nncli.network.initialization import initialize
from nncli.network.loss import cross_entropy
from nncli.network.normalization import fold
from nncli.network.parameters import Parameters, Workspace

DIMS = (4, 6, 5, 3)


def ensemble(n_members: int, dims: tuple[int, ...] = DIMS, normalization: str = "none") -> Parameters:
    """Networks with their first weights."""
    parameters = Parameters(dims, np.float64, normalization=normalization, n_members=n_members)
    initialize(parameters, np.random.default_rng(0))
    return parameters


@pytest.mark.parametrize("normalization", ["none", "layer", "batch"])
def test_members_share_one_vector_without_overlap(normalization: str) -> None:
    """Every number belongs to exactly one member; weights come first, running statistics last."""
    one, three = ensemble(1, normalization=normalization), ensemble(3, normalization=normalization)
    assert 3 * one.flat.size == three.flat.size
    assert 3 * one.learned.size == three.learned.size
    assert 3 * one.weights.size == three.weights.size
    three.flat[:] = np.arange(three.flat.size)
    found = []
    for network in three.members:
        assert network.W[1].max() < three.weights.size
        assert all(mean.min() >= three.learned.size for mean in network.mean[1:])
        lists = (network.W, network.b, network.gain, network.shift, network.mean, network.variance)
        found += [array.ravel() for arrays in lists for array in arrays[1:]]
    assert list(range(three.flat.size)) == sorted(np.concatenate(found))


def test_members_start_differently_and_the_first_as_if_alone() -> None:
    """One draws after the other."""
    one, three = ensemble(1), ensemble(3)
    np.testing.assert_array_equal(one.W[1], three.members[0].W[1])
    assert (three.members[0].W[1] != three.members[1].W[1]).all()
    assert (three.members[1].W[1] != three.members[2].W[1]).all()


@pytest.mark.parametrize("dims", [(4, 6, 3), (4, 6, 1)])
def test_the_vote_is_the_average_and_its_loss_is_that_of_the_average(dims: tuple[int, ...]) -> None:
    """Probabilities are averaged, not the outputs before them."""
    rng = np.random.default_rng(0)
    parameters, X, Y = ensemble(3, dims), rng.standard_normal((4, 7)), np.array([0, 1, 1, 0, 1, 0, 0])
    workspace = Workspace.of(parameters, 7)
    expected = np.mean([forward(network, workspace, X).copy() for network in parameters.members], axis=0)
    np.testing.assert_allclose(expected, vote(parameters, workspace, X), rtol=1e-12)
    truth = np.where(Y, expected[0], 1 - expected[0]) if dims[-1] == 1 else expected[Y, np.arange(7)]
    assert -np.log(truth).mean() == pytest.approx(cross_entropy(workspace, Y), rel=1e-9)


@pytest.mark.parametrize("dims", [(4, 6, 3), (4, 6, 1)])
def test_the_loss_of_a_vote_that_is_sure_is_finite(dims: tuple[int, ...]) -> None:
    """Probabilities that are rounded to 0 and 1 cost much, not infinitely much."""
    parameters = Parameters(dims, np.float32, n_members=2)
    for network in parameters.members:
        network.b[2][0] = 1e4
    workspace = Workspace.of(parameters, 2)
    with np.errstate(all="raise", under="ignore"):
        vote(parameters, workspace, np.zeros((4, 2), np.float32))
    assert 7 < cross_entropy(workspace, np.array([0, 1])) < 100


def test_one_member_votes_alone() -> None:
    """To the bit as `forward`."""
    parameters, X = ensemble(1), np.ones((4, 2))
    workspace = Workspace.of(parameters, 2)
    np.testing.assert_array_equal(forward(parameters, workspace, X).copy(), vote(parameters, workspace, X))


def test_every_member_is_folded() -> None:
    """Each by its own running statistics."""
    parameters = ensemble(2, normalization="batch")
    for k, network in enumerate(parameters.members):
        network.variance[1][...] = 4 ** (k + 1)
    folded = fold(parameters)
    assert 2 == len(folded.members)
    for k in range(2):
        expected = parameters.members[k].W[1] / 2 ** (k + 1)
        np.testing.assert_allclose(expected, folded.members[k].W[1], rtol=1e-5)
