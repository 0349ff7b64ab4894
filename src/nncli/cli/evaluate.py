"""`nncli evaluate`: how good a model is on labeled images."""

from __future__ import annotations

import click

from nncli.cli.evaluated_folder import evaluate_folder
from nncli.cli.evaluation_files import Png, write_files
from nncli.cli.evaluation_report import FORMATS, coverage_table
from nncli.cli.messages import warn
from nncli.cli.model_lookup import find_model
from nncli.cli.options import Share, model_option
from nncli.errors import EXIT_GATE, EXIT_SKIPPED


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
    "--wrong", metavar="FILE", type=click.Path(), help="Write misclassified images as CSV, most confident first."
)
@click.option(
    "--wrong-sheet", metavar="FILE", type=Png(), help="Draw misclassified images as PNG, most confident first."
)
@click.option("--mislabeled", metavar="FILE", type=click.Path(), help="Write likely mislabeled images as CSV.")
@click.option("--confusion", metavar="FILE", type=click.Path(), help="Write the confusion matrix as .csv or .png.")
@click.option("--predictions", metavar="FILE", type=click.Path(), help="Write the prediction of every image as CSV.")
@click.option("--fail-under", metavar="ACCURACY", type=Share(), help="Exit with 4 if the accuracy is lower.")
@click.pass_context
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
    **files: str | None,
) -> None:
    """Compare predictions with the folders that the images lie in: accuracy, precision, recall, F1, confusion matrix.

    DATA holds one folder per class, or train, val and test folders of them. Classes are matched by name.

    \b
    Examples:
      nncli evaluate photos/test
      nncli evaluate -m runs/cats-1 photos --wrong wrong.csv --wrong-sheet wrong.png
      nncli evaluate photos --confusion confusion.png --coverage
      nncli evaluate photos -f json | jq .accuracy
      nncli evaluate photos --fail-under 0.9      exit code 4 if the accuracy is lower
    """
    from nncli.model.file import read_model
    from nncli.model.predictor import Predictor

    evaluation = evaluate_folder(Predictor(read_model(find_model(model))), data, split)
    report = evaluation.report()
    click.echo(FORMATS[format_](report), nl=False)
    if coverage and format_ == "table":
        click.echo(coverage_table(report), nl=False)
    write_files(evaluation, report, files)
    if fail_under is not None and report["accuracy"] < fail_under:
        counts = f"{report['correct']} of {report['images']} images"
        warn(f"accuracy {report['accuracy']:.4f} ({counts}) is below --fail-under {fail_under:g}")
        context.exit(EXIT_GATE)
    if report["skipped"]:
        context.exit(EXIT_SKIPPED)
