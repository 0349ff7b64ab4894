"""What an option can hold: text, one of several words, a number, an integer (`shapes` has the lists and mappings).

A kind says the same thing three times: `read` to the config file, `schema` to an editor, `wanted` to a person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from nncli.config.nodes import Node, Refused, Scalar, Sequence
from nncli.config.places import Problem, shortened
from nncli.config.suggestions import nearest_word

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_INTEGER = 1_000_000_000
"""Limit of the counts that have no other: beyond it are only typing errors."""


class InvalidError(Exception):
    """A value is not what its option wants; holds a problem for each thing that is wrong."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class Kind(Protocol):
    """What an option can hold."""

    @property
    def wanted(self) -> str:
        """What to write, in words that follow "must be"."""

    def read(self, key: str, node: Node) -> Any:
        """The value that `node` holds; `key` is what messages call it.

        Raises:
            InvalidError: if it is not what is wanted.
        """

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""


@dataclass(frozen=True)
class Text:
    """Text that is not empty."""

    wanted: str = "text"

    def read(self, key: str, node: Node) -> str:
        """The text."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip() and "\0" not in node.value:
            return node.value
        needs_quotes = isinstance(node, Scalar) and isinstance(node.value, (bool, int, float))
        raise wrong(key, self.wanted + (" (in quotes)" if needs_quotes else ""), node)

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

    def read(self, key: str, node: Node) -> str:
        """The word."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in self.words:
            return node.value
        raise wrong(key, self.wanted, node, self.words)

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

    def read(self, key: str, node: Node) -> Any:
        """The number, as a float, or the word."""
        if isinstance(node, Scalar):
            if node.value is None or isinstance(node.value, str):
                if node.value in self.words:
                    return node.value
            elif type(node.value) in self.types and self._fits(node.value):  # a bool is no number here
                return self._converted(node.value)
        wanted = self.wanted
        if isinstance(node, Scalar) and type(node.value) is int and node.value > LARGEST_INTEGER == self.maximum:
            wanted = f"at most {LARGEST_INTEGER}"
        raise wrong(key, wanted, node, [word for word in self.words if word])

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

    def _fits(self, value: float) -> bool:
        return (
            math.isfinite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def _converted(self, value: float) -> float:
        return float(value)


@dataclass(frozen=True)
class Integer(Number):
    """An integer between limits, or one of a few words."""

    maximum: float | None = LARGEST_INTEGER

    noun: ClassVar[str] = "an integer"
    json_type: ClassVar[str] = "integer"
    types: ClassVar[tuple[type, ...]] = (int,)

    def _converted(self, value: float) -> int:
        return int(value)


def wrong(key: str, wanted: str, node: Node, words: Iterable[str] = ()) -> InvalidError:
    """The error for a value that is not what is wanted, with the nearest of `words`."""
    if isinstance(node, Refused):
        return InvalidError()  # reported already
    word = nearest_word(node.value, words) if isinstance(node, Scalar) and isinstance(node.value, str) else None
    hint = f". Did you mean '{word}'?" if word else ""
    return InvalidError(Problem(node.place, f"{key} must be {wanted}, {_found(node)}{hint}"))


def either(words: Iterable[str]) -> str:
    """The words as a person lists them: a, b or c."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _found(node: Node) -> str:
    """What is there instead of what is wanted."""
    if isinstance(node, Sequence):
        return f"not a list of {len(node.items)}"
    if not isinstance(node, Scalar):
        return "not a mapping"
    if not node.text:
        return "but has no value"
    text = shortened(node.text)
    if not isinstance(node.value, str):
        return f"not {text}"
    return f"not the text '{text}'" if node.is_quoted else f"not '{text}'"
