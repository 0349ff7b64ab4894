"""`nncli evaluate`: how good a model is on labeled images."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.evaluated_folder import evaluate_folder, evaluate_with_unknowns
from nncli.cli.evaluation_files import write_files
from nncli.cli.evaluation_report import FORMATS, coverage_table, unknown_lines
from nncli.cli.gate import is_below
from nncli.cli.messages import fitted, say
from nncli.cli.model_lookup import find_model
from nncli.cli.multilabel import LABEL_FORMATS
from nncli.cli.next_step import run_of, say_next, way_to_look
from nncli.cli.options import Output, Share, backend_option, model_option
from nncli.cli.predicting import help_predicting, predicting
from nncli.cli.regression import NUMBERS_FORMATS, refuse_options
from nncli.cli.together import together
from nncli.errors import EXIT_GATE, EXIT_SKIPPED, UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nncli.evaluation.evaluation import Evaluation
    from nncli.model.file import Model
    from nncli.model.predictor import Prediction


OF_CLASSES = ("coverage", "wrong", "wrong_sheet", "mislabeled", "confusion", "unknown_class", "threshold", "strange")
"""Options that speak of classes."""


@click.command(short_help="Measure a model on labeled images.")
@click.argument("data", type=click.Path())
@model_option
@click.option(
    "--split", type=click.Choice(["train", "val", "test"]), help="Split to evaluate.  [default: test, val, train]"
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option("--coverage", is_flag=True, help="Add the share answered and accuracy at each threshold.")
@click.option(
    "--wrong", metavar="FILE", type=Output("table"), help="Write misclassified images as CSV, most confident first."
)
@click.option(
    "--wrong-sheet",
    metavar="FILE",
    type=Output("picture"),
    help="Draw misclassified images as PNG, most confident first.",
)
@click.option("--mislabeled", metavar="FILE", type=Output("table"), help="Write likely mislabeled images as CSV.")
@click.option("--confusion", metavar="FILE", type=Output("either"), help="Write the confusion matrix as .csv or .png.")
@click.option("--predictions", metavar="FILE", type=Output("table"), help="Write the prediction of every image as CSV.")
@click.option(
    "--fail-under",
    metavar="ACCURACY",
    type=Share(),
    help="Exit with 4 if the accuracy is lower; of labels macro F1, of numbers R2.",
)
@click.option("--unknown-class", metavar="NAME", help="Folder of images that are of no class: how many are told so?")
@click.option("--threshold", type=Share(), metavar="P", help="For --unknown-class: as of predict.")
@click.option("--strange", type=Share(), metavar="P", help="For --unknown-class: as of predict.")
@click.option("--include-training", is_flag=True, help="Count images that trained the model, too.")
@backend_option
@click.pass_context
@together.helped_by(help_predicting)
def command(
    context: click.Context,
    /,
    *,
    data: str,
    model: str | None,
    split: str | None,
    format_: str,
    coverage: bool,
    fail_under: float | None,
    include_training: bool,
    unknown_class: str | None,
    threshold: float | None,
    strange: float | None,
    backend: str,
    **files: str | None,
) -> None:
    """Compare predictions with the folders that the images lie in: accuracy, precision, recall, F1, confusion matrix.

    DATA holds one folder per class, or train, val and test folders of them. Classes are matched by name.
    Images that trained the model, and near-copies of them, are left out of every figure and list, for a network
    remembers them: the model knows their fingerprints. --include-training counts them, too.

    \b
    Examples:
      nncli evaluate photos/test
      nncli evaluate -m runs/cats-1 photos --wrong-sheet wrong.png
      nncli evaluate photos --confusion confusion.png --coverage
      nncli evaluate photos -f json | jq .accuracy
      nncli evaluate photos --fail-under 0.9    exit code 4 if it is less accurate
      nncli evaluate driving.csv --fail-under 0.3   of numbers: 4 if R2 is lower
    """
    from nncli.evaluation.unknowns import unknown_report
    from nncli.model.file import read_model

    path = find_model(model)
    used = read_model(path)
    _check_usage(unknown_class, threshold, strange, used.classes)
    formats = _formats(used, context.params)
    evaluation, unknown, report = _evaluated(used, backend, (data, split), include_training, unknown_class)
    if unknown_class is not None:
        report["unknown"] = {"class": unknown_class, **unknown_report(evaluation, unknown, threshold, strange)}
    text = formats[format_](report)
    click.echo(fitted(text + _further(report, coverage), sys.stdout) if format_ == "table" else text, nl=False)
    write_files(evaluation, report, files)
    if report["images"]:
        _say_what_is_next(path, (data, split), any_wrong="task" not in report and bool(evaluation.wrong()), files=files)
    if fail_under is not None and is_below(report, fail_under):
        context.exit(EXIT_GATE)
    if report["skipped"]:
        context.exit(EXIT_SKIPPED)


def _check_usage(
    unknown_class: str | None, threshold: float | None, strange: float | None, classes: Sequence[str]
) -> None:
    """Refuse what would be ignored, and what contradicts the model, which tells `classes`.

    Raises:
        UsageError: With the reason.
    """
    if unknown_class is None and (threshold is not None or strange is not None):
        raise UsageError("--threshold and --strange are about --unknown-class, which is not given")
    if unknown_class in classes:
        shown = printable(str(unknown_class))
        raise UsageError(f"--unknown-class {shown}: a class of the model; name a folder of images that are of none")


def _formats(model: Model, given: dict[str, Any]) -> dict[str, Callable[[dict[str, Any]], str]]:
    """How the figures of the model are printed, by the name of the format.

    Raises:
        UsageError: An option has no meaning for a model that tells labels or numbers.
    """
    from nncli.model.task import TOLD

    if model.task.name == "classification":
        return FORMATS
    refuse_options(given, OF_CLASSES, TOLD[model.task.name])
    return {"multilabel": LABEL_FORMATS, "regression": NUMBERS_FORMATS}[model.task.name]


def _evaluated(
    model: Model, backend: str, folder: tuple[str, str | None], include_training: bool, unknown_class: str | None
) -> tuple[Evaluation, list[Prediction], dict[str, Any]]:
    """Predictions for the images that count, those for images of no class, and the figures of the former."""
    from nncli.evaluation.confidence import label_sets

    unknown: list[Prediction] = []
    rejects = unknown_class is not None
    answers = {"tells_known": True, "answers_seen": include_training or rejects, "tells_strangeness": rejects}
    with predicting(model, backend, **answers) as predictor:
        if unknown_class is None:
            evaluation = evaluate_folder(predictor, *folder)
        else:
            evaluation, unknown = evaluate_with_unknowns(predictor, *folder, unknown_class)
    if evaluation.known is None:
        say("this model does not tell which images trained it: figures on those are too good; train it again to know")
    elif not include_training:
        evaluation = evaluation.unseen()
    report, conformal = evaluation.report(), model.evidence.conformal
    if conformal and evaluation.paths:
        report["label_sets"] = label_sets(conformal, evaluation.actual, evaluation.probabilities)
    return evaluation, unknown, report


def _say_what_is_next(
    model: Path, folder: tuple[str, str | None], *, any_wrong: bool, files: dict[str, str | None]
) -> None:
    """Look at the mistakes, or at the run."""
    if any_wrong and not files["wrong_sheet"]:
        split = ["--split", folder[1]] if folder[1] else []
        say_next("evaluate", "-m", run_of(model), folder[0], *split, "--wrong-sheet", "wrong.png")
    else:
        say_next(*way_to_look(run_of(model)))


def _further(report: dict[str, Any], coverage: bool) -> str:
    """Lines below the table, where they were asked for; numbers have none."""
    return (coverage_table(report) if coverage else "") + (unknown_lines(report) if "unknown" in report else "")
