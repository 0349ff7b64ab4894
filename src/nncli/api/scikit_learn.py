"""Names of scikit-learn that its users catch, where it is installed; nncli itself does not need it."""

from __future__ import annotations

import importlib
from typing import Any


class _NotFittedError(ValueError, AttributeError):
    """An estimator is asked before it has learned anything; of the same kinds as scikit-learn's."""


_NotFittedError.__name__ = _NotFittedError.__qualname__ = "NotFittedError"


def offered(module: str, name: str, otherwise: type[Any]) -> type[Any]:
    """The class of this name in a module of scikit-learn, or another one where that is not installed."""
    try:
        return getattr(importlib.import_module(f"sklearn.{module}"), name)  # type: ignore[no-any-return]
    except ImportError:
        return otherwise


def not_fitted(name: str) -> Exception:
    """The error to raise for an estimator of this name."""
    error: Exception = offered("exceptions", "NotFittedError", _NotFittedError)(
        f"this {name} is not fitted yet; call fit(X, y) first"
    )
    return error


def image_classifier_tags() -> Any:
    """Tags that scikit-learn from 1.6 on asks of an estimator: it classifies images, not rows of numbers."""
    from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

    return Tags(
        estimator_type="classifier",
        target_tags=TargetTags(required=True),
        classifier_tags=ClassifierTags(),
        input_tags=InputTags(two_d_array=False, three_d_array=True, string=True),
    )
