"""``nncli init``: a config for a folder of images."""

from __future__ import annotations

import os
from pathlib import Path

import click

from nncli.cli.messages import say
from nncli.cli.next_step import say_next
from nncli.cli.options import Output
from nncli.errors import UsageError
from nncli.text import counted, printable

SCHEMA = "nncli.schema.json"
"""File name suggested for the output of `nncli schema`; a config beside such a file points to it."""


@click.command(short_help="Look at a folder of images and write a config for it.")
@click.argument("data_dir", type=click.Path())
@click.option(
    "-o", "--output", metavar="FILE", type=Output(path_type=Path), default=Path("config.yaml"), show_default=True
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def command(data_dir: str, output: Path, force: bool) -> None:
    """Look at DATA_DIR, write a commented config that trains well as it is, and print its path.

    \b
    Examples:
      nncli init photos
      nncli init photos -o photos.yaml && nncli train photos.yaml && nncli report

    DATA_DIR has one folder per class, or is a table, arrays or an archive (docs/data.md). The comments
    of the config tell what was found, why size and color were chosen, and which options to try next. An existing file
    is left alone. Where nncli.schema.json lies beside the config (nncli schema > nncli.schema.json), editors complete.
    """  # fmt: skip
    if os.path.lexists(output) and not force:
        raise UsageError(f"{printable(str(output))}: exists already; choose another -o, or --force to replace it")
    from nncli.cli.progress import Progress
    from nncli.data.folder_walk import some
    from nncli.machine.atomic_file import write_text_atomically
    from nncli.run.starter_config import Starter

    starter = Starter.of(data_dir, Progress("auto").on_trying, is_kept=True)
    schema = SCHEMA if (output.parent / SCHEMA).is_file() else None
    write_text_atomically(output, starter.text(output, schema))
    counts, classes = sum(len(files.paths) for files in starter.folder.splits.values()), starter.folder.classes
    recipe = starter.values["training.recipe"]
    say(f"{counted(len(classes), 'class')} ({some(classes)}), {counts:,} {starter.looks}: recipe {recipe}")
    for note in starter.notes:
        say(note)
    click.echo(printable(str(output)))
    say_next("train", output)
