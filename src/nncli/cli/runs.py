"""``nncli runs``: the runs there are, how good each is, and when it ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.messages import fitted, warn
from nncli.cli.next_step import say_next, way_to_look
from nncli.cli.text_table import aligned
from nncli.errors import DataError, UsageError
from nncli.evaluation.tables import csv_text
from nncli.text import counted, printable

if TYPE_CHECKING:
    from nncli.run.listing import ListedRun

FORMATS = ("table", "csv", "json")
COLUMNS = ("run", "data", "accuracy", "low", "high", "images", "date", "folds")


@click.command(short_help="List runs: data, accuracy, date.")
@click.argument("folder", metavar="[DIR]", default="runs", type=click.Path(path_type=Path))
@click.option(
    "-f", "--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True, help="Output."
)
def command(folder: Path, format_: str) -> None:
    """List the runs in DIR, the oldest first: on which data, how accurate with its 95 % interval, and when.

    \b
    Examples:
      nncli runs
      nncli runs experiments -f csv | sort -t, -k3 -n
      nncli runs -f json | jq 'map(select(.folds|not)) | max_by(.accuracy)'

    The accuracies are those of each run's own validation images: `nncli compare` has runs answer the same ones.
    Of a cross-validation it is that over all images; it has no model.
    """
    from nncli.run.listing import listed_run, run_folders

    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise UsageError(f"{printable(str(folder))}: {what}, so there is no run in it")
    runs = []
    for path in run_folders(folder):
        try:
            runs.append(listed_run(path))
        except DataError as error:
            warn(f"{error}; not listed")
    runs.sort(key=lambda run: run.ended)
    if format_ == "json":
        click.echo(json.dumps([_as_dict(run) for run in runs], indent=2))
    elif format_ == "csv":
        click.echo(csv_text([COLUMNS, *(_as_dict(run).values() for run in runs)]), nl=False)
    elif runs:
        rows = [("run", "data", "accuracy", "95 % interval", "images", "date"), *map(_cells, runs)]
        click.echo(fitted("\n".join(aligned(rows)), sys.stdout))
        if models := [run.path for run in runs if (run.path / "model.npz").is_file()]:
            say_next(*way_to_look(models[-1]))
    else:
        click.echo(f"no runs in {printable(str(folder))}")


def _as_dict(run: ListedRun) -> dict[str, Any]:
    low, high = run.interval or (None, None)
    ended = run.ended.isoformat(timespec="seconds")
    values = (str(run.path), run.data, run.accuracy, low, high, run.images, ended, run.folds)
    return dict(zip(COLUMNS, values, strict=True))


def _cells(run: ListedRun) -> tuple[str, ...]:
    """Texts of a row; a run that was stopped has no accuracy yet, and one that tells no classes has none at all."""
    interval = "{:.3f} to {:.3f}".format(*run.interval) if run.interval else "-"
    unknown = "unfinished" if run.images is None else "-"
    accuracy = unknown if run.accuracy is None else f"{run.accuracy:.4f}"
    images = "-" if run.images is None else f"{run.images:,}"
    images += f" in {counted(run.folds, 'fold')}" if run.folds else ""
    return str(run.path), Path(run.data).name, accuracy, interval, images, f"{run.ended:%Y-%m-%d %H:%M}"
