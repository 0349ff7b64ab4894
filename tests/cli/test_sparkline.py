"""A curve in one line of text."""

from __future__ import annotations

from nncli.cli.sparkline import sparkline


def test_the_smallest_value_is_lowest_and_the_largest_highest() -> None:
    """Values between them take the nearest of eight heights."""
    assert "▁▂▃▄▅▆▇█" == sparkline([0, 1, 2, 3, 4, 5, 6, 7])
    assert "█▁" == sparkline([-1.0, -2.0])


def test_many_values_become_means_of_neighbors() -> None:
    """The line is as wide as asked for, and no value is left out."""
    assert "▁█▁█" == sparkline([0, 0, 6, 6, 0, 0, 6, 6], width=4)
    assert 40 == len(sparkline([float(k) for k in range(1001)]))


def test_equal_values_are_a_flat_line() -> None:
    """Nothing is divided by zero; no values are no line."""
    assert "▁▁▁" == sparkline([2, 2, 2])
    assert "" == sparkline([])
