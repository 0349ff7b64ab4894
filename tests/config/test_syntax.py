"""Broken YAML, in plain words and at the right place."""

from __future__ import annotations

import pytest

from tests.config.files import complaint, problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data:\n\tpath: x\n", "2:1: a tab cannot stand here; use spaces"),
        ("data:\n  path: 'x\n", "2:9: the quote that opens here is never closed"),
        ("data:\n  path: 'x\n---\n", "2:9: the quote that opens here is never closed"),
        ("data: {path: [a, b\n", "1:14: the bracket that opens here is never closed"),
        ("data: {path: x\n", "1:7: the bracket that opens here is never closed"),
        ("data:\n  path: [a\n  color: rgb\n", "3:8: expected ',' or ']' here, in the list that starts in line 2"),
        ("data: {path: x,\n a: 1 b: 2}\n", "2:8: expected ',' or '}' here, in the mapping that starts in line 1"),
        (
            "data:\n  path: a: b\n",
            "2:10: this ':' does not fit; check the line above, and put text with ': ' in quotes",
        ),
        ("data:\n  path: x\n training:\n", "3:2: this line does not fit the lines above it; check its indentation"),
        ("data:\n  path: x\n  color\n", "4:1: this key has no ':' after it"),
        ("data:\n  path: @x\n", "2:9: a value cannot start with this character; put the text in quotes"),
        ("data:\n  path: 'a' b\n", "2:13: this text does not fit here; put the whole value in quotes, or indent it"),
        (
            'data:\n  path: "\\new\\q"\n',
            "2:15: no such escape in double quotes; write \\\\ for a backslash, or use single quotes",
        ),
        (
            'data:\n  path: "c:\\x"\n',
            "2:14: this escape has too few digits; write \\\\ for a backslash, or use single quotes",
        ),
        ("data:\n  path: ]\n", "2:9: a value is missing here"),
        ("data: - x\n", "1:7: a list cannot start here; put it on a line of its own, or write [a, b]"),
        ("data: ? x\n", "1:7: a '?' key cannot stand here; quote the text if it is meant as text"),
        ("data: |x\n", "1:8: unexpected text after '|' or '>'; quote the value if it is meant as text"),
        ("data:\n  path: *\n", "2:10: '&' and '*' have a meaning in YAML; put the text in quotes"),
        ("%X\ndata: 1\n", "2:1: this does not belong to what stands above; a config is a single mapping"),
        ('data: "\\U00110000"\n', "1:10: this escape or directive holds a number that is too large"),
        ("%YAML 1." + "9" * 5000 + "\n---\n", "1:9: this escape or directive holds a number that is too large"),
    ],
)
def test_plain_words(text: str, expected: str) -> None:
    """A person is told what to type, at the line and column where the text goes wrong."""
    assert f"config.yaml:{expected}" == complaint(text)


def test_other_mistakes_keep_the_parsers_sentence() -> None:
    """What we have no words for is still one line with its place."""
    expected = "config.yaml:1:1: not understood as YAML: found incompatible YAML document (version 1.* is required)"
    assert expected == complaint("%YAML 2.0\n---\ndata: 1\n")


def test_what_was_refused_before_the_mistake_is_told_too() -> None:
    """Broken YAML does not hide the problems above it."""
    assert ["config.yaml:1:10", "config.yaml:2:7"] == [
        problem.partition(": ")[0] for problem in problems("network: *x\ndata: ]\n")
    ]
