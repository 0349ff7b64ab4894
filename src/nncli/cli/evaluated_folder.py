"""A model and labeled images: predictions, with a bar, and a line for each image that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.bar import with_bar
from nncli.cli.messages import say, warn
from nncli.data.folder_walk import some
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nncli.data.reading import Reading
    from nncli.evaluation.evaluation import Evaluation
    from nncli.evaluation.labeled_folder import LabeledImages
    from nncli.model.file import Model
    from nncli.model.predictor import Prediction, Predictor
    from nncli.model.ranked_prediction import RankedPredictor


def evaluate_with_unknowns(
    predictor: Predictor | RankedPredictor, data: str, split: str | None, unknown: str
) -> tuple[Evaluation, list[Prediction]]:
    """As `evaluate_folder`, and what the model says about the images in the class folder `unknown`.

    Raises:
        UsageError: As `evaluate_folder`.
        DataError: Likewise, or there are no images in that folder.
    """
    from nncli.evaluation.labeled_folder import labeled_images

    classes = predictor.model.classes
    images = labeled_images(data, split, (*classes, unknown), reading_like(predictor.model))
    pairs = list(zip(images.paths, images.names, strict=True))
    known, others = [pair for pair in pairs if pair[1] != unknown], [path for path, name in pairs if name == unknown]
    if not others or not known:
        missing = f"no images of class {printable(unknown)}" if not others else "no images of the model's classes"
        raise DataError(f"{printable(images.folder)}: {missing}")
    _say_what_is_evaluated(data, images, classes)
    paths, names = [path for path, _ in known], [name for _, name in known]
    evaluation = evaluate_files(predictor, paths, names, images.folder, images.split)
    predictions = list(with_bar(predictor.predict(zip(others, others, strict=True)), len(others)))
    for prediction in predictions:
        if prediction.error:
            warn(f"{printable(prediction.path)}: {prediction.error}")
    return evaluation, [prediction for prediction in predictions if not prediction.error]


def evaluate_folder(
    predictor: Predictor | RankedPredictor, data: str, split: str | None, *, is_said: bool = True
) -> Evaluation:
    """Evaluation of the images of a folder, or of one split of it.

    Args:
        predictor: The model.
        data: The folder.
        split: Which part of it; None: the usual one.
        is_said: Whether what is evaluated is said, which is enough once where several models are.

    Raises:
        UsageError: There is no such split, or a class or label that the model does not know.
        DataError: No image in the folder could be read.
    """
    from nncli.evaluation.labeled_folder import images_with_labels, labeled_images, measured_images

    classes, task = predictor.model.classes, predictor.model.task.name
    like = reading_like(predictor.model)
    if task != "classification":
        if task == "multilabel":
            images = images_with_labels(data, split, classes, like)
        else:
            images = measured_images(data, split, {"label": list(classes)}, like)
        if is_said:
            _say_what_is_evaluated(data, images, ())
        return evaluate_table(predictor, images)
    images = labeled_images(data, split, classes, like)
    if is_said:
        _say_what_is_evaluated(data, images, classes)
    return evaluate_files(predictor, images.paths, images.names, images.folder, images.split, images.opened())


def reading_like(model: Model) -> Reading:
    """How data are read as those were that trained a model: the same columns, arrays turned in the same way."""
    from nncli.data.reading import Reading

    columns = model.setting("data.columns")
    usual = columns if isinstance(columns, dict) else {}
    return Reading(usual=usual, transpose=model.setting("data.transpose") == "on")


def evaluate_table(predictor: Predictor | RankedPredictor, images: LabeledImages) -> Evaluation:
    """Evaluation of the images of a table with numbers or labels; bad ones are named."""
    import numpy as np

    from nncli.evaluation.multilabel import collect_labels
    from nncli.evaluation.regression import collect_numbers
    from nncli.model.task import Multilabel

    model = predictor.model
    names, task = model.classes, model.task
    predictions = with_bar(predictor.predict(images.opened()), len(images.paths))
    if isinstance(task, Multilabel):
        return _told(collect_labels(predictions, images.targets, names, task.thresholds, images.split), images.folder)
    mean = task.answers(np.zeros((len(names), 1)))[:, 0]  # what is told where the network says nothing
    return _told(collect_numbers(predictions, images.targets, names, mean, images.split), images.folder)


def _told(evaluation: Evaluation, origin: str) -> Evaluation:
    """The evaluation, its bad images named.

    Raises:
        DataError: None could be read; `origin` says where they come from.
    """
    for image in evaluation.bad:
        warn(f"{printable(image.path)}: {image.reason}")
    if not evaluation.paths:
        raise DataError(f"{printable(origin)}: none of its images could be read, of {len(evaluation.bad):,}")
    return evaluation


def evaluate_files(
    predictor: Predictor | RankedPredictor,
    paths: Sequence[str],
    names: Sequence[str],
    origin: str,
    split: str = "",
    opened: Iterable[tuple[str, str | bytes]] | None = None,
) -> Evaluation:
    """Evaluation of the images at `paths`, which are of the classes `names`; bad ones are named.

    Args:
        predictor: The model.
        paths: The images.
        names: Of their classes.
        origin: Where they come from, for messages.
        split: Which part of it they are.
        opened: Each path and what to decode, where the images are no files.

    Raises:
        DataError: None of them could be read; `origin` says where they come from.
    """
    from nncli.evaluation.evaluation import collect

    predictions = with_bar(predictor.predict(opened or zip(paths, paths, strict=True)), len(paths))
    return _told(collect(predictions, names, predictor.model.classes, split), origin)


def _say_what_is_evaluated(data: str, images: LabeledImages, classes: Sequence[str]) -> None:
    split = f"the {images.split} split of " if images.split else ""
    say(f"evaluating {split}{printable(data)}: {counted(len(images.paths), 'image')}")
    for note in images.notes:
        say(note)
    missing = [name for name in classes if name not in images.names]
    if missing:
        say(f"no images of class {some(missing)}")
