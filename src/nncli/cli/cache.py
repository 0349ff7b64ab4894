"""``nncli cache``: what is kept of data sets that were loaded, and getting rid of it."""

from __future__ import annotations

import sys
import time

import click

from nncli.cli.messages import fitted, say
from nncli.cli.text_table import aligned
from nncli.errors import NncliError, UsageError
from nncli.text import printable


@click.command(short_help="List or clear the pixels and features that training keeps.")
@click.option("--clear", is_flag=True, help="Remove all of it and print the number of bytes freed.")
@click.option("--path", "show_path", is_flag=True, help="Print the folder it is in.")
def command(clear: bool, show_path: bool) -> None:
    """List the decoded images and features that training has kept, so that a second run starts at once.

    \b
    Examples:
      nncli cache
      nncli cache --clear
      du -sh "$(nncli cache --path)"

    Nothing depends on it: what is missing is decoded again. A config with `data: {cache: off}` keeps nothing.
    """  # fmt: skip
    from nncli.data.cache_folder import OLD_SUFFIX, cache_folder, entries, remove, remove_leftovers

    if clear and show_path:
        raise UsageError("--clear and --path do not go together; choose one")
    try:
        folder = cache_folder()
        if show_path:
            click.echo(str(folder))
            return
        found = list(entries())
        if clear:
            click.echo(str(sum(map(remove, found)) + remove_leftovers(folder)))
            return
    except OSError as error:
        raise NncliError(f"the cache cannot be read: {error.strerror or error}") from error
    rows: list[tuple[str, ...]] = [("last used", "images", "MB", "kind", "format", "source")]
    for entry in found:
        about = entry.about
        words = "(of an older version)" if entry.path.suffix == OLD_SUFFIX else "(damaged)"
        images, kind, form, source = (
            (str(about.n_rows), about.kind, about.form, about.source) if about else ("", "", "", words)
        )
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.last_used))
        rows.append((used, images, f"{entry.n_bytes / 1e6:.1f}", kind, form, printable(source)))
    if found:
        click.echo(fitted("\n".join(aligned(rows)), sys.stdout))
    else:
        say(f"nothing is kept in {printable(str(folder))}")
