"""`nncli report`: one HTML page about one or several runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.messages import say, warn
from nncli.cli.model_lookup import find_model
from nncli.cli.next_step import run_of, say_next, validation_image
from nncli.cli.options import Output
from nncli.errors import DataError, UsageError
from nncli.machine.extras import refuse_missing
from nncli.text import counted, printable

if TYPE_CHECKING:
    from nncli.evaluation.evaluation import Evaluation
    from nncli.model.predictor import Predictor
    from nncli.report.run import ReportedRun

NAME, NAME_OF_SEVERAL = "report.html", "comparison.html"
"""A comparison does not replace the report about its first run."""


@click.command(short_help="Write a page to look at: curves, confusion matrix, wrong images.")
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=Output(path_type=Path),
    help="Default: RUN/report.html, of several RUN/comparison.html.",
)
@click.option(
    "--data", metavar="DIR", type=click.Path(), help="Folder of labeled images.  [default: the run's validation images]"
)
@click.option(
    "--split", type=click.Choice(["train", "val", "test"]), help="Split of --data.  [default: test, val, train]"
)
@click.option("--open", "opens", is_flag=True, help="Show the page in the browser.")
def command(*, runs: tuple[str, ...], output: Path | None, data: str | None, split: str | None, opens: bool) -> None:
    """Write one self-contained HTML page about a RUN, or several side by side, and print its path.

    Learning curves, a confusion matrix whose cells open the images behind them, wrong images, doubtful labels,
    confidence, weights, settings. It works offline. Without RUN: the newest one.

    \b
    Examples:
      nncli report runs/cats-1 --open
      nncli report runs/cats-1 runs/cats-2 -o cats.html
      nncli report runs/cats-1 --data photos/test

    Needs the extra 'report'; without it, it says how to install it.
    """  # fmt: skip
    if split and not data:
        raise UsageError("--split says which part of --data; add --data DIR")
    from nncli.machine.atomic_file import write_text_atomically

    try:
        from nncli.report.page import page
    except ModuleNotFoundError as error:
        raise refuse_missing("a report", error, "report") from error

    named = [find_model(run, "RUN") for run in runs] or [find_model(None, "RUN")]
    models = list({path.resolve(): path for path in named}.values())
    if len(models) < len(named):
        warn("a run that is named more than once is shown once")
    reported = [reported_run(path, data, split) for path in models]
    target = output or models[0].parent / (NAME if len(models) == 1 else NAME_OF_SEVERAL)
    write_text_atomically(target, page(reported))
    click.echo(printable(str(target)))
    if opens:
        _open(target)
    if image := validation_image(models[0].parent):
        say_next("explain", image, "-m", run_of(models[0]), "-o", "why.png")


def _open(page: Path) -> None:
    """Show a page in the user's browser."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say(f"no browser was found; open {printable(str(page))} in one")


def reported_run(path: Path, data: str | None = None, split: str | None = None) -> ReportedRun:
    """A run to report on: its model at `path`, evaluated on a folder, or else on the run's own images."""
    from nncli.cli.evaluated_folder import evaluate_folder
    from nncli.model.file import read_model
    from nncli.model.predictor import Predictor
    from nncli.report.run import ReportedRun
    from nncli.run.files import read_run

    predictor = Predictor(read_model(path), tells_known=True, answers_seen=not data)
    files = read_run(path.parent)
    if data:
        whole = evaluate_folder(predictor, data, split)
        evaluation: Evaluation | None = whole.unseen()
        origin = f"on the images of {data}{f', {split}' if split else ''}"
        if trained := len(whole.paths) - len(whole.unseen().paths):
            origin += f": {trained:,} of {counted(len(whole.paths), 'image')} trained this model; on the others"
            if trained == len(whole.paths):
                raise DataError(f"{printable(data)}: every image trained this model, so none can tell how good it is")
    else:
        evaluation = _saved_images(predictor, path.parent)
        origin = f"on the {files.metrics.get('split', 'validation')} images of the run"
        origin += "" if evaluation else ", as training wrote it down; the images themselves are not there"
    n_training = predictor.model.training.get("training_images")
    when = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    on_images = f"{counted(n_training, 'image')}, " if isinstance(n_training, int) else ""
    origin += f"; trained on {on_images}{when:%Y-%m-%d}"
    name = path.parent.resolve().name if path.name == "model.npz" else path.name
    return ReportedRun(name, predictor.model, files, evaluation, origin)


def _saved_images(predictor: Predictor, folder: Path) -> Evaluation | None:
    """Evaluation of the images in the run's predictions.csv; None if none of them is there any more."""
    from nncli.cli.evaluated_folder import evaluate_files
    from nncli.data.numbers import is_number_row
    from nncli.run.files import read_predictions

    if predictor.model.task.name != "classification":
        return _saved_table(predictor, folder)
    shown = {printable(name): name for name in predictor.model.classes}  # the table has names as they are shown
    saved = read_predictions(folder)
    unknown = next((row.actual for row in saved if row.actual not in shown), None)
    if unknown is not None:
        place, name = printable(str(folder / "predictions.csv")), printable(unknown)
        raise DataError(f"{place}: names a class {name} that the model does not have; remove it, or train again")
    there = [row for row in saved if Path(row.path).is_file()]
    _say_gone(sum(not is_number_row(row.path) for row in saved) - len(there), len(saved), folder)
    if not there:
        return None
    names = [shown[row.actual] for row in there]
    return evaluate_files(predictor, [row.path for row in there], names, str(folder))


def _saved_table(predictor: Predictor, folder: Path) -> Evaluation | None:
    """The same of a model that tells labels or numbers."""
    from nncli.cli.evaluated_folder import evaluate_table
    from nncli.evaluation.labeled_folder import LabeledImages
    from nncli.run.files import read_answers

    saved = read_answers(folder, predictor.model.classes)
    there = [(path, numbers) for path, numbers in saved if Path(path).is_file()]
    _say_gone(len(saved) - len(there), len(saved), folder)
    if not there:
        return None
    paths, targets = [path for path, _ in there], [numbers for _, numbers in there]
    return evaluate_table(predictor, LabeledImages(str(folder), "", paths, [], [], [], targets=targets))


def _say_gone(n_gone: int, n: int, folder: Path) -> None:
    """Say that images of a run have been moved or removed, or lie inside a file."""
    if n_gone > 0:
        gone = f"{n_gone:,} of {counted(n, 'image')} of {printable(str(folder))} are not there as files"
        say(f"{gone}; name the folder, archive, table or arrays that hold them with --data")
