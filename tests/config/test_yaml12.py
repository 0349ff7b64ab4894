"""YAML 1.2 values with their places, and everything that a config has no use for."""

from __future__ import annotations

import math

import pytest

from nncli.config.nodes import Mapping, Node, Refused, Scalar, Sequence
from nncli.config.places import Problem, Source
from nncli.config.yaml12 import LINE_BREAK, parse, scalar_value


def tree(text: str) -> Node:
    """The tree of a text with nothing wrong in it."""
    found: list[Problem] = []
    node = parse(text, Source("config.yaml", tuple(LINE_BREAK.split(text))), found)
    assert [] == found
    return node


def problem(text: str) -> str:
    """The only thing that is wrong with a text: "line:column:width message"."""
    found: list[Problem] = []
    parse(text, Source("config.yaml", tuple(LINE_BREAK.split(text))), found)
    ((place, message),) = found
    return f"{place.line}:{place.column}:{place.width} {message}"


def plain(node: Node) -> object:
    """The tree as Python values."""
    if isinstance(node, Mapping):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


def place_of(text: str, key: str) -> tuple[int, int, int]:
    """Line, column and width of a key's value."""
    node = tree(text)
    assert isinstance(node, Mapping)
    place = node.entries[key].node.place
    return place.line, place.column, place.width


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.0e3", 1000.0),
        ("1e+3", 1000.0),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0.5", -0.5),
        ("+2.5", 2.5),
        ("5", 5),
        ("-5", -5),
        ("+5", 5),
        ("01", 1),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("~", None),
        ("", None),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
        ("1e999", math.inf),
    ],
)
def test_core_schema(text: str, value: object) -> None:
    """Unquoted scalars mean what YAML 1.2 says."""
    assert (type(value), value) == (type(scalar_value(text)), scalar_value(text))


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "y", "n", "Yes", "tRUE", "nULL"),
        *("12:30", "2024-01-01", "1_000", "0b11", "0o8", "0xG", "1e", "e3", ".", "+", "-", "1.2.3", "--1"),
        *(".Nan", "inf", "nan", "=", "\u0663", "1\n2"),
    ],
)
def test_everything_else_is_text(text: str) -> None:
    """What YAML 1.1 or Python would read as something else stays text."""
    assert text == scalar_value(text)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    """NaN is read as what it is, for others to refuse."""
    value = scalar_value(text)
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize("text", ["9" * 5000, "-" + "9" * 5000, "0x" + "f" * 5000, "0" * 5000])
def test_endless_integers_become_infinite(text: str) -> None:
    """Integers that neither a float nor Python's int() could hold do not raise."""
    assert math.inf == scalar_value(text)


@pytest.mark.parametrize("text", ["'5'", '"5"', "|-\n  5", ">-\n  5"])
def test_quoted_and_block_scalars_are_text(text: str) -> None:
    """Quotes and blocks make text of anything."""
    assert {"a": "5"} == plain(tree(f"a: {text}\n"))


def test_keys_are_text_as_written() -> None:
    """A class may be called 1, no or null."""
    assert {"1": 2, "no": 3, "null": 4, "01": 5} == plain(tree("{1: 2, no: 3, null: 4, '01': 5}"))


def test_nested_values() -> None:
    """Block and flow style make the same tree."""
    expected = {"a": {"b": [1, [2, "x"]]}, "c": None}
    assert expected == plain(tree("a:\n  b:\n    - 1\n    - - 2\n      - x\nc:\n"))
    assert expected == plain(tree("{a: {b: [1, [2, x]]}, c: }"))


def test_one_explicit_document_is_fine() -> None:
    """`---` and `...` around the only document and a %YAML directive are allowed."""
    assert {"a": 1} == plain(tree("%YAML 1.2\n---\na: 1\n...\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 12\n", (1, 4, 2)),
        ("b: 1\na:   'x y'  # why\n", (2, 6, 5)),
        ("a: [1, 2]\n", (1, 4, 6)),
        ("a: {x: 1} # why\n", (1, 4, 6)),
        ("a: [1,\n  2]\n", (1, 4, 3)),
        ("a: [1,  \n  2]\n", (1, 4, 3)),
        ("a: one\n  two\n", (1, 4, 3)),
        ("a:\n  - 1\n  - 2\n", (2, 3, 1)),
        ("a:\n  x: 1\n", (2, 3, 1)),
        ("a: |\n  x\n", (1, 4, 1)),
        ("中: 12\n'a': é\n", (2, 6, 1)),
    ],
)
def test_place_of_a_value(text: str, expected: tuple[int, int, int]) -> None:
    """A value begins where it is written and is as wide as on its first line."""
    assert expected == place_of(text, "a")


