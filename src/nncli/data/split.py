"""Setting images aside for validation: the same share of every class, drawn from the seed.

A random split without regard to classes may leave a rare class out of validation, or out of training. Images that hang
together (of one patient, of one track) stay together; images that follow each other are split by time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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


def grouped_split(
    labels: Sequence[int], groups: Sequence[str], fraction: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split examples so that no group lies in both parts, and classes are divided as evenly as whole groups allow.

    Groups come in an order drawn from the seed. Each goes to validation if that brings the counts of the classes nearer
    to `fraction` of each, as long as every class keeps an example to train on; see `stratified_split` for the rest.

    Args:
        labels: Class index of each example, (m,).
        groups: What each example belongs to.
        fraction: Share for validation.
        seed: Of the draw.
    """
    label_of = np.asarray(labels, dtype=np.intp)
    if not 0 <= fraction < 1:
        raise ValueError(f"the validation share is {fraction}, not from 0 to below 1")
    names = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    group_of = np.array([names[name] for name in groups], np.intp)
    counts = np.zeros((len(names), int(label_of.max(initial=-1)) + 1), np.intp)  # examples of each class in each group
    np.add.at(counts, (group_of, label_of), 1)
    wanted, total = counts.sum(axis=0) * fraction, counts.sum(axis=0)
    taken, is_validation = np.zeros_like(total), np.zeros(len(names), bool)
    for group in np.random.default_rng(seed).permutation(len(names)) if fraction > 0 else ():
        after = taken + counts[group]
        keeps_all = np.all((after < total) | (counts[group] == 0))
        if keeps_all and np.abs(wanted - after).sum() < np.abs(wanted - taken).sum():
            taken, is_validation[group] = after, True
    chosen = is_validation[group_of]
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


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
