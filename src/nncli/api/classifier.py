"""A model as a Python object: ``load("model.npz").predict(["x.jpg"])``.

Paths and bytes take the way that `nncli predict` takes, to the bit. Arrays and Pillow images start behind the decoder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from nncli.api.images import checked_pictures, described
from nncli.data.folder_walk import find_images
from nncli.data.image.decoding import ImageError, array_image, array_rows, convert_image
from nncli.errors import DataError
from nncli.model.file import Model, read_model
from nncli.model.predictor import Prediction as Answer
from nncli.model.predictor import Predictor
from nncli.model.task import Multilabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.api.images import Picture, Pictures
    from nncli.model.predictor import Source

MODEL = "model.npz"
"""The model file of a run directory."""

IN_MEMORY = ""
"""The path of an image that has none."""


@dataclass(frozen=True)
class Prediction:
    """Prediction for one image.

    Attributes:
        path: As it was given; empty for an image in memory.
        label: The most probable class; empty if the image could not be read.
        probability: Of this class; 0 if the image could not be read.
        probabilities: Of every class, by name, in the order of `Classifier.classes`.
        error: Empty, or why the image could not be read.
    """

    path: str
    label: str
    probability: float
    probabilities: dict[str, float]
    error: str = ""


class Classifier:
    """A model ready to predict.

    Attributes:
        model: All that the model file holds.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._predictor = Predictor(model)

    def __reduce__(self) -> tuple[type[Classifier], tuple[Model]]:
        """Pickled without the predictor's memory."""
        return Classifier, (self.model,)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the probabilities."""
        return self.model.classes

    def predict(self, images: Picture | Iterable[Picture]) -> list[Prediction]:
        """Predictions for images, in their order; one that cannot be read does not stop the others.

        Args:
            images: One or several: paths of files or folders (all images below one), bytes of files, arrays of uint8
                with 1, 3 or 4 (transparency) channels, Pillow images. Any size will do.

        Raises:
            TypeError, ValueError: One is nothing of this kind.
        """
        one = isinstance(images, str | os.PathLike | bytes | Image.Image | np.ndarray)
        pictures: list[Picture] = [images] if one else list(images)  # type: ignore[arg-type, list-item]
        return [self._prediction(each) for each in self._answers(self._predictor, pictures)]

    def _answers(self, predictor: Predictor, pictures: Iterable[Picture]) -> list[Answer]:
        """Answers to pictures of any kind, in their order; a folder has one for each image below it."""
        sources: list[Source] = []
        rows: list[NDArray[np.uint8] | str | None] = []  # decoded, or why not, or None for the predictor to decode
        for picture in pictures:
            if isinstance(picture, np.ndarray | Image.Image):
                rows.append(self._row(picture))
            else:
                found = list(_sources(picture))
                sources += found
                rows += [None] * len(found)
        in_files = predictor.predict(sources)
        return [next(in_files) if row is None else self._in_memory(predictor, row) for row in rows]

    def predict_proba(self, images: Pictures) -> NDArray[np.float32]:
        """The probabilities of images.

        Args:
            images: uint8, (m, height, width) or (m, height, width, channels) of any size; or a list as `predict` takes
                it, without folders.

        Returns:
            (m, n_classes), in the order of `classes`; rows sum to 1.

        Raises:
            ValueError, TypeError: `images` is nothing of this kind; the message says how to make it so.
            DataError: One of a list cannot be read.
        """
        return self.probabilities(images, "images")

    def probabilities(self, images: Pictures, name: str) -> NDArray[np.float32]:
        """As `predict_proba`; `name` is the caller's word for the images."""
        pictures = checked_pictures(images, name)
        if isinstance(pictures, np.ndarray):
            return self._predictor.probabilities(array_rows(pictures, self.model.image_format))
        return np.array([each.probabilities for each in self._read(self._predictor, pictures, name)], np.float32)

    def predict_set(self, images: Pictures, confidence: float = 0.9, name: str = "images") -> NDArray[np.bool_]:
        """Sets of labels that hold the right one with a probability of at least `confidence`; see conformal.py.

        Args:
            images: As for `predict_proba`.
            confidence: 0..1, for images like the validation images.
            name: The caller's word for the images, for messages.

        Returns:
            Whether each class belongs to the set of each image, (m, n_classes); never none.

        Raises:
            ValueError: `confidence` is no probability, or the model had no validation images; else as `predict_proba`.
        """
        if not 0 < confidence < 1:
            raise ValueError(f"confidence is {confidence}; give a number between 0 and 1, such as 0.9")
        conformal = self.model.evidence.conformal
        if conformal is None:
            raise ValueError("this model cannot promise anything; train it again, with validation images")
        return conformal.sets(self.probabilities(images, name), confidence)

    def strangeness(self, images: Pictures, name: str = "images") -> NDArray[np.float64]:
        """How unlike the training images each image is, (m,), 0..1; see strangeness.py.

        Of images of the same kind 1 in 100 is stranger than 0.99.

        Args:
            images: As for `predict_proba`.
            name: The caller's word for them, for messages.

        Raises:
            ValueError: The model had fewer than 20 validation images; else as `predict_proba`.
        """
        measure = self.model.evidence.strangeness
        if measure is None:
            raise ValueError("this model cannot tell what is strange; train again, with 20 or more validation images")
        pictures, predictor = checked_pictures(images, name), Predictor(self.model, tells_strangeness=True)
        if isinstance(pictures, np.ndarray):
            return measure.told(predictor.answers(array_rows(pictures, self.model.image_format))[1])
        return np.array([each.strangeness for each in self._read(predictor, pictures, name)], np.float64)

    def _read(self, predictor: Predictor, pictures: Sequence[Picture], name: str) -> list[Answer]:
        """Answers to pictures all of which can be read.

        Raises:
            DataError: One cannot.
        """
        found = self._answers(predictor, pictures)
        for i, each in enumerate(found):
            if each.error:
                raise DataError(f"{name}[{i}]: {each.path + ': ' if each.path else ''}{each.error}")
        return found

    def _row(self, picture: NDArray[np.uint8] | Image.Image) -> NDArray[np.uint8] | str:
        image = array_image(picture) if isinstance(picture, np.ndarray) else picture
        try:
            return convert_image(image, self.model.image_format)
        except ImageError as error:
            return str(error)

    def _in_memory(self, predictor: Predictor, row: NDArray[np.uint8] | str) -> Answer:
        if isinstance(row, str):
            return Answer(IN_MEMORY, np.empty(0, np.float32), row)
        (probabilities,), scores = predictor.answers(row[None])
        measure = self.model.evidence.strangeness
        is_told = measure is not None and np.isfinite(scores[0])
        return Answer(IN_MEMORY, probabilities, strangeness=measure.told(scores)[0] if measure and is_told else None)

    def _prediction(self, answer: Answer) -> Prediction:
        if answer.error:
            return Prediction(answer.path, "", 0.0, {}, answer.error)
        best = int(answer.probabilities.argmax())
        by_name = dict(zip(self.classes, answer.probabilities.tolist(), strict=True))
        return Prediction(answer.path, self.classes[best], by_name[self.classes[best]], by_name)


