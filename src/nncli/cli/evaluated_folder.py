"""A model and labeled images: predictions, with a bar, and a line for each image that cannot be read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nncli.cli.messages import say, settings, warn
from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nncli.evaluation.evaluation import Evaluation
    from nncli.evaluation.labeled_folder import LabeledImages
    from nncli.model.predictor import Prediction, Predictor


def evaluate_folder(predictor: Predictor, data: str, split: str | None) -> Evaluation:
    """Evaluation of the images of a folder, or of one split of it.

    Raises:
        UsageError: There is no such split.
        DataError: The folder has a class that the model does not know, or no image in it could be read.
    """
    from nncli.evaluation.labeled_folder import labeled_images

    classes = predictor.model.classes
    images = labeled_images(data, split, classes)
    _say_what_is_evaluated(data, images, classes)
    return evaluate_files(predictor, images.paths, images.names, images.folder, images.split, images.opened())


def evaluate_files(
    predictor: Predictor,
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

    predictions = _with_bar(predictor.predict(opened or zip(paths, paths, strict=True)), len(paths))
    evaluation = collect(predictions, names, predictor.model.classes, split)
    for image in evaluation.bad:
        warn(f"{printable(image.path)}: {image.reason}")
    if not evaluation.paths:
        raise DataError(f"{printable(origin)}: none of its {len(evaluation.bad)} images could be read")
    return evaluation


def _say_what_is_evaluated(data: str, images: LabeledImages, classes: Sequence[str]) -> None:
    split = f"the {images.split} split of " if images.split else ""
    say(f"evaluating {split}{printable(data)}: {len(images.paths)} images")
    for note in images.notes:
        say(note)
    missing = [name for name in classes if name not in images.names]
    if missing:
        say(f"no images of class {', '.join(map(printable, missing))}")


def _with_bar(predictions: Iterable[Prediction], total: int) -> Iterable[Prediction]:
    """`predictions`, with a progress bar where somebody watches."""
    if settings.quiet or not sys.stderr.isatty():
        return predictions
    from tqdm import tqdm

    return tqdm(predictions, total=total, unit=" images", leave=False)
