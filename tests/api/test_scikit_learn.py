"""scikit-learn's own checks of estimators, on `ImageClassifier`; skipped where scikit-learn is not installed.

The checks hand over tables of floats, which `ImageClassifier` refuses: it takes bytes. Here each row becomes an image
of one row of pixels, by one fixed map from numbers to bytes, so that everything behind that door is asked: labels and
their errors, cloning, pickling, repeating, settings, names, orders, what is set and when. What kind of table it is
(NaN, sparse, complex, one-dimensional, another number of columns, column names) is answered by scikit-learn's own
`validate_data`: these checks say nothing about `ImageClassifier`, whose answers are tested in test_estimator.py.
With scikit-learn 1.9 there are 55; the two that need pandas and an array API skip where these are missing.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli import ImageClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data

SETTINGS = {
    "data.image_size": [1, 4],
    "data.color": "grayscale",
    "data.scaling": "standardize",
    "data.validation_split": 0,
    "network.layer_dims": ["auto", "auto"],
    "training.epochs": 10,
    "training.batch_size": 8,
    "training.learning_rate": 0.05,
}


class OfTables(ImageClassifier):
    """Images of one row, whose pixels are the numbers of a table, 0 in the middle and 24 gray levels for each 1."""

    def __init__(self, recipe: str = "plain", settings: Any = None) -> None:
        super().__init__(recipe, settings=settings)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn's signature
        """The two arguments."""
        return {"recipe": self.recipe, "settings": self.settings}

    def _images(self, X: ArrayLike, *, reset: bool) -> NDArray[np.uint8]:
        rows: NDArray[np.float64] = validate_data(self, X, reset=reset, dtype=np.float64)
        images: NDArray[np.uint8] = np.clip(np.rint(rows * 24) + 128, 0, 255).astype(np.uint8)[:, None, :]
        return images

    def fit(self, X: Any, y: ArrayLike, **unknown: object) -> OfTables:
        """On a table (m, n)."""
        rows = self._images(X, reset=True)
        settings, self.settings = self.settings, SETTINGS
        try:
            super().fit(rows, y, **unknown)
        finally:
            self.settings = settings
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Of a table (m, n)."""
        self.classes_  # noqa: B018 - before fit, it says so first
        return super().predict_proba(self._images(X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = tags.input_tags.string = False
        return tags


with warnings.catch_warnings(action="ignore"):  # it does not inherit from scikit-learn's estimators
    CHECKS = [check for _, check in estimator_checks_generator(OfTables())]


@pytest.mark.filterwarnings("ignore:Estimator OfTables does not inherit")
@pytest.mark.parametrize("check", CHECKS, ids=[check.func.__name__ for check in CHECKS])
def test_checks(check: Any) -> None:
    """Each one on tables."""
    check(OfTables())
