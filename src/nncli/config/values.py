"""From the nodes of a config to the values of its options, or to problems that say what is wanted instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nncli.config.nodes import Node, Refused, Scalar, Sequence
from nncli.config.places import Problem, shortened
from nncli.config.suggestions import nearest_word
from nncli.option import LARGEST_INTEGER, Choice, Kind, Number, Numbers, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class InvalidError(Exception):
    """A value is not what its option wants; holds a problem for each thing that is wrong."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class ReadableKind(Kind, Protocol):
    """A kind of more than one value, which knows itself how to read them."""

    def read(self, key: str, node: Node) -> Any:
        """The value that `node` holds; raises as `read`."""


def read(kind: Any, key: str, node: Node) -> Any:
    """The value that `node` holds for an option of this kind; `key` is what messages call it.

    Raises:
        InvalidError: It is not what is wanted.
    """
    if isinstance(kind, Numbers):
        return _read_numbers(kind, key, node)
    if not isinstance(kind, Text | Choice | Number):
        return kind.read(key, node)
    if not isinstance(node, Scalar):
        raise wrong(key, kind.wanted, node, filter(None, kind.words))
    if kind.accepts(node.value):
        return kind.converted(node.value)
    wanted = kind.wanted
    if isinstance(kind, Text) and isinstance(node.value, bool | int | float):
        wanted += " (in quotes)"
    elif isinstance(kind, Number) and type(node.value) is int and node.value > LARGEST_INTEGER == kind.maximum:
        wanted = f"at most {LARGEST_INTEGER}"
    raise wrong(key, wanted, node, filter(None, kind.words))


def _read_numbers(kind: Numbers, key: str, node: Node) -> str | tuple[float, ...]:
    if isinstance(node, Scalar) and isinstance(node.value, str) and kind.accepts(node.value):
        return node.value
    if isinstance(node, Scalar) and not isinstance(node.value, str):
        return (read(kind.each, key, node),)
    if isinstance(node, Sequence) and 0 < len(node.items) <= kind.most:
        return tuple(read_all((f"{key}[{i}]", kind.each, item) for i, item in enumerate(node.items)))
    raise wrong(key, kind.wanted, node, kind.words)


def read_all(parts: Iterable[tuple[str, Any, Node]]) -> list[Any]:
    """Read every part (key, kind, node), and only then raise what was wrong in any of them."""
    values: list[Any] = []
    errors: list[InvalidError] = []
    for key, kind, node in parts:
        try:
            values.append(read(kind, key, node))
        except InvalidError as error:
            errors.append(error)
    if errors:
        raise InvalidError(*(problem for error in errors for problem in error.problems))
    return values


def wrong(key: str, wanted: str, node: Node, words: Iterable[str] = ()) -> InvalidError:
    """The error for a value that is not what is wanted, with the nearest of `words`."""
    if isinstance(node, Refused):
        return InvalidError()  # reported already
    word = nearest_word(node.value, words) if isinstance(node, Scalar) and isinstance(node.value, str) else None
    hint = f". Did you mean '{word}'?" if word else ""
    return InvalidError(Problem(node.place, f"{key} must be {wanted}, {_found(node)}{hint}"))


def _found(node: Node) -> str:
    """Description of the value found in place of a valid one."""
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
