"""The tree that a YAML text becomes: scalars, lists and mappings, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from nncli.config.places import Place

Value: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True)
class Scalar:
    """A single value, with the text that it was read from."""

    place: Place
    value: Value
    text: str
    is_quoted: bool


@dataclass(frozen=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]


class Entry(NamedTuple):
    """A key of a mapping with its value."""

    key_place: Place
    node: Node


@dataclass(frozen=True)
class Mapping:
    """Keys, as they are written (the key `1` is the text "1"), and their values."""

    place: Place
    entries: dict[str, Entry]


@dataclass(frozen=True)
class Refused:
    """Stands where something was that has been reported already."""

    place: Place


Node: TypeAlias = Scalar | Sequence | Mapping | Refused
