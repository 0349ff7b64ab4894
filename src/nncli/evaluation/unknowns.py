"""How well a model tells images that are of none of its classes.

Such an image is rejected if its largest probability lies below a threshold, or if it is strange enough: `nncli predict`
then answers ``unknown``. Without any limits, the area under the ROC curve (AUROC) says how well each of the two figures
keeps the unknown apart from the known: the probability that of one of each the unknown one looks more unknown; 0.5 is
guessing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.evaluation.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nncli.evaluation.evaluation import Evaluation
    from nncli.model.predictor import Prediction


def unknown_report(
    known: Evaluation, unknown: Sequence[Prediction], threshold: float | None, strange: float | None
) -> dict[str, Any]:
    """All figures, ready for JSON.

    Args:
        known: Images of the model's classes.
        unknown: What the model says of images of none of them.
        threshold: As of `nncli predict --threshold`.
        strange: As of `nncli predict --strange`.
    """
    largest = np.array([each.probabilities.max() for each in unknown], np.float64)
    strangeness = [each.strangeness for each in unknown]
    can_tell = known.strangeness is not None and None not in strangeness and bool(unknown)
    found = np.array(strangeness, np.float64) if can_tell else None
    rejected = _rejected(largest, found, threshold, strange)
    kept = ~_rejected(known.confidence, known.strangeness, threshold, strange)
    right = (known.predicted == known.actual)[kept]
    return {
        "images": len(unknown),
        "rejected": int(rejected.sum()),
        "interval": list(wilson(int(rejected.sum()), len(unknown))),
        "known_answered": int(kept.sum()),
        "accuracy_of_answered": float(right.mean()) if len(right) else None,
        "auroc_of_probability": auroc(-known.confidence, -largest),
        "auroc_of_strangeness": auroc(known.strangeness, found) if found is not None else None,
    }


def _rejected(
    largest: NDArray[Any], strangeness: NDArray[Any] | None, threshold: float | None, strange: float | None
) -> NDArray[np.bool_]:
    """Which images `nncli predict` would call unknown, (m,)."""
    rejected = np.asarray(largest) < np.float32(threshold or 0)
    if strange is not None and strangeness is not None:
        rejected = rejected | (strangeness >= 1 - strange)
    return rejected


def auroc(ordinary: NDArray[Any] | None, strange: NDArray[Any]) -> float | None:
    """The share of pairs in which the strange one has the larger value, equal ones counting half; None without pairs.

    Args:
        ordinary: Values of the one kind, (m,).
        strange: Values of the other, (n,).
    """
    if ordinary is None or not len(ordinary) or not len(strange):
        return None
    ordered = np.sort(np.asarray(ordinary, np.float64))
    values = np.asarray(strange, np.float64)
    below = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return float(below.sum() / (2 * len(ordered) * len(values)))