@dataclass(frozen=True)
class Measurement:
    """Numbers told of one image.

    Attributes:
        path: As it was given; empty for an image in memory.
        values: The numbers by name; empty if the image could not be read.
        error: Empty, or why the image could not be read.
    """

    path: str
    values: dict[str, float]
    error: str = ""


class Regressor(Classifier):
    """A model that tells numbers; `classes` are their names, and where a classifier has probabilities are numbers."""

    def __reduce__(self) -> tuple[type[Regressor], tuple[Model]]:
        """Pickled without the predictor's memory."""
        return Regressor, (self.model,)

    def predict(self, images: Picture | Iterable[Picture]) -> list[Measurement]:  # type: ignore[override]
        """The numbers of images, in their order; see `Classifier.predict`."""
        return [Measurement(each.path, each.probabilities, each.error) for each in super().predict(images)]

    def predict_values(self, images: Pictures) -> NDArray[np.float32]:
        """The numbers of images, (m, K), in the order of `classes`; see `Classifier.predict_proba`."""
        return self.probabilities(images, "images")


@dataclass(frozen=True)
class Labeling:
    """Labels told of one image.

    Attributes:
        path: As it was given; empty for an image in memory.
        labels: Those that the image has, each as probable as its threshold or more, the most probable first.
        probabilities: Of every label, by name, in the order of the model.
        error: Empty, or why the image could not be read.
    """

    path: str
    labels: list[str]
    probabilities: dict[str, float]
    error: str = ""


class Labeler(Classifier):
    """A model that tells any number of labels at once; `classes` are their names, probabilities do not sum to 1."""

    def __reduce__(self) -> tuple[type[Labeler], tuple[Model]]:
        """Pickled without the predictor's memory."""
        return Labeler, (self.model,)

    @property
    def thresholds(self) -> dict[str, float]:
        """Probability from which on an image has each label."""
        task = self.model.task
        return dict(zip(self.classes, task.thresholds.tolist(), strict=True)) if isinstance(task, Multilabel) else {}

    def predict(self, images: Picture | Iterable[Picture]) -> list[Labeling]:  # type: ignore[override]
        """The labels of images, in their order; see `Classifier.predict`."""
        found, thresholds = [], self.thresholds
        for each in super().predict(images):
            told = [name for name, p in each.probabilities.items() if p >= thresholds[name]]
            told.sort(key=lambda name, p=each.probabilities: -p[name])  # type: ignore[misc]
            found.append(Labeling(each.path, told, each.probabilities, each.error))
        return found


def load(path: str | os.PathLike[str]) -> Classifier:
    """The model in a file, or in a run directory; a `Labeler` or a `Regressor` if it tells labels or numbers.

    Raises:
        ModelFileError: Missing, damaged or not a model.
    """
    model = Path(path)
    used = read_model(model / MODEL if model.is_dir() else model)
    kinds = {"classification": Classifier, "multilabel": Labeler, "regression": Regressor}
    return kinds[used.task.name](used)


def _sources(picture: object) -> Iterator[Source]:
    """Bytes and files as they are, the images of a folder; a folder without any as a source that will fail."""
    if isinstance(picture, bytes):
        yield IN_MEMORY, picture
    elif isinstance(picture, str | os.PathLike):
        path = os.fsdecode(picture)
        found = list(find_images(path, strict=False)) if path and Path(path).is_dir() else []
        yield from ((each, each) for each in found or [path])
    else:
        raise TypeError(f"{described(picture)} is no image; give a path, bytes, a uint8 array or a Pillow image")
