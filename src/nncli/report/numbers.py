"""Part of a report about a model that tells numbers: predicted against right ones, how far off, the worst images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.evaluation.regression import RegressionEvaluation
from nncli.report.charts import histogram, scatter
from nncli.report.images import shown_images

if TYPE_CHECKING:
    from nncli.evaluation.evaluation import Evaluation

MOST_POINTS = 2000
"""Points of a drawing: more only hide each other."""

MOST_FURTHEST = 24


def numbers_part(evaluation: Evaluation | None, most_bytes: int) -> dict[str, Any]:
    """Drawings, figures and images of numbers; empty for classes.

    Args:
        evaluation: Of the run.
        most_bytes: For all thumbnails together.
    """
    if not isinstance(evaluation, RegressionEvaluation):
        return {"numbers": [], "furthest": []}
    figures = evaluation.report()["targets"]
    step = -(-len(evaluation.paths) // MOST_POINTS) or 1
    numbers = []
    for k, (name, of) in enumerate(figures.items()):
        right, told = evaluation.actual[::step, k].tolist(), evaluation.probabilities[::step, k].tolist()
        numbers.append(
            {
                "name": name,
                "figures": of,
                "scatter": scatter(right, told, "right", "predicted"),
                "residuals": histogram(evaluation.residuals[:, k].tolist(), "predicted minus right", "images"),
            }
        )
    return {"numbers": numbers, "furthest": _furthest(evaluation, most_bytes)}


def _furthest(evaluation: RegressionEvaluation, most_bytes: int) -> list[dict[str, str]]:
    """The images whose answers are furthest off."""

    def words(row: int) -> tuple[str, str]:
        return _text(evaluation.actual[row]), _text(evaluation.probabilities[row])

    return shown_images(evaluation.paths, evaluation.wrong()[:MOST_FURTHEST], words, most_bytes)


def _text(numbers: Any) -> str:
    return ", ".join(f"{number:.3g}" for number in np.asarray(numbers).tolist())
