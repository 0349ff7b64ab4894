"""How to install an extra of this very program.

Another program on the package index is called nncli, too, so the name is never written into a message: it is taken from
the metadata of what is installed, known by its command. What was installed from a clone names the clone, by its path,
which is right wherever the reader stands.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

COMMAND = "nncli.__main__:main"
"""The entry point of our distribution's command; no other's has it."""


def install_command(extra: str) -> str:
    """The command line that installs an extra; where nothing is known, that of a clone the reader stands in."""
    from importlib import metadata  # takes a while, and is needed for a message only

    source = "."
    try:
        ours = next(each for each in metadata.distributions() if _is_ours(each))
        origin = json.loads(ours.read_text("direct_url.json") or "{}")
        source = _clone(origin["url"]) if "dir_info" in origin else ours.metadata["Name"]
    except (StopIteration, OSError, ValueError):
        pass
    return f"pip install {shlex.quote(f'{source}[{extra}]')}"


def _clone(url: str) -> str:
    """The folder at a file URL; ``.``, the one that the reader stands in, where it is no longer there."""
    from urllib.parse import unquote, urlsplit

    folder = Path(unquote(urlsplit(url).path))
    return str(folder) if folder.is_dir() else "."


def refuse_missing(what: str, error: ModuleNotFoundError, extra: str) -> UsageError:
    """The error to raise where an import of an extra's package failed.

    Args:
        what: What needs it, "a report".
        error: Of the import.
        extra: Its name.

    Raises:
        ModuleNotFoundError: `error` itself, if the module is one of ours.
    """
    if (error.name or "").startswith("nncli"):
        raise error
    return UsageError(f"{what} needs {error.name}; install it with: {install_command(extra)}")


def _is_ours(distribution: Distribution) -> bool:
    scripts = distribution.entry_points.select(group="console_scripts", name="nncli")
    # A folder of sources has metadata, too, written when it was last installed, but nothing was installed from them.
    return any(each.value == COMMAND for each in scripts) and distribution.read_text("RECORD") is not None
