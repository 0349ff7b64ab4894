"""How good labels are of which an image may have any number: predictions for images whose labels are known.

Of one label, with TP images rightly told to have it, FP wrongly, and FN that have it untold:

    precision            TP / (TP + FP)                   of those told, how many are right
    recall               TP / (TP + FN)                   of those that have it, how many are told
    F1                   2 TP / (2 TP + FP + FN)          None where no image has it and none is told to
    average precision    sum_n (R_n - R_{n-1}) P_n        over all thresholds, so it judges the order of the
                                                          probabilities; None where no image has the label
and of all:

    macro F1             the mean F1 of the labels: a rare one counts like the others
    micro F1             F1 of the TP, FP and FN of all labels together
    exact match          the share of images whose labels are all right, none missing and none too much

To tell each label's frequency for every image, without looking, has that frequency p as its average precision, and the
best F1 that can be made of it is 2p / (1 + p), by always telling the label; exact match is the share of the most
frequent set of labels.

Source: Zhang and Zhou 2014, "A review on multi-label learning algorithms".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nncli.data.folder_walk import some
from nncli.evaluation.baseline import Finding
from nncli.evaluation.evaluation import Evaluation
from nncli.evaluation.intervals import wilson
from nncli.evaluation.metrics import SMALLEST
from nncli.evaluation.regression import collect_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from nncli.model.predictor import Prediction


@dataclass(frozen=True)
class MultilabelEvaluation(Evaluation):
    """An evaluation of which `classes` are the names of labels.

    Attributes:
        actual: Whether each image has each label, (m, K) bool.
        probabilities: Of each label, (m, K).
        thresholds: Probability from which on each label is told, (K,), or for each image its own, (m, K).
    """

    thresholds: NDArray[np.float64] = field(kw_only=True)

    def part(self, rows: list[int]) -> MultilabelEvaluation:
        """The images in these rows."""
        thresholds = self.thresholds if self.thresholds.ndim == 1 else self.thresholds[rows]
        return replace(cast("MultilabelEvaluation", super().part(rows)), thresholds=thresholds)

    @property
    def has(self) -> NDArray[np.bool_]:
        """Whether each image has each label, (m, K)."""
        return np.asarray(self.actual, np.bool_)

    @property
    def told(self) -> NDArray[np.bool_]:
        """Whether each image is told to have each label, (m, K)."""
        return np.asarray(self.probabilities >= self.thresholds)

    @property
    def n_correct(self) -> int:
        """How many images have all labels right."""
        return int((self.told == self.has).all(axis=1).sum())

    def wrong(self) -> list[int]:
        """Rows of the images with a wrong label, those with the most first."""
        n_wrong = (self.told != self.has).sum(axis=1)
        return [int(row) for row in np.argsort(-n_wrong, kind="stable")[: np.count_nonzero(n_wrong)]]

    def labels(self, row: int) -> tuple[list[str], list[str]]:
        """Names of the labels that an image has, and of those that it is told to have."""
        both = self.has[row], self.told[row]
        actual, told = ([self.classes[k] for k in np.flatnonzero(each)] for each in both)
        return actual, told

    def report(self) -> dict[str, Any]:
        """All figures, ready for JSON; None of no images."""
        n, told, thresholds = len(self.paths), self.told, np.atleast_2d(self.thresholds).mean(axis=0)
        of_label = {
            name: {**figures(self.has[:, k], self.probabilities[:, k], told[:, k]), "threshold": threshold}
            for k, (name, threshold) in enumerate(zip(self.classes, thresholds.tolist(), strict=True))
        }
        return {
            "task": "multilabel",
            "split": self.split,
            "images": n,
            "skipped": len(self.bad),
            "macro_f1": _mean(each["f1"] for each in of_label.values()),
            "micro_f1": _f1(*counts(self.has, told).sum(axis=0).tolist()),
            "mean_average_precision": _mean(each["average_precision"] for each in of_label.values()),
            "exact_match": self.n_correct / n if n else None,
            "interval": list(wilson(self.n_correct, n)),
            "correct": self.n_correct,
            "loss": self._loss() if n else None,
            "baseline": self._baseline(of_label) if n else None,
            "labels": of_label if n else {},
            "findings": [finding._asdict() for finding in self._findings(of_label)] if n else [],
            "known": self._known(),
        }

    def _loss(self) -> float:
        """The cross-entropies of all labels of an image, added; the mean over the images."""
        p = self.probabilities.astype(np.float64)
        given = np.where(self.has, p, 1 - p)
        return float(-np.log(np.maximum(given, SMALLEST)).sum(axis=1).mean())

    def _baseline(self, of_label: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Figures of telling each label's frequency without looking; see the module."""
        rates = [each["frequency"] for each in of_label.values() if each["n"]]
        sets = np.unique(self.has, axis=0, return_counts=True)[1]
        return {
            "macro_f1": _mean(2 * p / (1 + p) for p in rates),
            "mean_average_precision": _mean(rates),
            "exact_match": int(sets.max()) / len(self.paths),
        }

    def _findings(self, of_label: dict[str, dict[str, Any]]) -> list[Finding]:
        """Labels of which the figures say nothing, or nothing good."""
        found = []
        never = [name for name, each in of_label.items() if not each["n"]]
        useless = [name for name, each in of_label.items() if each["n"] and not each["f1"]]
        if never:
            found.append(Finding("label_missing", f"no image here has {some(never)}: nothing can be said of it"))
        if useless:
            found.append(Finding("label_never_right", f"{some(useless)} is never told rightly; try more images of it"))
        return found


