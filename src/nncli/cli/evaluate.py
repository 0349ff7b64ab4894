"""`nncli evaluate`: how good a model is on labeled images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli import blas
from nncli.atomic_file import write_text_atomically
from nncli.cli.evaluation_report import FORMATS
from nncli.cli.messages import say, settings, tell_more, warn
from nncli.cli.model_lookup import find_model
from nncli.cli.options import Share, model_option
from nncli.errors import EXIT_GATE, EXIT_SKIPPED, DataError
from nncli.tables import confusion_csv, predictions_csv
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nncli.cli.evaluation_report import Report
    from nncli.cli.labeled_images import LabeledImages
    from nncli.inference import Prediction, Predictor
    from nncli.tables import PredictionRow


@click.command(short_help="Measure a model on labeled images.")
@click.argument("data", type=click.Path())
@model_option
@click.option("--split", type=click.Choice(["train", "val", "test"]), help="Which one.  [default: test, val, train]")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option("--wrong", metavar="FILE", type=click.Path(), help="Write misclassified images as CSV, the surest first.")
@click.option("--confusion", metavar="FILE", type=click.Path(), help="Write the confusion matrix as CSV.")
@click.option("--predictions", metavar="FILE", type=click.Path(), help="Write the prediction of every image as CSV.")
@click.option("--fail-under", metavar="ACCURACY", type=Share(), help="Exit with 4 if the accuracy is lower.")
@click.pass_context
def command(
    context: click.Context,
    *,
    data: str,
    model: str | None,
    split: str | None,
    format_: str,
    wrong: str | None,
    confusion: str | None,
    predictions: str | None,
    fail_under: float | None,
) -> None:
    """Compare predictions with the folders that the images lie in: accuracy, precision, recall, F1, confusion matrix.

    DATA holds one folder per class, or train, val and test folders of them. Classes are matched by name.

    \b
    Examples:
      nncli evaluate photos/test
      nncli evaluate -m runs/cats-1 photos --split val --wrong wrong.csv
      nncli evaluate photos -f json | jq .accuracy
      nncli evaluate photos --fail-under 0.9      exit code 4 if the accuracy is lower
    """
    tell_more(blas.choose())
    from nncli.cli.labeled_images import labeled_images
    from nncli.inference import Predictor
    from nncli.model_file import read_model

    predictor = Predictor(read_model(find_model(model)))
    classes = predictor.model.classes
    images = labeled_images(data, split)
    _check_classes(images, classes)
    _say_what_is_evaluated(data, images, classes)

    report, rows = _evaluate(predictor, images)
    click.echo(FORMATS[format_](report), nl=False)
    if wrong:
        mistakes = sorted((row for row in rows if row[1] != row[2]), key=lambda row: float(row[3]), reverse=True)
        _write(wrong, predictions_csv(mistakes, classes))
    if predictions:
        _write(predictions, predictions_csv(rows, classes))
    if confusion:
        _write(confusion, confusion_csv(report["confusion"]["matrix"], classes))
    if fail_under is not None and report["accuracy"] < fail_under:
        counts = f"{report['correct']} of {report['images']} images"
        warn(f"accuracy {report['accuracy']:.4f} ({counts}) is below --fail-under {fail_under:g}")
        context.exit(EXIT_GATE)
    if report["skipped"]:
        context.exit(EXIT_SKIPPED)


def _check_classes(images: LabeledImages, classes: Sequence[str]) -> None:
    """Refuse folders that the model has no name for.

    Raises:
        DataError: With their names and the model's.
    """
    unknown = [name for name in images.classes if name not in classes]
    if unknown:
        shown, known = (", ".join(map(printable, names)) for names in (unknown, classes))
        raise DataError(f"{printable(images.folder)}: the model has no class {shown}; its classes are {known}")


def _say_what_is_evaluated(data: str, images: LabeledImages, classes: Sequence[str]) -> None:
    split = f"the {images.split} split of " if images.split else ""
    say(f"evaluating {split}{printable(data)}: {len(images.paths)} images")
    for note in images.notes:
        say(note)
    missing = [name for name in classes if name not in images.names]
    if missing:
        say(f"no images of class {', '.join(map(printable, missing))}")


def _evaluate(predictor: Predictor, images: LabeledImages) -> tuple[Report, list[PredictionRow]]:
    """The report, and a row for every image that could be read.

    Raises:
        DataError: None could be read.
    """
    import numpy as np

    from nncli import metrics

    classes = predictor.model.classes
    sources = zip(images.paths, images.paths, strict=True)
    predictions = list(_with_bar(predictor.predict(sources), len(images.paths)))
    bad = [prediction for prediction in predictions if prediction.error]
    for prediction in bad:
        warn(f"{printable(prediction.path)}: {prediction.error}")
    if len(bad) == len(predictions):
        raise DataError(f"{printable(images.folder)}: none of its {len(bad)} images could be read")

    pairs = zip(predictions, images.names, strict=True)
    actual = [classes.index(name) for prediction, name in pairs if not prediction.error]
    good = [prediction for prediction in predictions if not prediction.error]
    probabilities = np.stack([prediction.probabilities for prediction in good])
    predicted = probabilities.argmax(axis=1)
    confusion = metrics.confusion_matrix(actual, predicted, len(classes))
    report = {
        "accuracy": metrics.accuracy(confusion),
        "loss": metrics.loss(actual, probabilities),
        "images": len(good),
        "correct": int(confusion.trace()),
        "skipped": len(bad),
        "per_class": metrics.per_class(confusion, classes),
        "confusion": {"classes": list(classes), "matrix": confusion.tolist()},
    }
    paths = [prediction.path for prediction in good]
    return report, list(zip(paths, actual, predicted.tolist(), probabilities.max(axis=1).tolist(), strict=True))


def _write(path: str, text: str) -> None:
    if path == "-":
        click.echo(text, nl=False)
    else:
        write_text_atomically(Path(path), text)


def _with_bar(predictions: Iterable[Prediction], total: int) -> Iterable[Prediction]:
    """`predictions`, with a progress bar where somebody watches."""
    if settings.quiet or not sys.stderr.isatty():
        return predictions
    from tqdm import tqdm

    return tqdm(predictions, total=total, unit=" images", leave=False)
