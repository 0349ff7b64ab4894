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
from nncli.api.images import checked_pictures
from nncli.api.labels import checked_labels, checked_weights, classes_and_indices
from nncli.api.scikit_learn import image_classifier_tags, not_fitted
from nncli.api.training import overrides
from nncli.config import parse_config
from nncli.data.image_arrays import ImageArrays
from nncli.data.image_list import ImageList
from nncli.run.loading import load
from nncli.run.pipeline import train
from nncli.run.plan import plan_experiment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from nncli.api.images import Pictures
    from nncli.data.source import ImageSource

IN_MEMORY = {"data": {"path": ".", "cache": "off"}}
"""Config of images that have no folder."""

DEFAULTS: dict[str, Any] = {"recipe": "auto", "effort": "standard", "seed": 0, "settings": None}
PARAMETERS = tuple(DEFAULTS)


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
        n_features_in_: Values of an image, height * width * channels; only where `fit` got one array of all images.

    Raises:
        NotFittedError: One of these is asked for before `fit`; scikit-learn's where it is installed, and everywhere
            a ValueError and an AttributeError.
    """

    _estimator_type = "classifier"

    classes_: NDArray[Any]
    classifier_: Classifier
    metrics_: dict[str, Any]
    n_features_in_: int

    def __init__(
        self,
        recipe: str = "auto",
        effort: str = "standard",
        seed: int = 0,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.recipe, self.effort, self.seed, self.settings = recipe, effort, seed, settings

    def fit(self, X: Pictures, y: ArrayLike, **unknown: object) -> ImageClassifier:
        """Train on images.

        Args:
            X: uint8, (m, height, width) or (m, height, width, channels); or a list of images of any sizes: paths,
                bytes of files, Pillow images, uint8 arrays.
            y: Labels of any kind that can be sorted, (m,); numbers must be whole.
            unknown: Nothing; scikit-learn's ``sample_weight`` is refused.

        Raises:
            ValueError: X or y is of another kind, with the way out; or they do not fit each other.
            TypeError: X holds something that is no image, or there is an argument of another name.
            NncliError: See `train`.
        """
        if "sample_weight" in unknown:
            raise TypeError(
                "fit takes no sample_weight; weigh whole classes with settings={'training.class_weights': 'balanced'}"
            )
        if unknown:
            raise TypeError(f"fit takes X and y, no {', '.join(unknown)}")
        pictures = checked_pictures(X, "X")
        classes, labels = classes_and_indices(checked_labels(y, len(pictures)))
        images: ImageSource = (
            ImageArrays.of(pictures, labels) if isinstance(pictures, np.ndarray) else ImageList.of(pictures, labels)
        )
        config = parse_config(json.dumps(IN_MEMORY), Path("settings"), overrides(self._settings()))
        finished = train(load(plan_experiment(config, images))).finish()
        self.classes_, self.classifier_, self.metrics_ = classes, Classifier(finished.model), finished.metrics
        vars(self).pop("n_features_in_", None)
        if isinstance(pictures, np.ndarray):
            self.n_features_in_ = int(np.prod(pictures.shape[1:]))
        return self

    def _settings(self) -> dict[str, object]:
        settings = {"training.recipe": self.recipe, "training.seed": self.seed, **(self.settings or {})}
        return settings if self.recipe == "plain" else {"training.effort": self.effort, **settings}

    def predict_proba(self, X: Pictures) -> NDArray[np.float32]:
        """Probabilities, (m, n_classes), in the order of `classes_`; X as for `fit`."""
        return self.classifier_.probabilities(X, "X")

    def predict(self, X: Pictures) -> NDArray[Any]:
        """The most probable label of each image, (m,); X as for `fit`."""
        labels: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return labels

    def predict_set(self, X: Pictures, confidence: float = 0.9) -> NDArray[np.bool_]:
        """Whether each label belongs to the set of each image, (m, n_classes), in the order of `classes_`.

        The set holds the right label with a probability of at least `confidence`, for images like those that `fit` kept
        for validation; it is never empty. See `Classifier.predict_set`.
        """
        return self.classifier_.predict_set(X, confidence, "X")

    def strangeness(self, X: Pictures) -> NDArray[np.float64]:
        """How unlike the training images each image is, (m,), 0..1; see `Classifier.strangeness`."""
        return self.classifier_.strangeness(X, "X")

    def score(self, X: Pictures, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """The share of images whose label is predicted.

        Args:
            X: As for `fit`.
            y: Their labels, (m,).
            sample_weight: How much each image counts, (m,).

        Raises:
            ValueError: y or the weights are not one for each image, or the labels are of a kind that equals nothing.
        """
        predicted = self.predict(X)
        is_right = predicted == checked_labels(y, len(predicted))
        weights = None if sample_weight is None else checked_weights(sample_weight, len(predicted))
        return float(np.average(is_right, weights=weights))

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

    def __repr__(self) -> str:
        """As it would be written: the arguments that are not the defaults."""
        given = [f"{name}={value!r}" for name, value in self.get_params().items() if value != DEFAULTS[name]]
        return f"{type(self).__name__}({', '.join(given)})"

    def __getattr__(self, name: str) -> Any:
        """An attribute that is not there: one that only `fit` sets is missing for a reason."""
        if name.endswith("_") and not name.startswith("_"):
            raise not_fitted(type(self).__name__)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has been called, as scikit-learn asks."""
        return "classifier_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        """Tags that scikit-learn from 1.6 on asks of an estimator."""
        return image_classifier_tags()
