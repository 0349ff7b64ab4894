"""An option: its default, what it can hold, what it does.

The config's options and the settings of feature blocks are the annotated fields of dataclasses, and everything else is
made from these: what a file may hold, the JSON Schema, the tables of the documentation, the check of a model file.

    epochs: Annotated[int, Integer(1), "passes over the training images"] = 30

No NumPy and no YAML here: a prediction needs this, too.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIRED = MISSING
"""The default of an option that has to be written."""

LARGEST_INTEGER = 1_000_000_000
"""Limit of the counts that have no other: beyond it are only typing errors."""


class Kind(Protocol):
    """Values that an option can hold, described for a person and for an editor."""

    @property
    def wanted(self) -> str:
        """Description of a valid value, in words that follow "must be"."""

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""


class Only(NamedTuple):
    """An option counts only where another one, of its section unless it is named in full, has one of these values."""

    selector: str
    values: tuple[str, ...]
    hint: str = ""

    def selector_of(self, key: str) -> str:
        """The key of the other option, for the option `key`."""
        return self.selector if "." in self.selector else f"{key.partition('.')[0]}.{self.selector}"


class Option(NamedTuple):
    """Description of one option; its default is `REQUIRED` where it has to be written."""

    key: str
    default: Any
    kind: Any
    doc: str
    only: Only | None = None


def options_of(cls: type, section: str = "") -> list[Option]:
    """The options that the annotated fields of a dataclass are, in order; their keys begin with `section`."""
    return [Option(section + each.name, each.default, *get_args(each.type)[1:]) for each in fields(cls)]


@dataclass(frozen=True)
class Text:
    """Text that is not empty."""

    wanted: str = "text"

    words: ClassVar[tuple[str | None, ...]] = ()

    def accepts(self, value: object) -> bool:
        """Whether it is such text."""
        return isinstance(value, str) and bool(value.strip()) and "\0" not in value

    def converted(self, value: Any) -> str:
        """As it is."""
        return str(value)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"type": "string", "pattern": r"\S"}


@dataclass(frozen=True)
class Choice:
    """One of several words."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The words."""
        return either(self.words)

    def accepts(self, value: object) -> bool:
        """Whether it is one of them."""
        return isinstance(value, str) and value in self.words

    def converted(self, value: Any) -> str:
        """As it is."""
        return str(value)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Number:
    """A finite number between limits, or one of a few words (None is YAML's null)."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    words: tuple[str | None, ...] = ()

    noun: ClassVar[str] = "a number"
    json_type: ClassVar[str] = "number"
    types: ClassVar[tuple[type, ...]] = (int, float)

    @property
    def wanted(self) -> str:
        """The limits and the words."""
        if self.minimum is not None and self.maximum not in {None, LARGEST_INTEGER}:
            limits = f" from {self.minimum} to {self.maximum}"
        else:
            lower = f" of at least {self.minimum}" if self.minimum is not None else f" above {self.above}"
            upper = f" and below {self.below}" if self.below is not None else ""
            upper += f" and at most {self.maximum}" if self.maximum not in {None, LARGEST_INTEGER} else ""
            limits = lower + upper
        return either([self.noun + limits, *("null" if word is None else word for word in self.words)])

    def accepts(self, value: object) -> bool:
        """Whether it is a number within the limits, or one of the words."""
        if value is None or isinstance(value, str):
            return value in self.words
        # A bool is no number here.
        return type(value) in self.types and isinstance(value, int | float) and self._fits(value)

    def _fits(self, value: float) -> bool:
        return (
            math.isfinite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def converted(self, value: Any) -> Any:
        """A number as a float, a word as it is."""
        return value if value is None or isinstance(value, str) else float(value)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        limits = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "exclusiveMinimum": self.above,
            "exclusiveMaximum": self.below,
        }
        number = {"type": self.json_type, **{name: limit for name, limit in limits.items() if limit is not None}}
        return {"anyOf": [number, {"enum": list(self.words)}]} if self.words else number


@dataclass(frozen=True)
class Integer(Number):
    """An integer between limits, or one of a few words."""

    maximum: float | None = LARGEST_INTEGER

    noun: ClassVar[str] = "an integer"
    json_type: ClassVar[str] = "integer"
    types: ClassVar[tuple[type, ...]] = (int,)

    def converted(self, value: Any) -> Any:
        """As it is."""
        return value


def either(words: Iterable[str]) -> str:
    """The words as a person lists them: a, b or c."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
