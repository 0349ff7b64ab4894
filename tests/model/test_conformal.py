"""Sets of labels that hold the right one as often as promised."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.model.conformal import ENOUGH, Conformal, fit_conformal, limit


def drawn(m: int, seed: int, n_classes: int = 5, sharpness: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a network, (m, n_classes), that is `sharpness` times too sure, and labels from the true ones."""
    rng = np.random.default_rng(seed)
    logits = 1.7 * rng.standard_normal((m, n_classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (true.cumsum(axis=1) < rng.random((m, 1))).sum(axis=1).clip(max=n_classes - 1)
    said = np.exp(sharpness * logits)
    return (said / said.sum(axis=1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("sharpness", [0.3, 1.0, 4.0])
def test_the_promise_is_kept_however_wrong_the_probabilities_are(confidence: float, sharpness: float) -> None:
    """Over many draws of 200 validation images the right label is in the set as often as promised, within a point."""
    coverages = []
    for seed in range(60):
        p, y = drawn(700, seed, sharpness=sharpness)
        conformal = fit_conformal(p[:200], y[:200])
        assert conformal is not None
        coverages.append(conformal.sets(p[200:], confidence)[np.arange(500), y[200:]].mean())
    assert confidence == pytest.approx(np.mean(coverages), abs=0.012)


def test_every_class_keeps_the_promise_where_images_are_enough() -> None:
    """A class that the network neglects is covered as often as the others."""
    coverages = []
    for seed in range(30):
        p, y = drawn(4000, seed, n_classes=3)
        p[y == 0] = p[y == 0] * [0.3, 1, 1]
        conformal = fit_conformal(p[:2000], y[:2000])
        assert conformal is not None
        assert conformal.is_by_class
        inside = conformal.sets(p[2000:], 0.9)[np.arange(2000), y[2000:]]
        coverages.append([inside[y[2000:] == k].mean() for k in range(3)])
    np.testing.assert_allclose(np.mean(coverages, axis=0), 0.9, atol=0.015)


def test_few_images_of_one_class_leave_one_limit_for_all() -> None:
    """Nothing is promised for single classes then."""
    given, labels = np.linspace(0.1, 1, 150, dtype=np.float32), np.repeat([0, 1], [ENOUGH, 50])
    conformal = Conformal(given, labels, 2)
    assert not conformal.is_by_class
    assert 1 == len(set(conformal.limits(0.9).tolist()))


@pytest.mark.parametrize(("n", "expected"), [(9, 1), (19, 2), (99, 10), (18, 1), (200, 20)])
def test_the_limit_is_an_order_statistic(n: int, expected: int) -> None:
    """floor((n + 1) / 10)-th lowest at confidence 0.9, by hand."""
    given = np.random.default_rng(0).permutation(n) + 1
    assert expected == limit(given, 0.9)


def test_too_few_images_promise_with_all_labels() -> None:
    """Eight images cannot tell what happens in one case of ten."""
    conformal = Conformal(np.full(8, 0.9, np.float32), np.zeros(8, np.intp), 2)
    assert conformal.sets(np.array([[0.99, 0.01]]), 0.9).all()
    assert [[True, False]] == conformal.sets(np.array([[0.99, 0.01]]), 0.8).tolist()


def test_a_set_is_never_empty() -> None:
    """Where no label is likely enough, the most probable one is said."""
    conformal = Conformal(np.full(50, 0.9, np.float32), np.zeros(50, np.intp), 3)
    assert [[False, True, False]] == conformal.sets(np.array([[0.3, 0.4, 0.3]]), 0.5).tolist()


def test_a_set_that_is_never_empty_promises_no_more_than_it_must() -> None:
    """Images that are answered right need no further label: the limit comes from the mistakes alone."""
    p = np.tile(np.array([0.45, 0.35, 0.2], np.float32), (100, 1))
    y = np.repeat([0, 1], [80, 20])  # right in 80 of 100 cases, and else the second label is
    conformal = fit_conformal(p, y)
    assert conformal is not None
    assert [[True, False, False]] == conformal.sets(p[:1], 0.75).tolist()
    assert [[True, True, False]] == conformal.sets(p[:1], 0.85).tolist()


def test_without_validation_images_nothing_is_promised() -> None:
    """There is nothing to fit."""
    assert fit_conformal(np.empty((0, 2), np.float32), np.empty(0, np.intp)) is None