def counts(actual: NDArray[np.bool_], told: NDArray[np.bool_]) -> NDArray[np.int64]:
    """TP, FP and FN of each label, (K, 3), from (m, K) each."""
    parts = actual & told, ~actual & told, actual & ~told
    return np.stack([part.sum(axis=0) for part in parts], axis=1)


def figures(actual: NDArray[np.bool_], p: NDArray[Any], told: NDArray[np.bool_]) -> dict[str, Any]:
    """The figures of one label.

    Args:
        actual: Whether each image has it, (m,).
        p: Its probability, (m,).
        told: Whether each image is told to have it, (m,).
    """
    ((tp, fp, fn),) = counts(actual[:, None], told[:, None]).tolist()
    return {
        "n": tp + fn,
        "frequency": (tp + fn) / max(len(actual), 1),
        "told": tp + fp,
        "precision": tp / (tp + fp) if tp + fp else None,
        "recall": tp / (tp + fn) if tp + fn else None,
        "f1": _f1(tp, fp, fn),
        "average_precision": average_precision(actual, p),
    }


def f1_terms(actual: NDArray[np.bool_], told: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Terms that each image adds to 2 TP and to FP + FN of each label, (m, 2K), from (m, K) each; see resampling.py."""
    return np.concatenate([2 * (actual & told), actual ^ told], axis=1).astype(np.float64)


def macro_f1(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Macro F1 of each row of sums of `f1_terms`, (N,), from (N, 2K); 0 where no image has a label or is told one."""
    doubled, wrong = np.hsplit(sums, 2)
    counts = doubled + wrong > 0
    f1 = doubled / np.where(counts, doubled + wrong, 1)
    return np.asarray(f1.sum(axis=1) / np.maximum(counts.sum(axis=1), 1))


def average_precision(actual: NDArray[np.bool_], p: NDArray[Any]) -> float | None:
    """Average precision of one label; see the module. Equal probabilities are told together.

    Args:
        actual: Whether each image has it, (m,).
        p: Its probability, (m,).
    """
    n = int(actual.sum())
    if not n:
        return None
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.diff(p[order], append=-1.0))  # the last place of each probability
    right = np.cumsum(actual[order])[last]
    return float((np.diff(right, prepend=0) * right / (last + 1)).sum() / n)


def _f1(tp: int, fp: int, fn: int) -> float | None:
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None if none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def collect_labels(
    predictions: Iterable[Prediction],
    targets: Sequence[Sequence[float]],
    names: tuple[str, ...],
    thresholds: NDArray[np.float64],
    split: str = "",
) -> MultilabelEvaluation:
    """Predictions with the labels that images have, in the same order; the bad ones are put aside.

    Args:
        predictions: One per image.
        targets: A 1 for each label that an image has, else 0, (m, K).
        names: Of the labels.
        thresholds: Of the model.
        split: As in `Evaluation`.
    """
    each = collect_numbers(predictions, targets, names, np.zeros(len(names)), split)
    has = np.asarray(each.actual > 0.5)
    return MultilabelEvaluation(
        names, each.paths, has, each.probabilities, each.bad, split, each.known, thresholds=thresholds
    )


def label_csv_rows(evaluation: MultilabelEvaluation) -> list[tuple[object, ...]]:
    """Path, and of each label whether the image has it, whether it is told to, and its probability; with a header."""
    kinds = ("actual", "predicted", "probability")
    rows: list[tuple[object, ...]] = [("path", *(f"{kind}_{name}" for name in evaluation.classes for kind in kinds))]
    told = evaluation.told.astype(int)
    for i, path in enumerate(evaluation.paths):
        columns = zip(evaluation.actual[i].astype(int), told[i], evaluation.probabilities[i], strict=True)
        rows.append((path, *(cell for has, is_told, p in columns for cell in (has, is_told, str(p)))))
    return rows
