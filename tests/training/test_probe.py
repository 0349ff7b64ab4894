"""A look into a network, against the same numbers computed plainly."""

from __future__ import annotations

import numpy as np

from nncli.network.parameters import Parameters
from nncli.training.probe import Probe

DIMS = (4, 6, 5, 3)


def network_and_batch(m: int = 7) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """A random network in float64, and a batch."""
    rng = np.random.default_rng(1)
    parameters = Parameters(DIMS, np.float64)
    parameters.flat[:] = rng.standard_normal(parameters.flat.size)
    return parameters, rng.standard_normal((DIMS[0], m)), rng.integers(0, DIMS[-1], m)


def test_what_a_look_tells() -> None:
    """Mean and deviation of activations and of m dZ, dead units and the step, layer by layer."""
    parameters, X, Y = network_and_batch()
    parameters.b[1][2] = -100  # relu never speaks
    W, b = parameters.W, parameters.b
    A = [X]
    for l in range(1, 4):
        Z = W[l] @ A[-1] + b[l]
        A.append(np.maximum(Z, 0) if l < 3 else np.exp(Z) / np.exp(Z).sum(axis=0))
    dZ = [A[3] - np.eye(3)[Y].T]
    for l in (3, 2):
        dZ.insert(0, (W[l].T @ dZ[0]) * (A[l - 1] > 0))
    before = parameters.weights.copy()
    before[: W[1].size] *= 0.9
    look = Probe(parameters.members[0], X, Y, "relu").look(parameters.members[0], before)
    np.testing.assert_allclose([array.mean() for array in A[1:]], look.activation_mean, rtol=1e-5)
    np.testing.assert_allclose([array.std() for array in A[1:]], look.activation_deviation, rtol=1e-5)
    np.testing.assert_allclose([array.mean() for array in dZ], look.gradient_mean, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose([array.std() for array in dZ], look.gradient_deviation, rtol=1e-5)
    np.testing.assert_allclose([(A[l] == 0).all(axis=1).mean() for l in (1, 2)], look.dead, rtol=1e-6)
    assert look.dead[0] > 0
    np.testing.assert_allclose([0.1, 0, 0], look.step_length, atol=1e-6)


def test_a_look_changes_nothing() -> None:
    """Neither the network nor the batch; the same look again is the same."""
    parameters, X, Y = network_and_batch()
    kept = parameters.flat.copy()
    probe = Probe(parameters.members[0], X, Y, "gelu")
    first, second = probe.look(parameters.members[0]), probe.look(parameters.members[0])
    assert [each.tobytes() for each in first] == [each.tobytes() for each in second]
    assert kept.tobytes() == parameters.flat.tobytes()