def test_value_that_is_not_there_has_the_place_of_its_key() -> None:
    """Nothing is written after the colon, so the caret goes under the key."""
    assert (2, 1, 3) == place_of("b: 1\nabc:\n", "abc")


def test_windows_line_ends_count_once() -> None:
    """A carriage return and a newline are one line break."""
    assert (3, 4, 1) == place_of("b: 1\r\n\r\na: 5\r\n", "a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1", "1:4:4 the anchor '&x' is not supported; remove it"),
        ("a: *x", "1:4:2 the alias '*x' is not supported; write the value itself"),
        ("a: !x 1", "1:4:4 the tag '!x' is not supported; remove it"),
        ("a: !!int 1", "1:4:7 the tag 'tag:yaml.org,2002:int' is not supported; remove it"),
        ("a: ! 1", "1:4:3 the tag '!' is not supported; remove it"),
        ("a: &x [1]", "1:4:4 the anchor '&x' is not supported; remove it"),
        ("&x a: 1", "1:1:4 the anchor '&x' is not supported; remove it"),
        ("<<: {a: 1}", "1:1:2 the merge key '<<' is not supported; write the keys themselves"),
        ("a: 1\nb: 2\na: 3", "3:1:1 duplicate key 'a'; it is already in line 1"),
        ("1: 1\n'1': 2", "2:1:3 duplicate key '1'; it is already in line 1"),
        ("? [a]\n: 1", "1:3:3 a key must be text, not a list or a mapping"),
        ("{{a: 1}: 2}", "1:2:6 a key must be text, not a list or a mapping"),
        ("a: 1\n---\nb: 2", "2:1:3 a second document starts here; a config is a single one"),
        ("a: 1\n---\n", "2:1:3 a second document starts here; a config is a single one"),
        ('a: "\\ud800"', "1:4:8 an escape in this text stands for half a character"),
        ("a: \x1b[1m", "1:4:1 the character U+001B does not belong in a config; remove it"),
        ("a: 1\r\nb: \x00", "2:4:1 the character U+0000 does not belong in a config; remove it"),
        ("a: \u2028", "1:4:1 the character U+2028 does not belong in a config; remove it"),
        ("a: \ufeff", "1:4:1 the character U+FEFF does not belong in a config; remove it"),
        ("a: \udcff", "1:4:1 the character U+DCFF does not belong in a config; remove it"),
    ],
)
def test_refused(text: str, expected: str) -> None:
    """What a config has no use for is named, with its place."""
    assert expected == problem(text)


def test_quoted_merge_key_is_a_key() -> None:
    """In quotes, `<<` is a key like any other."""
    assert {"<<": 1} == plain(tree("'<<': 1"))


def test_refusals_are_collected() -> None:
    """Reading goes on after an alias, a tag or a duplicate."""
    found: list[Problem] = []
    node = parse("a: *x\nb: !y 1\nb: 2\nc: 3", Source("config.yaml"), found)
    assert [1, 2, 3] == [place.line for place, _ in found]
    assert isinstance(node, Mapping)
    assert isinstance(node.entries["a"].node, Refused)
    assert 3 == plain(node.entries["c"].node)


def test_depth_is_limited() -> None:
    """Twenty levels can be read, one more cannot."""
    assert tree("[" * 20 + "]" * 20)
    assert "1:21:1 a config is nested at most 20 levels deep" == problem("[" * 21 + "]" * 21)


def test_size_is_limited() -> None:
    """Ten thousand values can be read, one more cannot."""
    assert tree("[" + "1," * 9_999 + "]")
    assert "1:20000:1 a config holds at most 10,000 values" == problem("[" + "1," * 10_000 + "]")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "--- \n...\n"])
def test_nothing_is_null(text: str) -> None:
    """A document with nothing in it is null."""
    assert plain(tree(text)) is None
