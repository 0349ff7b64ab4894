"""Tables for people."""

from __future__ import annotations

from nncli.cli.text_table import aligned


def test_columns_are_in_line() -> None:
    """As wide as the longest cell, two spaces apart, nothing at the end of a line."""
    assert ["a    bb", "ccc  d"] == aligned([["a", "bb"], ["ccc", "d"]])


def test_numbers_are_flush_right() -> None:
    """From a given column on; thousands are marked."""
    assert ["a       5", "b  76,800"] == aligned([["a", 5], ["b", 76800]], numbers_from=1)


def test_control_characters_are_escaped() -> None:
    """And counted as what they become."""
    assert ["a\\x0ab  c", "d       e"] == aligned([["a\nb", "c"], ["d", "e"]])
