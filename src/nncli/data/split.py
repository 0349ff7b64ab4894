"""Setting images aside for validation: the same share of every class, drawn from the seed.

A random split without regard to classes may leave a rare class out of validation, or out of training. Images that hang
together (of one patient, of one track) stay together; images that follow each other are split by time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def stratified_split(labels: Sequence[int], fraction: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split examples into training and validation so that both have the classes in the same proportion.

    Every class gives `fraction` of its examples to validation, rounded so that the shares add up to `fraction` of all
    (largest remainder method). One rule goes first: a class of two or more has at least one example in each part; a
    class of one is trained on. Where most classes have only a few examples, validation is therefore larger than asked
    for.

    Args:
        labels: Class index of each example, (m,).
        fraction: Share for validation, 0 <= fraction < 1; 0 sets nothing aside.
        seed: Of the draw. The same labels, fraction and seed give the same split.

    Returns:
        Indices of the training and of the validation examples, each ascending.

    Raises:
        ValueError: `fraction` is out of range.
    """
    if not 0 <= fraction < 1:
        raise ValueError(f"the validation share is {fraction}, not from 0 to below 1")
    label_of = np.asarray(labels, dtype=np.intp)
    is_validation = np.zeros(len(label_of), dtype=bool)
    if fraction > 0:
        random = np.random.default_rng(seed)
        for label, n_validation in enumerate(_validation_counts(np.bincount(label_of), fraction)):
            members = np.flatnonzero(label_of == label)
            is_validation[random.permutation(members)[:n_validation]] = True
    return np.flatnonzero(~is_validation), np.flatnonzero(is_validation)


def rarest_labels(targets: ArrayLike) -> list[int]:
    """The rarest label of each image, by a 1 or 0 for each of K labels; K where it has none."""
    has = np.array(targets, bool)
    order = np.argsort(has.sum(axis=0), kind="stable")  # the rarest first
    first = order[has[:, order].argmax(axis=1)]
    return list(map(int, np.where(has.any(axis=1), first, has.shape[1])))


def last_split(times: Sequence[Any], fraction: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split examples by time: the last `fraction` of them are for validation.

    Args:
        times: Of each example; anything that can be compared. Of equal ones the first come first.
        fraction: Share for validation.
    """
    if not 0 <= fraction < 1:
        raise ValueError(f"the validation share is {fraction}, not from 0 to below 1")
    order = sorted(range(len(times)), key=lambda i: times[i])
    n_validation = min(round(len(times) * fraction), max(len(times) - 1, 0))
    is_validation = np.zeros(len(times), bool)
    is_validation[order[len(order) - n_validation :]] = True
    return np.flatnonzero(~is_validation), np.flatnonzero(is_validation)


def _validation_counts(class_counts: NDArray[np.intp], fraction: float) -> NDArray[np.intp]:
    """How many examples each class gives, (classes,)."""
    exact = class_counts * fraction
    most = np.maximum(class_counts - 1, 0)
    counts: NDArray[np.intp] = np.minimum(np.maximum(np.floor(exact).astype(np.intp), 1), most)
    n_missing = round(int(class_counts.sum()) * fraction) - int(counts.sum())
    # One more for those whose share was cut the most; a stable sort, so that ties go to the first class.
    by_remainder = np.argsort(counts - exact, kind="stable")
    can_give = ((counts < exact) & (counts < most))[by_remainder]
    counts[by_remainder[can_give][: max(n_missing, 0)]] += 1
    return counts


def stratified_folds(labels: Sequence[int], k: int, seed: int, groups: Sequence[int] | None = None) -> NDArray[np.intp]:
    """Deal examples out to k folds, so that each has the classes in about the same proportion.

    Args:
        labels: Class index of each example, (m,).
        k: How many folds.
        seed: Of the draw.
        groups: The group of each example, (m,): a group is not divided. By default each is its own.

    Returns:
        The fold of each example, 0..k-1, (m,).
    """
    label_of = np.asarray(labels, np.intp)
    random = np.random.default_rng(seed)
    if groups is None:
        shuffled = random.permutation(len(label_of))
        dealt = shuffled[np.argsort(label_of[shuffled], kind="stable")]  # class by class, without a gap between them
        folds = np.empty(len(label_of), np.intp)
        folds[dealt] = np.arange(len(label_of)) % k
        return folds
    return _dealt(label_of, groups, np.full(k, 1 / k), random)


def ordered_folds(times: Sequence[Any], k: int) -> NDArray[np.intp]:
    """Deal examples out to k folds that follow each other in time.

    Args:
        times: Of each example, as for `last_split`.
        k: How many folds.

    Returns:
        The fold of each example, 0..k-1, (m,).
    """
    folds = np.empty(len(times), np.intp)
    folds[sorted(range(len(times)), key=lambda i: times[i])] = np.arange(len(times)) * k // max(len(times), 1)
    return folds


def grouped_split(
    labels: Sequence[int], fraction: float, seed: int, groups: Sequence[int] | Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """As `stratified_split`, about so: no group is divided.

    Args:
        labels: Class index of each example, (m,).
        fraction: Share for validation, 0 <= fraction < 1; 0 sets nothing aside.
        seed: Of the draw.
        groups: The group of each example, (m,).

    Returns:
        Indices of the training and of the validation examples, each ascending.
    """
    if not fraction:
        return np.arange(len(labels)), np.empty(0, np.intp)
    targets = np.array([1 - fraction, fraction])
    part = _dealt(np.asarray(labels, np.intp), groups, targets, np.random.default_rng(seed))
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1)


def _dealt(
    label_of: NDArray[np.intp],
    groups: Sequence[int] | Sequence[str],
    targets: NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.intp]:
    """The part of each example, (m,): of each class about the share `targets` in each part, and no group divided."""
    group_of = np.unique(np.asarray(groups), return_inverse=True)[1]
    n_groups, n_classes = int(group_of.max(initial=-1)) + 1, int(label_of.max(initial=-1)) + 1
    counts = np.bincount(group_of * n_classes + label_of, minlength=n_groups * n_classes).reshape(n_groups, n_classes)
    share = counts / np.maximum(counts.sum(axis=0), 1)
    order = random.permutation(n_groups)
    filled, part_of = np.zeros((len(targets), n_classes)), np.empty(n_groups, np.intp)
    # The largest first, each to where it fits best: the sum of the squares of how full the parts are stays smallest.
    for g in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        cost = ((filled + share[g]) ** 2 - filled**2).sum(axis=1) / targets
        part_of[g] = int(cost.argmin())
        filled[part_of[g]] += share[g]
    return part_of[group_of]
