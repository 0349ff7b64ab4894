"""Setting images aside for validation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.data.split import stratified_split

CLASS_COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=12)
FRACTIONS = st.floats(0, 0.99)


def labels_of(counts: list[int]) -> list[int]:
    """That many examples of each class."""
    return [label for label, count in enumerate(counts) for _ in range(count)]


def validation_counts(counts: list[int], fraction: float, seed: int = 0) -> list[int]:
    """How many of each class are set aside."""
    labels = np.array(labels_of(counts), dtype=np.intp)
    _, validation = stratified_split(labels_of(counts), fraction, seed)
    return [int(count) for count in np.bincount(labels[validation], minlength=len(counts))]


@given(CLASS_COUNTS, FRACTIONS, st.integers(0, 2**32))
def test_each_example_is_in_one_part(counts: list[int], fraction: float, seed: int) -> None:
    """Both parts ascend, and together they are the set."""
    train, validation = stratified_split(labels_of(counts), fraction, seed)
    assert np.intp == train.dtype == validation.dtype
    for part in (train, validation):
        assert sorted(part.tolist()) == part.tolist()
    assert list(range(sum(counts))) == sorted([*train.tolist(), *validation.tolist()])


@given(CLASS_COUNTS, st.floats(0.001, 0.99))
def test_each_class_gives_its_share(counts: list[int], fraction: float) -> None:
    """Rounded down or up; at least one stays, and of two or more at least one goes."""
    for count, n_validation in zip(counts, validation_counts(counts, fraction), strict=True):
        exact = count * fraction
        assert min(1, max(count - 1, 0)) <= n_validation <= max(count - 1, 0)
        assert abs(n_validation - exact) < 1 or n_validation in (1, count - 1)


@given(st.lists(st.integers(10, 60), min_size=1, max_size=12), st.floats(0.1, 0.9))
def test_the_shares_add_up_to_the_fraction_of_all(counts: list[int], fraction: float) -> None:
    """Where no class is tiny."""
    assert round(sum(counts) * fraction) == sum(validation_counts(counts, fraction))


def test_rounding_does_not_pile_up_over_many_classes() -> None:
    """100 classes of 10 at 15 %: 150 images, and not 100 times 2; the first classes give more, not random ones."""
    assert [2] * 50 + [1] * 50 == validation_counts([10] * 100, 0.15)


def test_the_largest_remainder_is_rounded_up() -> None:
    """1.9, 1.2 and 1.3 of 4.4: one more than the whole parts, for the first."""
    assert [2, 1, 1] == validation_counts([19, 12, 13], 0.1)


@pytest.mark.parametrize(
    ("counts", "fraction", "expected"),
    [
        ([100, 100], 0.15, [15, 15]),
        ([50, 50], 0.15, [8, 7]),
        ([2, 2], 0.15, [1, 1]),
        ([1, 1], 0.5, [0, 0]),
        ([1, 100], 0.15, [0, 15]),
        ([3, 0, 3], 0.1, [1, 0, 1]),
        ([2, 2], 0.99, [1, 1]),
        ([10, 10], 0.99, [9, 9]),
        ([100], 0.29, [29]),
        ([1, 6], 0.5, [0, 3]),  # what a tiny class cannot give, no other has to
        ([4] * 5, 0.001, [1] * 5),
        ([], 0.15, []),
    ],
)
def test_known_splits(counts: list[int], fraction: float, expected: list[int]) -> None:
    """Round numbers, tiny classes, extreme fractions, no examples at all."""
    assert expected == validation_counts(counts, fraction)


def test_fraction_0_sets_nothing_aside() -> None:
    """Not even one per class."""
    train, validation = stratified_split([0, 0, 1, 1], 0, seed=3)
    assert ([0, 1, 2, 3], []) == (train.tolist(), validation.tolist())


def test_the_seed_decides_and_nothing_else() -> None:
    """Equal seeds, equal splits; other seeds, other splits."""
    labels = labels_of([50, 30])
    splits = {seed: stratified_split(labels, 0.2, seed)[1].tolist() for seed in range(5)}
    assert 5 == len(set(map(tuple, splits.values())))
    assert splits[3] == stratified_split(tuple(labels), 0.2, 3)[1].tolist()


def test_a_seeds_split_stays_what_it_was() -> None:
    """Results of earlier versions can be made again."""
    assert [2, 3, 7] == stratified_split([0] * 6 + [1] * 4, 0.3, seed=0)[1].tolist()


def test_every_example_may_be_drawn() -> None:
    """The first of a folder are not preferred: files that are alike often follow each other."""
    drawn = np.zeros(20)
    for seed in range(400):
        drawn[stratified_split([0] * 20, 0.25, seed)[1]] += 1
    assert 60 < drawn.min() <= drawn.max() < 140


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan"), float("inf")])
def test_a_fraction_out_of_range_is_refused(fraction: float) -> None:
    """Nothing would be left to train on."""
    with pytest.raises(ValueError, match="validation share"):
        stratified_split([0, 1], fraction, seed=0)
