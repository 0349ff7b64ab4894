"""The worth of an accuracy beside that of an answer that looks at no image.

Always answering the most frequent class is right as often as that class occurs: the baseline. A network must beat it,
and where classes are unequal, accuracy hides those that are rare. So there are two more figures, in which every class
counts the same:

    balanced accuracy    the mean recall of the classes (Brodersen et al. 2010)
    macro F1             the mean F1 of the classes

`findings` says in words what is wrong with answers whose accuracy may look fine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nncli.evaluation.intervals import wilson
from nncli.evaluation.metrics import accuracy, per_class
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNEQUAL = 1.5
"""Images of the most frequent class for each of the rarest, from which on the classes count as unequal."""

FEWEST = 2
"""Images below which a validation set is none."""

CROSS_VALIDATION = "cross-validation"
"""Split of an evaluation in which every image was predicted by a network that was not trained on it."""

MOST_NAMED = 5


class Finding(NamedTuple):
    """Something wrong with a network's answers.

    Attributes:
        code: For programs: ``few_images``, ``one_class``, ``collapsed``, ``never_predicted`` or ``not_above_baseline``.
        text: For people: what is seen, what the reason may be, which key to try.
    """

    code: str
    text: str


def baseline(confusion: NDArray[np.int64], classes: Sequence[str]) -> dict[str, Any]:
    """The most frequent of the actual classes, the first of equal ones, and the accuracy of always answering it.

    Args:
        confusion: (n_classes, n_classes); rows are actual, columns predicted classes.
        classes: Names, by index.
    """
    support = confusion.sum(axis=1)
    k = int(support.argmax())
    return {"class": classes[k], "accuracy": float(support[k] / max(int(support.sum()), 1))}


def balanced_accuracy(confusion: NDArray[np.int64]) -> float:
    """The mean recall of the classes that there are images of; 0 of no images."""
    support = confusion.sum(axis=1)
    is_there = support > 0
    recall = confusion.diagonal()[is_there] / support[is_there]
    return float(recall.mean()) if len(recall) else 0.0


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """The mean F1 of the classes that are actual or predicted for some image; 0 of no images."""
    names = [str(k) for k in range(len(confusion))]
    is_there = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
    f1 = [each["f1"] for each, used in zip(per_class(confusion, names).values(), is_there, strict=True) if used]
    return float(np.mean(f1)) if f1 else 0.0


def is_unequal(confusion: NDArray[np.int64]) -> bool:
    """Whether some class has so many more images than another that accuracy alone misleads."""
    support = confusion.sum(axis=1)
    there = support[support > 0]
    return len(there) > 1 and bool(there.max() >= UNEQUAL * there.min())


def findings(confusion: NDArray[np.int64], classes: Sequence[str], split: str = "") -> list[Finding]:
    """Faults of the answers on images that were not trained on, the worst first; nothing if nothing is.

    Args:
        confusion: (n_classes, n_classes); rows are actual, columns predicted classes.
        classes: Names, by index.
        split: As in `Evaluation`.
    """
    n, support, predicted = int(confusion.sum()), confusion.sum(axis=1), confusion.sum(axis=0)
    if n < FEWEST:
        return [Finding("few_images", f"{n} image is no validation set: any accuracy may be behind it; set more aside")]
    if np.count_nonzero(support) == 1:
        name = printable(classes[int(support.argmax())])
        return [Finding("one_class", f"all {n:,} images are {name}: they cannot tell whether classes are told apart")]
    if np.count_nonzero(predicted) == 1:
        return [Finding("collapsed", _collapsed(printable(classes[int(predicted.argmax())]), n, confusion))]
    found = []
    missing = [classes[k] for k in np.flatnonzero((support > 0) & (predicted == 0)).tolist()]
    if missing:
        found.append(Finding("never_predicted", _never_predicted(missing, confusion)))
    if finding := _not_above_baseline(confusion, classes, split):
        found.append(finding)
    return found


def _collapsed(name: str, n: int, confusion: NDArray[np.int64]) -> str:
    keys = "lower training.learning_rate, or another network.initialization"
    if is_unequal(confusion):
        keys = f"training.class_weights: balanced, {keys}"
    return (
        f"all {n:,} images get the same answer, {name}: the network has learned nothing; its learning rate may be too "
        f"large, its first weights zero, or its classes too unequal; try {keys}"
    )


def _never_predicted(missing: Sequence[str], confusion: NDArray[np.int64]) -> str:
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    names = ", ".join(printable(name) for name in missing[:MOST_NAMED])
    if is_unequal(confusion):
        return f"{names}{more} is never predicted, for the classes are unequal; try training.class_weights: balanced"
    return f"{names}{more} is never predicted; try more images of it, or more training.epochs"


def _not_above_baseline(confusion: NDArray[np.int64], classes: Sequence[str], split: str) -> Finding | None:
    always, n = baseline(confusion, classes), int(confusion.sum())
    if wilson(int(confusion.trace()), n).low > always["accuracy"]:
        return None
    name, found = printable(always["class"]), accuracy(confusion)
    if found > always["accuracy"]:
        images = counted(n, "image")
        text = f"{images} cannot tell whether it is better than always answering {name}, {always['accuracy']:.4f}"
        way_out = "set more aside, or use nncli crossval, which uses all of them"
        if split == CROSS_VALIDATION:
            way_out = "more images are needed"
        return Finding("not_above_baseline", f"{text}; {way_out}")
    keys = "training.class_weights: balanced" if is_unequal(confusion) else "more images or another recipe"
    text = f"no better than always answering {name}, {always['accuracy']:.4f}; try {keys}"
    return Finding("not_above_baseline", text)
