"""Which model file a command means: the one given, or the one that lies at hand."""

from __future__ import annotations

import os
from pathlib import Path

from nncli.cli.messages import say
from nncli.errors import ModelFileError
from nncli.text import printable

NAME = "model.npz"
"""The model file of a run directory."""

VARIABLE = "NNCLI_MODEL"


def find_model(given: str | None, origin: str = "--model") -> Path:
    """The path of the model file; a guess is named on stderr.

    Args:
        given: What ``--model`` says: a model file or a run directory. Otherwise $NNCLI_MODEL decides, then ./model.npz,
            then the newest runs/*/model.npz.
        origin: What else than ``--model`` said it, an argument for example.

    Raises:
        ModelFileError: There is none.
    """
    if given is not None:
        return _resolve(given, origin)
    if variable := os.environ.get(VARIABLE):
        return _resolve(variable, f"${VARIABLE}")
    if Path(NAME).is_file():
        return Path(NAME)
    runs = [path for path in Path("runs").glob(f"*/{NAME}") if path.is_file()]
    if not runs:
        raise ModelFileError(
            f"no model found; tried {origin}, ${VARIABLE}, ./{NAME} and runs/*/{NAME}. "
            f"Name one with {origin}, or train one with 'nncli train'"
        )
    newest = max(runs, key=lambda path: path.stat().st_mtime_ns)
    say(f"using the newest model, {newest}")
    return newest


def _resolve(text: str, origin: str) -> Path:
    """A model file, also if a run directory is named."""
    if not text:  # "$m" of a training that failed; Path("") would be the current directory
        raise ModelFileError(f"{origin} is empty; name a model file or a run directory")
    path = Path(text)
    if path.is_dir():
        path /= NAME
    if not path.exists():
        raise ModelFileError(f"{printable(str(path))}: no such file (from {origin})")
    return path
