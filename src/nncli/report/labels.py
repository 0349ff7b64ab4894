"""Part of a report about a model that tells labels: how good each one is, and the images with most of them wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.evaluation.multilabel import MultilabelEvaluation
from nncli.report.images import shown_images

if TYPE_CHECKING:
    from nncli.evaluation.evaluation import Evaluation

MOST_WRONG = 24


def labels_part(evaluation: Evaluation | None, most_bytes: int) -> dict[str, Any]:
    """Figures of each label by name, and images; empty for classes and numbers.

    Args:
        evaluation: Of the run.
        most_bytes: For all thumbnails together.
    """
    if not isinstance(evaluation, MultilabelEvaluation):
        return {"labels": {}, "n_mislabeled": 0, "mislabeled": []}
    wrong = evaluation.wrong()

    def words(row: int) -> tuple[str, str]:
        actual, told = (", ".join(names) or "none" for names in evaluation.labels(row))
        return actual, told

    shown = shown_images(evaluation.paths, wrong[:MOST_WRONG], words, most_bytes)
    return {"labels": evaluation.report()["labels"], "n_mislabeled": len(wrong), "mislabeled": shown}
