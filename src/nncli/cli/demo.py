"""``nncli demo``: the first job, with the samples that come with the program."""

from __future__ import annotations

from pathlib import Path

import click

from nncli.cli.messages import say
from nncli.errors import UsageError
from nncli.text import printable

CONFIG = Path("digits.yaml")

NEXT = """
What to do next
  nncli train {config} --epochs 60    change a setting, or edit {config}
  nncli lesson                           how it works, in experiments
  nncli init PHOTOS -o photos.yaml       your photos, a folder for each class
  nncli train photos.yaml"""


@click.command(short_help="Train on installed samples, predict, report.")
def command() -> None:
    """Train a network on 1,000 sample images of handwritten digits and ask it about one that it has not seen.

    The model and a report page are written to the current folder, in about two seconds.

    \b
    Example:
      nncli demo

    Each command is shown before it runs. What is written: digits.yaml, the config, and runs/digits-N.
    """  # fmt: skip
    from nncli.run.files import read_predictions

    _write_config()
    _run("train", str(CONFIG))
    from nncli.run.directory import latest_run

    run = latest_run(CONFIG.stem)
    assert run is not None  # noqa: S101 - it was just made
    unseen = next(row for row in read_predictions(run) if row.actual == "7")
    _run("predict", "-m", str(run), unseen.path)
    try:
        _run("report", str(run))
    except UsageError as error:  # the extra is not there
        _write_plain_page(run, str(error))
    say(NEXT.format(config=CONFIG))


def _write_config() -> None:
    """The config of the samples, with the place where they are installed.

    Raises:
        UsageError: Another file of this name is there.
    """
    from nncli.config.writing import yaml_value
    from nncli.machine.atomic_file import write_text_atomically
    from nncli.run.lessons import lessons_folder

    folder = lessons_folder().parent
    samples = (folder.parent / "sample_images" / "digits").absolute()
    _, _, text = (folder / CONFIG).read_text(encoding="utf-8").partition("\n")  # without the line for editors
    text = text.replace("../sample_images/digits ", f"{yaml_value(str(samples))} ").replace("configs/", "")
    if CONFIG.exists() and CONFIG.read_text(encoding="utf-8", errors="replace") != text:
        raise UsageError(f"{CONFIG}: exists already, with something else in it; run nncli demo in an empty folder")
    write_text_atomically(CONFIG, text)


def _write_plain_page(run: Path, reason: str) -> None:
    """A page with less on it than the report's."""
    from nncli.cli.report import reported_run
    from nncli.machine.atomic_file import write_text_atomically
    from nncli.report.plain import plain_page

    page = run / "report.html"
    write_text_atomically(page, plain_page(reported_run(run / "model.npz"), f"There is more to see: {reason}."))
    say(f"this page has less on it: {reason}")
    click.echo(str(page))


def _run(name: str, *arguments: str) -> None:
    """Show a command, and run it in this process."""
    from nncli.cli.main import load_command

    say(f"$ nncli {name} {' '.join(map(printable, arguments))}")
    load_command(name).main([*arguments], prog_name=f"nncli {name}", standalone_mode=False)
    say("")
