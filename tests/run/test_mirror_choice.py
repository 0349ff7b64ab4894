"""Whether images keep their class when they are mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.cache_folder import entries
from nncli.data.reading import read_source
from nncli.run import kept_answers, mirror_choice
from nncli.run.mirror_choice import LAMBDAS, MirrorTest, chance_of, compare, compare_mirrored, mirrored_answers
from tests.drawings import arrows, write_drawings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RNG = np.random.default_rng(0)


def compared(
    own: NDArray[np.float64], mirrored: NDArray[np.float64], labels: NDArray[np.intp], names: tuple[str, ...]
) -> MirrorTest:
    """The test on feature columns as rows, (m, n) each, of images and of their mirror images."""
    return compare(mirrored_answers(own, mirrored, labels, len(names)), labels, names)


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
    found = compared(own, own[:, [1, 0, 2, 3]], labels, ("left", "right", "dog", "cat"))
    assert MirrorTest(60, (("left", "right"),), 1.0) == found
    assert "mirrored, left and right look like each other (100% of 60 tried)" == str(found)
    assert not found.keeps_class


@pytest.mark.parametrize("signal", [0.0, 1.0, 3.0])
def test_classes_that_are_no_mirror_images(signal: float) -> None:
    """Hard to tell or easy: nothing speaks against mirroring them."""
    labels = np.arange(200) % 2
    own, mirrored = (signal * np.eye(2)[labels] + RNG.normal(0, 1, (200, 2)) for _ in range(2))
    assert compared(own, mirrored, labels, ("dog", "cat")).keeps_class


def test_mirror_images_that_look_like_nothing_known() -> None:
    """All hands are right hands: their mirror images are taken for anything; nor is one way alone a reason."""
    labels = np.arange(300) % 3
    own = 3 * np.eye(6)[labels] + RNG.normal(0, 0.3, (300, 6))
    names = ("one", "two", "three")
    assert compared(own, own[:, [3, 4, 5, 0, 1, 2]], labels, names).keeps_class
    one_way = own.copy()
    one_way[labels == 0] = one_way[labels == 0][:, [1, 0, 2, 3, 4, 5]]
    assert compared(own, one_way, labels, names).keeps_class


def test_the_sign_test() -> None:
    """Probability of as many heads or more."""
    assert [1.0, 0.5**10, 0.5] == [chance_of(0, 0), chance_of(10, 0), chance_of(2, 1)]


@pytest.mark.parametrize(("is_kept", "n_made"), [(True, 1), (False, 2)])
def test_answers_are_made_once(tmp_path: Path, is_kept: bool, n_made: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next command finds them, with the same words; nothing is kept where nothing is to be kept."""
    folder = read_source(str(write_drawings(tmp_path / "arrows", arrows, (48, 48), each=40)))
    files = folder.splits["all"]
    looks = folder.look_at(files.paths)
    assert looks
    made = []

    def answers(*args: Any) -> Any:
        made.append(args)
        return mirrored_answers(*args)

    monkeypatch.setattr(mirror_choice, "mirrored_answers", answers)
    found = []
    for _ in range(2):
        kept_answers._last.clear()
        found.append(compare_mirrored(folder, files, looks, "rgb", is_kept=is_kept))
    assert found[0] == found[1]
    assert not found[0].keeps_class
    assert n_made == len(made)
    assert (["pixels", "trial"] if is_kept else []) == sorted(entry.about.kind for entry in entries() if entry.about)
