"""The last line of a command that made something: the command to go on with, on stderr.

It can be copied, with the paths of this run, quoted for a shell; on a terminal that is too narrow its line ends with a
backslash, as a shell has it, and goes on in the next one. ``-q`` leaves it out.
"""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from nncli.cli.messages import settings, terminal_width, write_lines
from nncli.errors import NncliError


def say_next(*words: str | Path) -> None:
    """Say ``next: nncli WORDS``."""
    if not settings.quiet:
        write_lines(_in_shell_lines(["next: nncli", *(shlex.quote(str(word)) for word in words)]))


def _in_shell_lines(words: list[str]) -> str:
    """The words in a line, or where a terminal is too narrow for it, in as many as a shell puts together again."""
    if sys.stderr is None or not sys.stderr.isatty():
        return " ".join(words)
    lines, width = [words[0]], terminal_width() - len(" \\")
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return " \\\n".join(lines)


def way_to_look(run: Path) -> list[str]:
    """The words of the command that shows a run: its report where that can be made, else what any install has."""
    return ["report" if find_spec("jinja2") is not None else "show", str(run)]


def run_of(model: Path) -> Path:
    """The words that stand for a model in a command: its run directory where it lies in one."""
    return model.parent if model.name == "model.npz" and model.parent != Path() else model


def validation_image(run: Path) -> str | None:
    """An image that the run was validated on and that is still there; its most confident mistake if it made one."""
    from nncli.run.files import read_predictions

    try:
        saved = [row for row in read_predictions(run) if Path(row.path).is_file()]
    except NncliError:
        return None
    if not saved:
        return None
    path = Path(max(saved, key=lambda row: (row.actual != row.predicted, row.probability)).path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
