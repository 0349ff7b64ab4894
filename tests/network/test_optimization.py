"""Part 5: each method against its paper's formulas, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.network import optimization
from nncli.network.optimization import Adam, GradientDescent, Momentum, RMSprop, clip_by_norm

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, Any]
STEPS = 40


def quadratic_gradient(theta: Array, t: int) -> Array:
    """A gradient that depends on theta and changes from step to step."""
    gradient: Array = theta * np.array([1.0, 10.0, 0.1, 3.0]) + 0.1 * np.cos(t + np.arange(4))
    return gradient


def gradient_descent(alpha: float) -> Callable[[Array, Array, int], Array]:
    """The first line of every textbook."""
    return lambda theta, g, _t: theta - alpha * g


def momentum(alpha: float, mu: float, *, nesterov: bool = False) -> Callable[[Array, Array, int], Array]:
    """Polyak's heavy ball and Nesterov's look ahead."""
    v = np.zeros(4)

    def step(theta: Array, g: Array, _t: int) -> Array:
        nonlocal v
        v = mu * v + g
        return theta - alpha * (g + mu * v if nesterov else v)

    return step


def rmsprop(alpha: float, beta2: float, epsilon: float) -> Callable[[Array, Array, int], Array]:
    """Hinton's lecture."""
    s = np.zeros(4)

    def step(theta: Array, g: Array, _t: int) -> Array:
        nonlocal s
        s = beta2 * s + (1 - beta2) * g**2
        return theta - alpha * g / (np.sqrt(s) + epsilon)

    return step


def adam(alpha: float, beta1: float, beta2: float, epsilon: float, decay: Array | float = 0.0) -> Any:
    """Algorithm 1 of Kingma and Ba, and algorithm 2 of Loshchilov and Hutter with decay."""
    v, s = np.zeros(4), np.zeros(4)

    def step(theta: Array, g: Array, t: int) -> Array:
        nonlocal v, s
        v = beta1 * v + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        v_hat, s_hat = v / (1 - beta1**t), s / (1 - beta2**t)
        return theta - alpha * (v_hat / (np.sqrt(s_hat) + epsilon) + decay * theta)

    return step


METHODS: dict[str, tuple[Callable[[Array], Any], Callable[[], Any], float]] = {
    "gradient_descent": (lambda _theta: GradientDescent(), lambda: gradient_descent(0.01), 0.01),
    "momentum": (lambda theta: Momentum(theta, momentum=0.8), lambda: momentum(0.01, 0.8), 0.01),
    "nesterov": (
        lambda theta: Momentum(theta, momentum=0.8, nesterov=True),
        lambda: momentum(0.01, 0.8, nesterov=True),
        0.01,
    ),
    "rmsprop": (lambda theta: RMSprop(theta, beta2=0.95, epsilon=1e-6), lambda: rmsprop(0.02, 0.95, 1e-6), 0.02),
    "adam": (
        lambda theta: Adam(theta, beta1=0.8, beta2=0.97, epsilon=1e-3),
        lambda: adam(0.05, 0.8, 0.97, 1e-3),
        0.05,
    ),
    "adamw": (
        lambda theta: Adam(theta, n_weights=3, weight_decay=0.3),
        lambda: adam(0.05, 0.9, 0.999, 1e-8, np.array([0.3, 0.3, 0.3, 0.0])),
        0.05,
    ),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-4)])
@pytest.mark.parametrize("name", METHODS)
def test_a_method_follows_its_paper(name: str, dtype: Any, tolerance: float) -> None:
    """Forty steps along changing gradients end where the paper's formulas end, folded constants or not."""
    make_optimizer, make_paper, alpha = METHODS[name]
    paper = make_paper()
    theta = np.array([1.0, -2.0, 3.0, 0.5], dtype)
    expected = theta.astype(np.float64)
    optimizer = make_optimizer(theta)
    for t in range(1, STEPS + 1):
        optimizer.step(theta, quadratic_gradient(theta.astype(np.float64), t).astype(dtype), alpha)
        expected = paper(expected, quadratic_gradient(expected, t), t)
    assert STEPS == optimizer.step_count
    np.testing.assert_allclose(theta, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", METHODS)
def test_state_is_all_a_method_remembers(name: str) -> None:
    """A new optimizer with the old one's state and step count continues on the same path, to the bit."""
    optimizer, _, alpha = METHODS[name]
    theta = np.array([1.0, -2.0, 3.0, 0.5])
    first = optimizer(theta)
    for t in range(5):
        first.step(theta, quadratic_gradient(theta, t), alpha)
    copy = theta.copy()
    second = optimizer(copy)
    second.step_count = first.step_count
    for key, vector in first.state.items():
        second.state[key][:] = vector
    for t in range(5, 10):
        first.step(theta, quadratic_gradient(theta, t), alpha)
        second.step(copy, quadratic_gradient(copy, t), alpha)
    np.testing.assert_array_equal(theta, copy)


@pytest.mark.parametrize("name", METHODS)
def test_blocks_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Updated three entries at a time, or only in the part that is asked for, every entry gets the same bits."""
    make_optimizer, _, alpha = METHODS[name]
    whole, divided, partial = (np.linspace(-1, 1, 10) for _ in range(3))
    first, second, third = make_optimizer(whole), make_optimizer(divided), make_optimizer(partial)
    for step in range(3):
        gradients = [np.cos(step + np.arange(10.0)) for _ in range(3)]
        first.step(whole, gradients[0], alpha)
        monkeypatch.setattr(optimization, "BLOCK", 3)
        second.step(divided, gradients[1], alpha)
        third.step(partial, gradients[2], alpha, slice(4, 9))
        monkeypatch.undo()
    np.testing.assert_array_equal(whole, divided)
    np.testing.assert_array_equal(whole[4:9], partial[4:9])
    untouched = np.r_[0:4, 9]
    np.testing.assert_array_equal(np.linspace(-1, 1, 10)[untouched], partial[untouched])


def test_the_first_step_of_adam_has_the_size_of_the_learning_rate() -> None:
    """Corrected for its start at zero, Adam's first step is alpha in every direction, however steep."""
    theta = np.zeros(3)
    Adam(theta).step(theta, np.array([1e-3, -5.0, 1e4]), 0.01)
    np.testing.assert_allclose([-0.01, 0.01, -0.01], theta, rtol=1e-4)


def test_clipping_keeps_the_direction() -> None:
    """A long gradient is shortened to the norm allowed, a short one is left alone."""
    gradient = np.array([3.0, 4.0])
    assert 5 == clip_by_norm(gradient, 1.0)
    np.testing.assert_allclose([0.6, 0.8], gradient)
    assert 1 == pytest.approx(clip_by_norm(gradient, 2.0))
    np.testing.assert_allclose([0.6, 0.8], gradient)
