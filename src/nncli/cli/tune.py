"""``nncli tune``: better settings within a time budget."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.messages import say
from nncli.cli.progress import Progress
from nncli.cli.stop_signals import signals
from nncli.errors import Interrupted, NncliError, UsageError
from nncli.machine.extras import refuse_missing
from nncli.text import printable

if TYPE_CHECKING:
    from nncli.config import ConfigFile
    from nncli.tuning.study import Search, Tried

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
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Default: CONFIG-best.yaml.")
@click.option("--study", metavar="FILE|URL", help="Database of the trials.  [default: beside --output, .study]")
@click.option("--force", is_flag=True, help="Replace --output even if it was not written by tune.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set a key of the config. Repeatable.")
def command(
    config: Path,
    budget: int,
    trials: int | None,
    output: Path | None,
    study: str | None,
    force: bool,
    settings: tuple[str, ...],
) -> None:
    """Search for better settings than CONFIG's, write the best config found, and print its path.

    \b
    Examples:
      nncli tune photos.yaml --budget 30m
      nncli train "$(nncli tune photos.yaml --budget 10m)"
      nncli tune photos.yaml --study shared.study & nncli tune photos.yaml --study shared.study -o other.yaml

    Searched are recipe, features, hidden layers, learning rate, dropout, weight decay and label smoothing; the first
    trial is CONFIG as it is. Unpromising trials are given up early. Ctrl-C ends the search with the best so far. The
    same command resumes its study, and several may share one.

    The score is the accuracy on the validation images that chose it, so expect somewhat less on others: keep some to
    test. Needs the extra 'tune'; without it, it says how to install it.
    """  # fmt: skip
    deadline = time.monotonic() + budget
    from nncli.config import load_config, parse_override

    config_file = load_config(config, [parse_override(text) for text in settings])
    output = output or Path(f"{config.stem}-best.yaml")
    _check_output(output, force=force)
    study = study or str(output.with_suffix(".study"))
    search = _search(config_file, study)
    before = search.trials()
    say(f"study {printable(study)}{f': resumed after {len(before)} trials' if before else ''}")
    go_on = f"the same command resumes {printable(study)}"
    signals.orderly = True
    try:
        search.run(
            lambda: signals.stop_asked() or time.monotonic() > deadline,
            lambda tried: _tell(search, tried, output),
            trials,
        )
    except Interrupted as interrupted:
        interrupted.message = f"stopped at once; {go_on}"
        raise
    signals.take_time()
    _finish(search, output)
    try:
        signals.end_order()
    except Interrupted as interrupted:
        interrupted.message = f"stopped, the best so far is written; {go_on}"
        raise


def _check_output(output: Path, *, force: bool) -> None:
    """Replace no file but an earlier result."""
    try:
        is_ours = not output.exists() or output.read_bytes().startswith(MARK.encode())
    except OSError as error:
        raise NncliError(f"{printable(str(output))}: cannot be read: {error.strerror}") from error
    if not (is_ours or force):
        raise UsageError(f"{printable(str(output))}: exists already; choose another -o, or --force to replace it")


def _search(config_file: ConfigFile, study: str) -> Search:
    from nncli.run.loading import load
    from nncli.run.plan import plan_experiment

    try:
        from nncli.tuning.study import Search
    except ModuleNotFoundError as error:
        raise refuse_missing("tune", error, "tune") from error

    if config_file.config.data.task == "regression":
        raise config_file.error("data.task", "tune searches for classes; data.task: regression is not searched for yet")
    plan = plan_experiment(config_file)
    if not plan.validation_files.paths:
        raise config_file.error(
            "data.validation_split", "data.validation_split is 0, and tune needs validation images to choose by"
        )
    return Search(load(plan, Progress("auto")), study)


def _tell(search: Search, tried: Tried, output: Path) -> None:
    """Say what a trial brought; the best is written at once, in case that nothing comes after it."""
    say(f"trial {tried.number}: {_result(tried)}  {search.space.described(tried.choice)}")
    if tried.accuracy is not None and tried == _best(search.trials()):
        _write(search, tried, output)


def _finish(search: Search, output: Path) -> None:
    """Write the best config, show all trials, say what they are worth."""
    from nncli.cli.text_table import aligned

    trials = search.trials()
    best, own = _best(trials), next((each for each in trials if each.is_own and each.state == "finished"), None)
    if best is None:
        raise NncliError("no trial was finished in this time; raise --budget, or lower training.epochs")
    _write(search, best, output)
    rows = [
        (
            each.number,
            _result(each),
            "" if each.loss is None else f"{each.loss:.4f}",
            search.space.described(each.choice),
        )
        for each in sorted(trials, key=lambda each: (each.accuracy is None, *(-part for part in each.score)))
    ]
    say("\n" + "\n".join(aligned([("trial", "accuracy", "loss", "compared with the config"), *rows])) + "\n")
    say("\n".join(_verdict(best, own, search.n_validation)))
    click.echo(printable(str(output)))


def _verdict(best: Tried, own: Tried | None, n: int) -> list[str]:
    """Whether the search has found something, and how far to trust it."""
    right = round((best.accuracy or 0) * n)
    if own is None:
        return ["the config's own settings were not finished, so there is nothing to compare with; raise --budget"]
    if best == own:
        return [f"nothing was better than the config's own settings: {right} of {n} validation images right"]
    more = right - round((own.accuracy or 0) * n)
    gained = f"{more} more than with the config's own settings" if more else "as many as with the config's own settings"
    lines = [f"best: trial {best.number}, {right} of {n} validation images right, {gained}"]
    noise = (2 * n * (own.accuracy or 0) * (1 - (own.accuracy or 0))) ** 0.5  # of the difference of two such counts
    if more <= 2 * noise:
        lines.append(f"a difference of up to {2 * noise:.0f} images can be chance")
    return [*lines, "it was chosen by these images, so expect less on others; `nncli evaluate` on new ones tells"]


def _best(trials: list[Tried]) -> Tried | None:
    """The best finished trial, of equal ones the earlier."""
    finished = [each for each in trials if each.state == "finished"]
    return max(finished, key=lambda each: (each.score, -each.number), default=None)


def _result(tried: Tried) -> str:
    return tried.state if tried.accuracy is None else f"{tried.accuracy:.4f}"


def _write(search: Search, best: Tried, output: Path) -> None:
    from nncli.machine.atomic_file import write_text_atomically

    plan = search.plan_of(best)
    name = printable(plan.config_file.path.name)
    head = (
        f"{MARK} from {name}: trial {best.number}, {search.space.described(best.choice)}.\n"
        f"# Accuracy {best.accuracy:.4f} on the {search.n_validation} validation images that chose it.\n"
    )
    write_text_atomically(output, head + plan.config_file.resolved_yaml(plan.unused_keys))
