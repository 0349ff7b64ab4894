"""Names from strangers, shown safely."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.text import counted, lines_of, printable, size_in_words


@pytest.mark.parametrize(
    "text", ["", "cat.jpg", "a b", "ผัดไทย", "çà ñ 東京", "back\\slash", "می\u200cخواهم", "👩\u200d🍳"]
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """In every script, joiners inside words and emoji included."""
    assert text == printable(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\x0ab"),
        ("a\tb\r", "a\\x09b\\x0d"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("a\u2028b", "a\\u2028b"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("no\u00a0break", "no\\xa0break"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_a_terminal_would_act_on_is_escaped(text: str, shown: str) -> None:
    """Line ends, control sequences, marks that reorder the line, invisible characters."""
    assert shown == printable(text)


def test_a_byte_that_is_no_utf8_is_shown_as_that_byte() -> None:
    """And not as the surrogate that Python carries it in."""
    assert "caf\\xe9.jpg" == printable(os.fsdecode(b"caf\xe9.jpg"))


def test_other_surrogates_are_escaped_too() -> None:
    """They cannot be printed in any encoding."""
    assert "\\ud800" == printable("\ud800")


@given(st.text(st.characters(exclude_categories=())))
def test_the_result_can_be_printed_in_one_line_and_escaped_again(text: str) -> None:
    """For every string there is: it encodes, has no line end, and a second time changes nothing."""
    shown = printable(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    assert shown == printable(shown)


@pytest.mark.parametrize(
    ("n_bytes", "words"), [(3, "1 kB"), (16_905, "17 kB"), (100_000, "0.1 MB"), (36_096_000, "36.1 MB")]
)
def test_sizes_in_words(n_bytes: int, words: str) -> None:
    """No file has 0.0 MB."""
    assert words == size_in_words(n_bytes)


@pytest.mark.parametrize(
    ("n", "noun", "words"),
    [
        (1, "image", "1 image"),
        (0, "image", "0 images"),
        (1000, "class", "1,000 classes"),
        (2, "epoch", "2 epochs"),
        (2, "batch", "2 batches"),
    ],
)
def test_things_are_counted_in_words(n: int, noun: str, words: str) -> None:
    """One of them, or several; thousands are divided."""
    assert words == counted(n, noun)


def test_only_ends_of_lines_divide_a_text() -> None:
    """A form feed or one of Unicode's separators may be a part of a name."""
    assert ["a\x0cb", "c\u2028d", "e\x85f", "", "g"] == lines_of("a\x0cb\nc\u2028d\r\ne\x85f\r\rg\n")
    assert ["a\r\n", "b"] == lines_of("a\r\nb", keepends=True)
