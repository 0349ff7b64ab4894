"""``nncli tune``: better settings within a time budget."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.config_words import settings_option
from nncli.cli.messages import say
from nncli.cli.options import Output
from nncli.cli.progress import Progress
from nncli.cli.stop_signals import signals
from nncli.cli.together import together
from nncli.errors import Interrupted, NncliError, UsageError
from nncli.machine.extras import refuse_missing
from nncli.machine.ranks import ALONE
from nncli.text import counted, printable

if TYPE_CHECKING:
    from types import ModuleType

    from nncli.config import ConfigFile
    from nncli.machine.ranks import Ranks
    from nncli.tuning.study import Search
    from nncli.tuning.trial import SearchHooks, Tried

FEWEST = 3
"""Finished trials below which a search has hardly begun."""

MARK = "# Found by `nncli tune`"
"""How its files begin: they may be written again."""


class Duration(click.ParamType):  # type: ignore[type-arg]  # which click made generic after 8.2
    """A time such as 90s, 10m or 1h30m, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Seconds."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?", value)
        seconds = sum(int(n or 0) * unit for n, unit in zip(match.groups(), (3600, 60, 1), strict=True)) if match else 0
        if not seconds:
            self.fail(f"{printable(value)} is no duration; write 90s, 10m or 1h30m.", param, ctx)
        return seconds


def _help(ranks: Ranks) -> None:
    ranks.meet()  # before, the first may find that it cannot search
    _search_room().help_search(ranks, _notes(ranks))


@click.command(short_help="Search for better settings within a time budget.")
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--budget",
    metavar="TIME",
    type=Duration(),
    default="10m",
    show_default=True,
    help="Time budget, such as 90s, 10m, 1h30m.",
)
@click.option("--trials", metavar="N", type=click.IntRange(1), help="Stop after N trials, if that is earlier.")
@click.option("-o", "--output", metavar="FILE", type=Output(path_type=Path), help="Default: CONFIG-best.yaml.")
@click.option("--study", metavar="FILE|URL", help="Database of the trials.  [default: beside --output, .study]")
@click.option("--force", is_flag=True, help="Replace --output even if it was not written by tune.")
@click.option(
    "-f", "--format", "format_", type=click.Choice(["path", "csv", "json"]), default="path", show_default=True,
    help="Print the path of the config, all trials as csv, or all figures as json.",
)  # fmt: skip
@settings_option
@together.helped_by(_help)
def command(
    config: Path,
    budget: int,
    trials: int | None,
    output: Path | None,
    study: str | None,
    force: bool,
    format_: str,
    settings: tuple[str, ...],
) -> None:
    """Search for better settings than CONFIG's, write the best config found, and print its path.

    \b
    Examples:
      nncli tune photos.yaml --budget 30m
      nncli train "$(nncli tune photos.yaml --budget 10m)"
      nncli tune photos.yaml --study shared.study -o other.yaml    one of several
      mpiexec -n 4 nncli tune photos.yaml    four trials at a time

    Searched are recipe, features, hidden layers, learning rate, dropout, weight decay and, of classes, label smoothing;
    the first trial is CONFIG as it is. Where the budget is too short for several whole trainings, trials are smaller
    ones, and the best are repeated. Unpromising trials are given up early. Ctrl-C ends the search with the best so far.
    The same command resumes its study, and several may share one.

    Validation images choose, by accuracy, of labels by macro F1, of numbers by R2. The verdict is on training images
    that were set aside, by the test of 'nncli compare'. Needs the extra 'tune'; without it, it says how to install it.
    """  # fmt: skip
    deadline = time.monotonic() + budget
    from nncli.config import load_config, parse_override

    config_file = load_config(config, [parse_override(text) for text in settings])
    output = output or Path(f"{config.stem}-best.yaml")
    _check_output(output, force=force)
    study = study or str(output.with_suffix(".study"))
    search = _search(config_file, study)
    before, named = search.trials(), _search_room().shown(study)
    say(f"study {named}" + (f": resumed after {counted(len(before), 'trial')}" if before else ""))
    go_on = f"the same command resumes {named}"
    signals.orderly = True
    try:
        _run(search, deadline, output, trials)
    except Interrupted as interrupted:
        interrupted.message = f"stopped at once; {go_on}"
        raise
    signals.take_time()
    report = _finish(search, output, budget)
    _print(report, format_)
    try:
        signals.end_order()
    except Interrupted as interrupted:
        interrupted.message = f"stopped, the best so far is written; {go_on}"
        raise


