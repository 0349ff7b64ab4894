"""``nncli crossval``: every image predicted by a network that was not trained on it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.config_words import settings_option
from nncli.cli.gate import is_below
from nncli.cli.messages import fitted, say
from nncli.cli.next_step import say_next
from nncli.cli.options import Share
from nncli.cli.progress import MODES
from nncli.cli.together import together
from nncli.errors import EXIT_GATE, EXIT_SKIPPED, DataError, Interrupted, UsageError
from nncli.machine.ranks import ALONE
from nncli.text import counted, printable

if TYPE_CHECKING:
    from nncli.config import ConfigFile
    from nncli.machine.ranks import Ranks
    from nncli.run.cross_validation import CrossValidated
    from nncli.run.directory import RunDirectory
    from nncli.run.plan import Plan

FORMATS = ("table", "json")
MOST_FOLDS = 50


def _help(ranks: Ranks) -> None:
    from nncli.cli.crossval_progress import OwnFoldNotes
    from nncli.run.cross_validation import help_cross_validation

    help_cross_validation(ranks, OwnFoldNotes())


@click.command(short_help="Cross-validate: test on every image, check every label.")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option(
    "-k", "--folds", type=click.IntRange(2, MOST_FOLDS), default=5, show_default=True, help="Networks to train."
)
@click.option("--groups", metavar="folder|near-copies|REGEX", help="Keep images together: of a person, burst or drive.")
@settings_option
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: runs/CONFIG-crossval-N.")
@click.option("--force", is_flag=True, help="Replace what is in --out.")
@click.option("--resume", type=click.Path(path_type=Path), metavar="DIR", help="Go on with a stopped cross-validation.")
@click.option(
    "-f", "--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True, help="Output."
)
@click.option(
    "--fail-under",
    metavar="ACCURACY",
    type=Share(),
    help="Exit with 4 if the accuracy is lower; of labels macro F1, of numbers R2.",
)
@click.option("--progress", type=click.Choice(MODES), default="auto", show_default=True, help="Progress on stderr.")
@together.helped_by(_help)
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    config: Path | None,
    folds: int,
    groups: str | None,
    settings: tuple[str, ...],
    out: Path | None,
    force: bool,
    resume: Path | None,
    format_: str,
    fail_under: float | None,
    progress: str,
) -> None:
    """Cross-validate CONFIG: train k networks, each on all images but one part, and ask each about that part.

    \b
    Examples:
      nncli crossval photos.yaml
      nncli crossval photos.yaml --groups '^person\\d+'   keep a person together
      nncli crossval photos.yaml -k 10 -f json | jq .accuracy
      nncli crossval --resume runs/photos-crossval-1
      mpiexec -n 5 nncli crossval photos.yaml    a fold each (docs/scaling.md)

    The accuracy is over all images, and every label is checked. Written are metrics.json, predictions.csv,
    confusion_matrix.csv, labels.csv with the images whose label is doubtful, and labels.html to look at them. Of
    several labels an image and of numbers it is the first two of these.
    """  # fmt: skip
    if (config is None) == (resume is None):
        raise UsageError("crossval needs a config, for example: nncli crossval config.yaml; or --resume DIR alone")
    if resume is not None:
        if settings or groups or out or force:
            raise UsageError("--resume goes on as it began: leave out --set, --groups, --out and --force")
        config, folds, groups = _begun(resume)
    from nncli.config import load_config, parse_override

    config_file = load_config(Path(config or ""), [parse_override(text) for text in settings])
    result = _run(config_file, folds, groups, (out, force), resume, progress)
    metrics = result.metrics
    if format_ == "json":
        click.echo(json.dumps(metrics, indent=2))
    else:
        click.echo(fitted("\n".join(_lines(metrics)), sys.stdout))
    say_next("train", config_file.path) if resume is None else say_next("runs")
    if fail_under is not None and is_below(metrics, fail_under):
        context.exit(EXIT_GATE)
    if metrics["skipped"]:
        context.exit(EXIT_SKIPPED)


def _begun(folder: Path) -> tuple[Path, int, str | None]:
    """The config of a cross-validation, its number of folds, and what keeps images together."""
    from nncli.run.listing import CROSSVAL

    try:
        about = json.loads((folder / CROSSVAL).read_text(encoding="utf-8"))
        folds, groups = about["folds"], about["groups"]
        if type(folds) is not int or not 2 <= folds <= MOST_FOLDS or not isinstance(groups, str | None):
            raise ValueError("its values make no sense")
    except FileNotFoundError as error:
        shown = printable(str(folder))
        raise UsageError(f"{shown}: no {CROSSVAL} in it, so there is no cross-validation to go on with") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{printable(str(folder / CROSSVAL))}: is damaged; start a new cross-validation") from error
    return folder / "config.yaml", folds, groups


def _run(
    config_file: ConfigFile,
    folds: int,
    groups: str | None,
    where: tuple[Path | None, bool],
    resume: Path | None,
    progress: str,
) -> CrossValidated:
    """Train, write the files, and return the result."""
    from nncli.cli.crossval_progress import CrossvalProgress
    from nncli.run.cross_validation import CrossValidation
    from nncli.run.directory import RunDirectory, create_run
    from nncli.run.plan import plan_experiment

    watcher = CrossvalProgress(progress)
    plan = plan_experiment(config_file, on_trying=watcher.on_trying)
    name = f"{config_file.path.stem}-crossval"
    with RunDirectory(resume) if resume else create_run(name, where[0], force=where[1]) as directory:
        try:
            if not resume:
                _begin(directory, plan, folds, groups)
            result = CrossValidation(plan, folds, groups, directory.path, watcher, together.ranks or ALONE).run()
            if result is None:
                raise DataError("the cross-validation was stopped")
            _write(directory, result)
        except Interrupted as interrupted:
            go_on = f"go on with: nncli crossval --resume {printable(str(directory.path))}"
            interrupted.message = f"stopped after {watcher.n_done} of {folds} folds, which are kept; {go_on}"
            raise
    if "task" in result.metrics:
        say(f"{printable(str(directory.path))}: predictions.csv has all answers")
        return result
    say(f"{printable(str(directory.path))}: labels.html and labels.csv have {_doubtful(result.metrics)}")
    return result


def _doubtful(metrics: dict[str, Any]) -> str:
    n_doubtful = len(metrics["likely_mislabeled"])
    if not n_doubtful:
        return "no image, for no label is doubtful"
    return f"{counted(n_doubtful, 'image')} whose label is doubtful, the least probable label first"


def _begin(directory: RunDirectory, plan: Plan, folds: int, groups: str | None) -> None:
    """Write what resuming needs, in place of what was there."""
    from nncli.machine.atomic_file import write_text_atomically
    from nncli.run.listing import CROSSVAL

    directory.clear()
    for path in directory.path.glob("fold-*.npz"):
        path.unlink(missing_ok=True)
    text = plan.config_file.resolved_yaml(plan.unused_keys)
    write_text_atomically(directory / "config.yaml", text)
    write_text_atomically(directory / CROSSVAL, json.dumps({"folds": folds, "groups": groups}) + "\n")


def _write(directory: RunDirectory, result: CrossValidated) -> None:
    from nncli.cli.evaluation_files import mislabeled_csv
    from nncli.evaluation.tables import confusion_csv, csv_text, probability_text
    from nncli.machine.atomic_file import write_text_atomically
    from nncli.report.label_page import label_page

    evaluation, metrics = result.evaluation, result.metrics
    classes, task = evaluation.classes, metrics.get("task", "classification")
    if task != "classification":
        from nncli.evaluation.multilabel import label_csv_rows
        from nncli.evaluation.regression import numbers_csv_rows

        answers: Any = evaluation
        header, *answered = {"multilabel": label_csv_rows, "regression": numbers_csv_rows}[task](answers)
        rows_with_folds = [(*row, fold + 1) for row, fold in zip(answered, result.folds, strict=True)]
        write_text_atomically(directory / "metrics.json", json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")
        write_text_atomically(directory / "predictions.csv", csv_text([(*header, "fold"), *rows_with_folds]))
        return
    rows = [
        (path, classes[actual], classes[predicted], probability_text(probability), fold + 1)
        for (path, actual, predicted, probability), fold in zip(evaluation.rows(), result.folds, strict=True)
    ]
    files = {
        "metrics.json": json.dumps(metrics, indent=2, ensure_ascii=False) + "\n",
        "predictions.csv": csv_text([("path", "actual", "predicted", "probability", "fold"), *rows]),
        "confusion_matrix.csv": confusion_csv(evaluation.confusion, classes),
        "labels.csv": mislabeled_csv(metrics),
        "labels.html": label_page("Labels to check", _summary(metrics), metrics["likely_mislabeled"]),
    }
    for name, text in files.items():
        write_text_atomically(directory / name, text)


def _summary(metrics: dict[str, Any]) -> list[str]:
    return [
        f"{_doubtful(metrics)}, of {metrics['images']:,}: another class reaches the probability that its own images "
        "get on average (confident learning). Each image was judged by a network that was not trained on it.",
        "Not all of them are wrong: look before you move one.",
    ]


def _lines(metrics: dict[str, Any]) -> list[str]:
    from nncli.cli.evaluation_report import as_table

    if "task" in metrics:
        from nncli.cli import multilabel, regression

        lines = {"multilabel": multilabel.fold_lines, "regression": regression.fold_lines}[metrics["task"]]
        return lines(metrics)
    accuracies = metrics["fold_accuracies"]
    spread = f"{min(accuracies):.4f} to {max(accuracies):.4f}, standard deviation {metrics['fold_deviation']:.4f}"
    grouped = f" of {metrics['groups']:,} groups" if metrics["groups"] < metrics["images"] else ""
    return [
        f"{metrics['folds']} folds{grouped}: every image predicted by a network that did not see it",
        f"folds     {spread}",
        *as_table(metrics).splitlines(),
    ]
