"""A classifier with scikit-learn's interface, which is not needed for it: fit, predict, predict_proba, score.

`fit` trains as `train` does on a folder of these images, one class folder a label: a recipe looks at the same ones, and
the split is the same. But nothing is written, neither images nor a run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.api.classifier import Classifier
from nncli.api.training import overrides
from nncli.config import parse_config
from nncli.data.image_arrays import ImageArrays
from nncli.run.loading import load
from nncli.run.pipeline import train
from nncli.run.plan import plan_experiment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

IN_MEMORY = {"data": {"path": ".", "cache": "off"}}
"""Config of images that have no folder."""

PARAMETERS = ("recipe", "effort", "seed", "settings")


class ImageClassifier:
    """A network for images in memory.

    Args:
        recipe: ``auto``, ``digits``, ``garments``, ``photos`` or ``plain``.
        effort: ``quick``, ``standard`` or ``thorough``; not for ``plain``.
        seed: Of everything that is random.
        settings: Further keys of the config, ``{"training.epochs": 5}``.

    Attributes:
        classes_: The labels, sorted, (n_classes,); after `fit`, as the next two.
        classifier_: What predicts; its classes are the numbers of the labels.
        metrics_: On the images that `fit` did not train on (``data.validation_split``).
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        recipe: str = "auto",
        effort: str = "standard",
        seed: int = 0,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.recipe, self.effort, self.seed, self.settings = recipe, effort, seed, settings

    def fit(self, X: NDArray[np.uint8], y: ArrayLike) -> ImageClassifier:
        """Train on images.

        Args:
            X: uint8, (m, height, width) or (m, height, width, channels).
            y: Labels of any kind that can be sorted, (m,).

        Raises:
            ValueError: X is no such array, or y has another length or a single label.
            NncliError: See `train`.
        """
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(X) != len(labels) or len(self.classes_) < 2:
            raise ValueError(f"{len(X)} images have {len(labels)} labels, {len(self.classes_)} different ones")
        images = ImageArrays.of(X, labels)
        config = parse_config(json.dumps(IN_MEMORY), Path("settings"), overrides(self._settings()))
        finished = train(load(plan_experiment(config, images))).finish()
        self.classifier_ = Classifier(finished.model)
        self.metrics_ = finished.metrics
        return self

    def _settings(self) -> dict[str, object]:
        settings = {"training.recipe": self.recipe, "training.seed": self.seed, **(self.settings or {})}
        return settings if self.recipe == "plain" else {"training.effort": self.effort, **settings}

    def predict_proba(self, X: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities, (m, n_classes), in the order of `classes_`."""
        return self.classifier_.predict_proba(X)

    def predict(self, X: NDArray[np.uint8]) -> NDArray[Any]:
        """The most probable label of each image, (m,)."""
        labels: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return labels

    def score(self, X: NDArray[np.uint8], y: ArrayLike) -> float:
        """The share of images whose label is predicted."""
        return float((self.predict(X) == np.asarray(y)).mean())

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn's signature
        """The arguments of the constructor by name."""
        return {name: getattr(self, name) for name in PARAMETERS}

    def set_params(self, **values: Any) -> ImageClassifier:
        """Replace some of them.

        Raises:
            ValueError: There is no such parameter.
        """
        for name, value in values.items():
            if name not in PARAMETERS:
                raise ValueError(f"ImageClassifier has no parameter {name!r}; there are {', '.join(PARAMETERS)}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """Tags that scikit-learn from 1.6 on asks of an estimator."""
        from sklearn.utils import ClassifierTags, Tags, TargetTags

        return Tags("classifier", TargetTags(required=True), classifier_tags=ClassifierTags())