def _run(search: Search, deadline: float, output: Path, n_trials: int | None) -> None:
    """Search; the best is written at once, in case that nothing comes after it."""
    from nncli.cli.tune_progress import TuneProgress
    from nncli.tuning.trial import winner

    def on_tried(tried: Tried) -> None:
        best = winner(search.trials())
        if best is not None and tried.number == best.number:
            _write(search, tried, output)

    watcher = TuneProgress(search, deadline, on_tried, together.ranks or ALONE)
    search.run(watcher, max(deadline - time.monotonic(), 0.001), n_trials)
    watcher.tell_of_others()


def _print(report: dict[str, Any], format_: str) -> None:
    from nncli.cli.tune_report import as_csv

    if format_ == "path":
        click.echo(printable(report["config"]))
    else:
        click.echo(as_csv(report) if format_ == "csv" else json.dumps(report, indent=2) + "\n", nl=False)


def _check_output(output: Path, *, force: bool) -> None:
    """Replace no file but an earlier result."""
    try:
        is_ours = not output.exists() or output.read_bytes().startswith(MARK.encode())
    except OSError as error:
        raise NncliError(f"{printable(str(output))}: cannot be read: {error.strerror}") from error
    if not (is_ours or force):
        raise UsageError(f"{printable(str(output))}: exists already; choose another -o, or --force to replace it")


def _search(config_file: ConfigFile, study: str) -> Search:
    from nncli.run.plan import plan_experiment

    room, ranks = _search_room(), together.ranks or ALONE
    ranks.meet()
    plan = plan_experiment(config_file, on_trying=Progress("auto").on_trying)
    if not plan.validation_files.paths:
        raise config_file.error(
            "data.validation_split", "data.validation_split is 0, and tune needs validation images to choose by"
        )
    search: Search = room.open_search(plan, study, Progress("auto"), ranks)
    return search


def _search_room() -> ModuleType:
    """The module that searches.

    Raises:
        UsageError: The extra is not installed.
    """
    try:
        from nncli.tuning import study
    except ModuleNotFoundError as error:
        raise refuse_missing("tune", error, "tune") from error
    return study


def _notes(ranks: Ranks) -> SearchHooks:
    from nncli.cli.tune_progress import OwnTrialNotes

    return OwnTrialNotes(ranks)


def _finish(search: Search, output: Path, seconds: float) -> dict[str, Any]:
    """Write the best config, show all trials and say what they are worth; returns all figures."""
    from nncli.cli.tune_report import report_of, table, verdict
    from nncli.tuning.trial import winner

    trials = search.trials()
    best = winner(trials)
    if best is None:
        enough = f"--budget {enough_for(trials, seconds)} would do"
        raise NncliError(f"no trial was finished in this time; {enough}, or lower training.epochs")
    _write(search, best, output)
    report = report_of(search, trials, output)
    say("\n" + "\n".join(table(report)) + "\n")
    if sum(each.state == "finished" for each in trials) < FEWEST:
        say(f"fewer than {FEWEST} trials were finished: --budget {enough_for(trials, seconds)} would do")
    say("\n".join(verdict(report)))
    return report


def enough_for(trials: list[Tried], seconds: float) -> str:
    """A budget in which enough trials would have been finished, as far as those that were tell."""
    from nncli.cli.tune_progress import duration

    n_finished = sum(each.state == "finished" for each in trials)
    return duration(2 * seconds * (FEWEST + 3) / (n_finished + 1))


def _write(search: Search, best: Tried, output: Path) -> None:
    from nncli.machine.atomic_file import write_text_atomically

    plan = search.plan_of(best)
    name, title = printable(plan.config_file.path.name), search.measure.title
    figure = f"{title[0].upper()}{title[1:]} {best.value:.4f} ({best.interval})"
    head = (
        f"{MARK} from {name}: trial {best.number}, {search.space.described(best.choice)}.\n"
        f"# {figure} on the {counted(best.n_validation, 'validation image')} that chose it,\n"
        f"# of a network trained on {counted(best.n_training, 'image')} for {counted(best.epochs, 'epoch')}.\n"
    )
    write_text_atomically(output, head + plan.config_file.resolved_yaml(plan.unused_keys))
