"""How good numbers are: predictions for images whose numbers are known.

    MAE           mean of |y_hat - y|                        in the unit of the numbers
    RMSE          square root of the mean of (y_hat - y)^2   likewise; far-off answers count more
    R2            1 - sum (y_hat - y)^2 / sum (y - mean y)^2   1: always right; 0: no better than one constant
    correlation   of y_hat and y (Pearson)                   whether they rise and fall together, in whatever unit
    of the mean   mean squared error divided by that of answering the training images' mean for every image

R2 and correlation of images that all have the same number are undefined, and None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.loading import BadImage
from nncli.evaluation.evaluation import Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from nncli.model.predictor import Prediction

LOWEST_R2 = -1.0
"""The worst R2 that settings are compared by: no matter how far off, they are useless."""

SAME = 1e-12
"""Share of the squares below which a spread is rounding."""


@dataclass(frozen=True)
class RegressionEvaluation(Evaluation):
    """An evaluation of which `classes` are the names of numbers, and `actual` and `probabilities` are numbers.

    Attributes:
        actual: The right numbers, (m, K).
        probabilities: Those predicted, (m, K).
        mean: Of the training images' numbers, (K,): what is answered without looking.
    """

    mean: NDArray[np.float64] = field(kw_only=True)

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Predicted minus right, (m, K)."""
        return np.asarray(self.probabilities - self.actual, np.float64)

    def wrong(self) -> list[int]:
        """All rows, those furthest off first."""
        size = np.abs(self.residuals) / np.maximum(self.actual.std(axis=0), 1e-12)
        return [int(row) for row in np.argsort(-size.max(axis=1, initial=0), kind="stable")]

    def report(self) -> dict[str, Any]:
        """All figures, ready for JSON; None of no images."""
        n = len(self.paths)
        actual, predicted = self.actual.astype(np.float64), self.probabilities.astype(np.float64)
        targets = {name: figures(actual[:, k], predicted[:, k], self.mean[k]) for k, name in enumerate(self.classes)}
        known = [each["r2"] for each in targets.values() if n and each["r2"] is not None]
        return {
            "task": "regression",
            "split": self.split,
            "images": n,
            "skipped": len(self.bad),
            "r2": float(np.mean(known)) if known else None,
            "targets": targets if n else {},
            "findings": [],
            "known": self._known(),
        }


def figures(actual: NDArray[np.float64], predicted: NDArray[np.float64], mean: float) -> dict[str, Any]:
    """The figures of one number of m images.

    Args:
        actual: The right ones, (m,).
        predicted: (m,).
        mean: What is answered without looking.

    Returns:
        n, mae, rmse, r2, correlation, those of answering the mean, and mean squared error as a share of its.
    """
    if not len(actual):
        return {"n": 0}
    residuals, baseline = predicted - actual, mean - actual
    squares, spread = float(np.mean(residuals**2)), float(np.var(actual))
    by_mean = float(np.mean(baseline**2))
    deviations = float(predicted.std() * actual.std())
    covariance = float(np.mean((predicted - predicted.mean()) * (actual - actual.mean())))
    return {
        "n": len(actual),
        "mae": float(np.abs(residuals).mean()),
        "rmse": squares**0.5,
        "r2": 1 - squares / spread if spread > 0 else None,
        "correlation": covariance / deviations if deviations > 0 else None,
        "baseline": {"answer": float(mean), "mae": float(np.abs(baseline).mean()), "rmse": by_mean**0.5},
        "of_the_mean": squares / by_mean if by_mean > 0 else None,
    }


def r2_terms(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Terms that each image adds to the sums that R2 needs, (m, 3K + 1), from (m, K) each; see resampling.py."""
    centered = actual - actual.mean(axis=0)  # R2 does not change, and squares stay small
    return np.concatenate([(predicted - actual) ** 2, centered, centered**2, np.ones((len(actual), 1))], axis=1)


def mean_r2(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """R2, the mean of all numbers that are not always the same, of each row of sums of `r2_terms`, (N,).

    What is worse than -1 counts as that, so that an answer far off does not outweigh everything; and so does R2 of
    images that all have the same numbers.
    """
    squares, total, total_squares = np.split(sums[:, :-1], 3, axis=1)
    spread = total_squares - total**2 / sums[:, -1:]
    counts = spread > SAME * total_squares
    r2 = np.where(counts, 1 - squares / np.where(counts, spread, 1), 0)
    n = counts.sum(axis=1)
    return np.maximum(np.where(n > 0, r2.sum(axis=1) / np.maximum(n, 1), LOWEST_R2), LOWEST_R2)


def collect_numbers(
    predictions: Iterable[Prediction],
    targets: Sequence[Sequence[float]],
    names: tuple[str, ...],
    mean: NDArray[np.float64],
    split: str = "",
) -> RegressionEvaluation:
    """Predictions with the right numbers, in the same order; the bad ones are put aside.

    Args:
        predictions: One per image.
        targets: The right numbers of each, K of them.
        names: Of the numbers.
        mean: As in `RegressionEvaluation`.
        split: As in `Evaluation`.
    """
    pairs = list(zip(predictions, targets, strict=True))
    good = [(prediction, numbers) for prediction, numbers in pairs if not prediction.error]
    shape = len(good), len(names)
    actual = np.array([numbers for _, numbers in good], np.float64).reshape(shape)
    predicted = np.array([prediction.probabilities for prediction, _ in good], np.float32).reshape(shape)
    bad = [BadImage(prediction.path, prediction.error) for prediction, _ in pairs if prediction.error]
    kinds = [prediction.known for prediction, _ in good]
    known = None if None in kinds else np.array(kinds, np.uint8)
    paths = [prediction.path for prediction, _ in good]
    return RegressionEvaluation(names, paths, actual, predicted, bad, split, known, mean=mean)


def numbers_csv_rows(evaluation: Evaluation) -> list[tuple[object, ...]]:
    """Path, right and predicted number of every image, with a header; predicted in the digits of a float32."""
    header = ("path", *(f"{kind}_{name}" for name in evaluation.classes for kind in ("actual", "predicted")))
    rows: list[tuple[object, ...]] = [header]
    for path, actual, predicted in zip(evaluation.paths, evaluation.actual, evaluation.probabilities, strict=True):
        pairs = zip(actual.tolist(), predicted, strict=True)
        rows.append((path, *(text for right, told in pairs for text in (f"{right:.10g}", str(told)))))
    return rows
