"""Whether images keep their class when they are mirrored."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.run.mirror_choice import LAMBDAS, chance_of, compare, right_when_left_out

RNG = np.random.default_rng(0)


def test_left_out_is_left_out() -> None:
    """The short way agrees with ridge regressions each of which has not seen one of the images."""
    X, labels = RNG.normal(0, 1, (30, 50)), np.arange(30) % 3
    X[:, :3] += 0.8 * np.eye(3)[labels]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    Y = np.eye(3)[labels] - 1 / 3
    K = Z @ Z.T
    counts = []
    for penalty in LAMBDAS:
        right = 0
        for i in range(30):
            others = np.delete(np.arange(30), i)
            ridge = K[np.ix_(others, others)] + penalty * np.trace(K) / 30 * np.eye(29)
            right += int((K[i, others] @ np.linalg.solve(ridge, Y[others])).argmax() == labels[i])
        counts.append(right)
    assert max(counts) == right_when_left_out(X, labels, 3).sum()


def test_classes_that_are_mirror_images_of_each_other() -> None:
    """Those two are named, and no other, although all others lose nothing."""
    labels = np.arange(120) % 4
    own = 3 * np.eye(4)[labels] + RNG.normal(0, 0.3, (120, 4))
    mirrored = own[:, [1, 0, 2, 3]]
    found = compare(own, mirrored, labels, ("left", "right", "dog", "cat"))
    assert {"left", "right"} == set(found.changed)
    assert (120, 1.0, False) == (found.n_images, found.accuracy, found.keeps_class)
    assert 0.5 <= found.mirrored_accuracy < 0.9
    assert str(found).startswith("mirrored, images lose their class (")


@pytest.mark.parametrize("signal", [0.0, 1.0, 3.0])
def test_classes_that_are_no_mirror_images(signal: float) -> None:
    """Hard to tell or easy: nothing speaks against mirroring them."""
    labels = np.arange(200) % 2
    own, mirrored = (signal * np.eye(2)[labels] + RNG.normal(0, 1, (200, 2)) for _ in range(2))
    assert compare(own, mirrored, labels, ("dog", "cat")).keeps_class


def test_the_sign_test() -> None:
    """Probability of as many heads or more."""
    assert [1.0, 0.5**10, 0.5] == [chance_of(0, 0), chance_of(10, 0), chance_of(2, 1)]
