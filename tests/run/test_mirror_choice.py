"""Whether images keep their class when they are mirrored."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.run.mirror_choice import LAMBDAS, MirrorTest, chance_of, compare, mirrored_answers

RNG = np.random.default_rng(0)


def test_left_out_is_left_out() -> None:
    """The short way agrees with ridge regressions each of which has not seen one of the images."""
    X, labels = RNG.normal(0, 1, (30, 50)), np.arange(30) % 3
    X[:, :3] += 0.8 * np.eye(3)[labels]
    M = X[:, RNG.permutation(50)]
    Z, Z_mirrored = ((each - X.mean(axis=0)) / X.std(axis=0) for each in (X, M))
    Y, unit = np.eye(3)[labels] - 1 / 3, np.trace(Z @ Z.T) / 30
    K = Z @ Z.T + unit
    n_right, answers = [], []
    for penalty in LAMBDAS:
        f = np.empty((2, 30, 3))
        for i in range(30):
            others = np.delete(np.arange(30), i)
            ridge = K[np.ix_(others, others)] + penalty * unit * np.eye(29)
            weights = np.linalg.solve(ridge, Y[others])
            f[:, i] = K[i, others] @ weights, (Z_mirrored[i] @ Z.T + unit)[others] @ weights
        n_right.append((f[0].argmax(axis=1) == labels).sum())
        answers.append(f[1].argmax(axis=1))
    np.testing.assert_array_equal(answers[np.argmax(n_right)], mirrored_answers(X, M, labels, 3))


def test_classes_that_are_mirror_images_of_each_other() -> None:
    """Those two are named, and no other."""
    labels = np.arange(120) % 4
    own = 3 * np.eye(4)[labels] + RNG.normal(0, 0.3, (120, 4))
    found = compare(own, own[:, [1, 0, 2, 3]], labels, ("left", "right", "dog", "cat"))
    assert MirrorTest(60, (("left", "right"),), 1.0) == found
    assert "mirrored, left and right look like each other (100% of 60 tried)" == str(found)
    assert not found.keeps_class


@pytest.mark.parametrize("signal", [0.0, 1.0, 3.0])
def test_classes_that_are_no_mirror_images(signal: float) -> None:
    """Hard to tell or easy: nothing speaks against mirroring them."""
    labels = np.arange(200) % 2
    own, mirrored = (signal * np.eye(2)[labels] + RNG.normal(0, 1, (200, 2)) for _ in range(2))
    assert compare(own, mirrored, labels, ("dog", "cat")).keeps_class


def test_mirror_images_that_look_like_nothing_known() -> None:
    """All hands are right hands: their mirror images are taken for anything; nor is one way alone a reason."""
    labels = np.arange(300) % 3
    own = 3 * np.eye(6)[labels] + RNG.normal(0, 0.3, (300, 6))
    names = ("one", "two", "three")
    assert compare(own, own[:, [3, 4, 5, 0, 1, 2]], labels, names).keeps_class
    one_way = own.copy()
    one_way[labels == 0] = one_way[labels == 0][:, [1, 0, 2, 3, 4, 5]]
    assert compare(own, one_way, labels, names).keeps_class


def test_the_sign_test() -> None:
    """Probability of as many heads or more."""
    assert [1.0, 0.5**10, 0.5] == [chance_of(0, 0), chance_of(10, 0), chance_of(2, 1)]
