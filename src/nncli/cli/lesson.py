"""``nncli lesson``: experiments that come with the program, to run and to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.messages import fitted
from nncli.cli.next_step import say_next
from nncli.cli.options import Output
from nncli.errors import UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from nncli.config import Override
    from nncli.run.lessons import Lesson, Trial

WIDTH = 80


@click.command(short_help="List the lessons, or run one and say what to look for.")
@click.argument("name", required=False)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N", help="Of split and start.")
@click.option(
    "-o", "--output", metavar="FILE", type=Output(path_type=Path), help="The page.  [default: lesson-NAME.html]"
)
def command(name: str | None, seed: int, output: Path | None) -> None:
    """List the lessons in the order of the guide, or train what lesson NAME compares and say what to look for.

    \b
    Examples:
      nncli lesson
      nncli lesson learning_rate
      nncli lesson learning_rate --seed 3

    Each lesson is a commented config; its path is printed, to be trained and changed with nncli train. All that is
    written is a page that compares the trainings. A lesson takes a few seconds.
    """  # fmt: skip
    from nncli.run.lessons import all_lessons

    lessons = all_lessons()
    if name is None:
        click.echo(_listed(lessons))
        say_next("lesson", next(iter(lessons)))
        return
    if name not in lessons:
        import difflib

        close = difflib.get_close_matches(name, lessons, 1)
        hint = f"did you mean {close[0]}?" if close else "nncli lesson lists them"
        raise UsageError(f"no lesson {printable(name)}: {hint}")
    _run(lessons[name], seed, output or Path(f"lesson-{name}.html"))
    following = list(lessons)[list(lessons).index(name) + 1 :]
    if following:
        say_next("lesson", following[0])


def _listed(lessons: dict[str, Lesson]) -> str:
    width = max(map(len, lessons))
    lines = [
        f"{number:>2}  {name:<{width}}  {lesson.title}"
        for number, (name, lesson) in enumerate(lessons.items(), start=1)
    ]
    return fitted("\n".join(lines), sys.stdout, width + 6)


def _run(lesson: Lesson, seed: int, page: Path) -> None:
    """Train what the lesson compares, line by line, and write its page."""
    import textwrap

    from nncli.config import load_config
    from nncli.machine.atomic_file import write_text_atomically
    from nncli.report.lesson import lesson_page
    from nncli.run.lessons import tried

    click.echo(f"{textwrap.fill(lesson.title, WIDTH)}\n{printable(str(lesson.path))}\n")
    width = max(len(_settings(promise.options)) for promise in lesson.promises)
    trials: dict[str, Trial] = {}
    rows = []
    for promise in lesson.promises:
        settings = _settings(promise.options)
        if settings not in trials:
            config_file = load_config(lesson.path, [*overrides(promise.options), *overrides(["--seed", str(seed)])])
            trials[settings] = tried(config_file.with_values({"training.watch": "on"}))
        result, quantity = trials[settings].measured, promise.quantity.replace("_", " ")
        value = "diverges" if "diverges" in result else f"{quantity} {result.get(promise.quantity, 0):.2f}"
        rows.append((settings, value, promise.range))
        click.echo(f"{settings:<{width}}  {value:<22}  ten seeds: {promise.range}")
    write_text_atomically(page, lesson_page(lesson, trials, rows))
    click.echo(f"\n{textwrap.fill(lesson.look_for, WIDTH)}\n\npage: {printable(str(page))}")


def _settings(options: list[str]) -> str:
    return " ".join(option for option in options if option != "--set") or "as it stands"


def overrides(options: list[str]) -> list[Override]:
    """Options of `nncli train` that change the config, each followed by its value."""
    from nncli.cli.train import SHORT_FORMS
    from nncli.config import Override, parse_override

    return [
        parse_override(value) if name == "--set" else Override(SHORT_FORMS[name[2:].replace("-", "_")], value, name)
        for name, value in zip(options[::2], options[1::2], strict=True)
    ]
