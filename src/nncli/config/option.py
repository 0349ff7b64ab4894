"""What is known about an option, and limits that several options share."""

from dataclasses import MISSING
from typing import Any, NamedTuple

from nncli.config.kinds import Kind, Number

REQUIRED = MISSING
"""The default of an option that has to be written."""

SHARE = Number(minimum=0, below=1)
POSITIVE = Number(above=0)

AUTO: Any = "auto"
"""Stands for a number that the dataclass puts in its place."""


class Only(NamedTuple):
    """An option counts only where another one of its section has one of these values."""

    selector: str
    values: tuple[str, ...]
    hint: str = ""


class Option(NamedTuple):
    """What is known about an option; its default is `REQUIRED` where it has to be written."""

    key: str
    default: Any
    kind: Kind
    doc: str
    only: Only | None = None
