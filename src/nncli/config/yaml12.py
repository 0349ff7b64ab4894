"""YAML text -> a tree of nodes that know their place.

PyYAML finds the tokens; the tree is ours, for three reasons. Scalars follow the core schema of YAML 1.2 (section
10.3.2): `1e-3` is a number, and `yes`, `on` and `12:30` are text, which PyYAML sees otherwise. Every node remembers its
place, for messages. And whatever a config has no use for is refused before it can do harm: anchors and aliases (nine
short lines of them can stand for a billion values), tags, merge keys, duplicate keys, further documents, depth.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from nncli.config.nodes import Entry, Mapping, Node, Refused, Scalar, Sequence, Value
from nncli.config.places import Place, Problem, Source
from nncli.config.syntax import in_plain_words

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST = 20
MOST_NODES = 10_000

CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(["null", "Null", "NULL", "~", ""]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
}
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
LONGEST_NUMBER = 250
"""Digits. More are infinity to a float, and beyond 4300 Python's int() refuses."""

NOT_TEXT = re.compile("[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
LINE_BREAK = re.compile("\r\n|\r|\n")
SURROGATE = re.compile("[\ud800-\udfff]")


def parse(text: str, source: Source, problems: list[Problem]) -> Node:
    """Read one YAML document.

    Args:
        text: the document.
        source: what its places refer to.
        problems: what is wrong is appended here, and `Refused` takes its place in the tree.

    Returns:
        The top node; for a document with nothing in it the null scalar.
    """
    strange = NOT_TEXT.search(text)
    if strange:
        before = LINE_BREAK.split(text[: strange.start()])
        place = Place(source, len(before), len(before[-1]) + 1)
        problems.append(Problem(place, f"the character U+{ord(strange[0]):04X} does not belong in a config; remove it"))
        return Refused(place)
    loader = yaml.SafeLoader(text)
    try:
        return _TreeBuilder(loader, source, problems).document()
    except _StopError as stop:
        problems.append(stop.problem)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: PyYAML on "\UFFFFFFFF" and on `%YAML 1.99...9`
        mark, message = in_plain_words(error)
        mark = mark or loader.get_mark()
        problems.append(Problem(Place(source, mark.line + 1, mark.column + 1), message))
    return Refused(Place(source))


def scalar_value(text: str) -> Value:
    """The value of an unquoted scalar by the core schema of YAML 1.2."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text):
        if len(text) > LONGEST_NUMBER:
            return math.inf
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if NUMBER.fullmatch(text):
        return float(text)
    return text


class _StopError(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _TreeBuilder:
    """Turns the events of PyYAML's parser into nodes."""

    def __init__(self, loader: yaml.SafeLoader, source: Source, problems: list[Problem]) -> None:
        self._next_event: Callable[[], Any] = loader.get_event
        self._source = source
        self._problems = problems
        self._n_nodes = 0

    def document(self) -> Node:
        self._next_event()  # the start of the stream
        if isinstance(self._next_event(), yaml.StreamEndEvent):
            return Scalar(Place(self._source), None, "", is_quoted=False)
        node = self._node(self._next_event(), depth=1)
        self._next_event()  # the end of the document
        event = self._next_event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise _StopError(Problem(self._place(event), "a second document starts here; a config is a single one"))
        return node

    def _node(self, event: Any, depth: int) -> Node:
        self._n_nodes += 1
        if self._n_nodes > MOST_NODES:
            raise _StopError(Problem(self._place(event), f"a config holds at most {MOST_NODES:,} values"))
        if depth > DEEPEST:
            raise _StopError(Problem(self._place(event), f"a config is nested at most {DEEPEST} levels deep"))
        refused = self._refuse_references(event)
        if isinstance(event, yaml.SequenceStartEvent):
            node: Node = self._sequence(event, depth)
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(event, depth)
        elif isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        else:
            node = Refused(self._place(event))
        return Refused(node.place) if refused else node

    def _refuse_references(self, event: Any) -> bool:
        """Report an alias, an anchor or a tag at the start of a node."""
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            found = f"the alias '*{anchor}' is not supported; write the value itself"
        elif anchor is not None:
            found = f"the anchor '&{anchor}' is not supported; remove it"
        elif tag is not None:
            found = f"the tag '{tag}' is not supported; remove it"
        else:
            return False
        self._problems.append(Problem(self._place(event), found))
        return True

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        place = self._place(event, event)
        if SURROGATE.search(event.value):
            raise _StopError(Problem(place, "an escape in this text stands for half a character"))
        is_quoted = bool(event.style)
        value = event.value if is_quoted else scalar_value(event.value)
        return Scalar(place, value, event.value, is_quoted)

    def _sequence(self, start: yaml.SequenceStartEvent, depth: int) -> Sequence:
        items = []
        while not isinstance(event := self._next_event(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Sequence(self._place(start, event), tuple(items))

    def _mapping(self, start: yaml.MappingStartEvent, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        while not isinstance(event := self._next_event(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            node = self._node(self._next_event(), depth + 1)
            if isinstance(key, Scalar):
                self._add_entry(entries, key, node)
            elif not isinstance(key, Refused):
                self._problems.append(Problem(key.place, "a key must be text, not a list or a mapping"))
        return Mapping(self._place(start, event), entries)

    def _add_entry(self, entries: dict[str, Entry], key: Scalar, node: Node) -> None:
        if key.text == "<<" and not key.is_quoted:
            self._problems.append(Problem(key.place, "the merge key '<<' is not supported; write the keys themselves"))
        elif key.text in entries:
            line = entries[key.text].key_place.line
            self._problems.append(Problem(key.place, f"duplicate key '{key.text}'; it is already in line {line}"))
        else:
            if isinstance(node, Scalar) and not node.text and not node.is_quoted:
                node = replace(node, place=key.place)  # nothing is written that a caret could point at
            entries[key.text] = Entry(key.place, node)

    def _place(self, start: Any, end: Any = None) -> Place:
        """From the start of one event to the end of another; of several lines, what is on the first."""
        first, last = start.start_mark, (end or start).end_mark
        is_block = getattr(start, "flow_style", None) is False  # its end is where the next thing starts
        if is_block:
            width = 1
        elif first.line == last.line:
            width = last.column - first.column
        else:
            line = self._source.lines[first.line] if self._source.lines else ""
            width = len(line.rstrip()) - first.column
        return Place(self._source, first.line + 1, first.column + 1, max(1, width))
