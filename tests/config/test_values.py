"""What an option can hold, and what it says about anything else."""

from __future__ import annotations

import re

import pytest

from nncli.config.nodes import Refused
from nncli.config.places import Place, Problem, Source
from nncli.config.values import InvalidError
from nncli.config.values import read as read_node
from nncli.config.yaml12 import parse
from nncli.option import LARGEST_INTEGER, Choice, Integer, Kind, Number, Text, either


def read(kind: Kind, text: str) -> object:
    """The value that a kind makes of some YAML."""
    found: list[Problem] = []
    node = parse(text, Source("x"), found)
    assert [] == found
    return read_node(kind, "key", node)


def complaint(kind: Kind, text: str) -> str:
    """What a kind says about a wrong value."""
    with pytest.raises(InvalidError) as caught:
        read(kind, text)
    (problem,) = caught.value.problems
    return problem.message


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Text(), "a b", "a b"),
        (Text(), "'5'", "5"),
        (Choice(("a", "b")), "b", "b"),
        (Choice(("a", "b")), "'b'", "b"),
        (Integer(1), "1", 1),
        (Integer(0), "0", 0),
        (Integer(1, 10), "10", 10),
        (Integer(1), str(LARGEST_INTEGER), LARGEST_INTEGER),
        (Integer(1, words=("full",)), "full", "full"),
        (Integer(1, words=(None,)), "null", None),
        (Integer(1, words=(None,)), "~", None),
        (Number(minimum=0, below=1), "0", 0.0),
        (Number(minimum=0, below=1), "0.999", 0.999),
        (Number(above=0), "1e-300", 1e-300),
        (Number(above=0, maximum=1), "1", 1.0),
        (Number(above=0, words=("auto",)), "auto", "auto"),
        (Number(above=0, words=(None,)), "", None),
    ],
)
def test_right_value(kind: Kind, text: str, value: object) -> None:
    """What is within the limits, or one of the words, is taken with the right type."""
    assert (type(value), value) == (type(read(kind, text)), read(kind, text))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Text(), "''", "key must be text, but has no value"),
        (Text(), "' '", "key must be text, not the text ' '"),
        (Text(), "5", "key must be text (in quotes), not 5"),
        (Text(), "true", "key must be text (in quotes), not true"),
        (Text(), "null", "key must be text, not null"),
        (Text(), '"a\\0b"', "key must be text, not the text 'a\0b'"),
        (Choice(("rgb", "grayscale")), "RGB", "key must be rgb or grayscale, not 'RGB'. Did you mean 'rgb'?"),
        (Choice(("rgb", "grayscale")), "grey", "key must be rgb or grayscale, not 'grey'. Did you mean 'grayscale'?"),
        (Choice(("rgb", "grayscale")), "blue", "key must be rgb or grayscale, not 'blue'"),
        (Choice(("a", "b", "c")), "1", "key must be a, b or c, not 1"),
        (Choice(("a", "b", "c")), "[a]", "key must be a, b or c, not a list of 1"),
        (Choice(("a", "b", "c")), "{a: b}", "key must be a, b or c, not a mapping"),
        (Integer(1), "0", "key must be an integer of at least 1, not 0"),
        (Integer(1), "1.0", "key must be an integer of at least 1, not 1.0"),
        (Integer(1), "1e3", "key must be an integer of at least 1, not 1e3"),
        (Integer(0), "true", "key must be an integer of at least 0, not true"),
        (Integer(1), "'5'", "key must be an integer of at least 1, not the text '5'"),
        (Integer(1), "", "key must be an integer of at least 1, but has no value"),
        (Integer(1), "null", "key must be an integer of at least 1, not null"),
        (Integer(1), str(LARGEST_INTEGER + 1), f"key must be at most {LARGEST_INTEGER}, not {LARGEST_INTEGER + 1}"),
        (Integer(1, 9), "10", "key must be an integer from 1 to 9, not 10"),
        (
            Integer(1, words=("all",)),
            "All",
            "key must be an integer of at least 1 or all, not 'All'. Did you mean 'all'?",
        ),
        (Integer(1, words=(None,)), "none", "key must be an integer of at least 1 or null, not 'none'"),
        (Number(minimum=0, below=1), "1", "key must be a number of at least 0 and below 1, not 1"),
        (Number(minimum=0, below=1), "-0.1", "key must be a number of at least 0 and below 1, not -0.1"),
        (Number(above=0), "0", "key must be a number above 0, not 0"),
        (Number(above=0), ".inf", "key must be a number above 0, not .inf"),
        (Number(above=0), "1e999", "key must be a number above 0, not 1e999"),
        (Number(above=0), ".nan", "key must be a number above 0, not .nan"),
        (Number(minimum=0), "-.inf", "key must be a number of at least 0, not -.inf"),
        (Number(above=0, maximum=1), "1.1", "key must be a number above 0 and at most 1, not 1.1"),
        (Number(above=0), "x" * 100, f"key must be a number above 0, not '{'x' * 40}...'"),
        (Number(above=0), "0x" + "f" * 300, f"key must be a number above 0, not 0x{'f' * 38}..."),
        (Number(above=0, words=("auto",)), "automatic", "key must be a number above 0 or auto, not 'automatic'"),
    ],
)
def test_wrong_value(kind: Kind, text: str, expected: str) -> None:
    """Anything else is refused with what is wanted, what is there, and what was probably meant."""
    assert expected == complaint(kind, text)


@pytest.mark.parametrize("kind", [Text(), Choice(("a",)), Integer(1), Number(above=0)])
def test_refused_value_is_not_reported_again(kind: Kind) -> None:
    """What has been reported once raises without a second problem."""
    with pytest.raises(InvalidError) as caught:
        read_node(kind, "key", Refused(Place(Source("x"))))
    assert () == caught.value.problems


def test_problem_points_at_the_value() -> None:
    """The place of the problem is that of the value."""
    node = parse("  17", Source("x"), [])
    with pytest.raises(InvalidError) as caught:
        read_node(Choice(("a",)), "key", node)
    assert Place(Source("x"), 1, 3, 2) == caught.value.problems[0].place


def test_schema_of_a_number_has_its_limits() -> None:
    """Limits become JSON Schema's words for them."""
    assert {"type": "number", "minimum": 0, "exclusiveMaximum": 1} == Number(minimum=0, below=1).schema()
    assert {"type": "number", "exclusiveMinimum": 0, "maximum": 1} == Number(above=0, maximum=1).schema()
    assert {"type": "integer", "minimum": 1, "maximum": 9} == Integer(1, 9).schema()


def test_schema_of_words() -> None:
    """Words beside a number are an alternative."""
    number = {"type": "number", "exclusiveMinimum": 0}
    assert {"anyOf": [number, {"enum": ["auto", None]}]} == Number(above=0, words=("auto", None)).schema()
    assert {"enum": ["a", "b"]} == Choice(("a", "b")).schema()


def test_schema_of_text_refuses_blank_text() -> None:
    """An editor marks a blank path, too."""
    pattern = Text().schema()["pattern"]
    assert re.search(pattern, " x ")
    assert not re.search(pattern, " \t")


def test_either() -> None:
    """Words are listed as a person would."""
    assert ["a", "a or b", "a, b or c"] == [either("a"), either("ab"), either("abc")]
