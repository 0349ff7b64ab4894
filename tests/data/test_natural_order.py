"""Natural order of names."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.data.natural_order import natural_key

names = st.text(st.sampled_from("012 9ab-._é²٣"), max_size=8) | st.text(max_size=8)


@pytest.mark.parametrize(
    "in_order",
    [
        ["1", "2", "10"],
        ["img1.jpg", "img2.jpg", "img10.jpg", "img100.jpg"],
        ["a2b9", "a2b10", "a10b1"],
        ["0", "1"],
        ["", "1", "a"],
        ["file", "file1", "file1a", "file2"],
        ["-1", "1", "A", "B", "a", "b"],
        ["01.jpg", "2.jpg", "003.jpg"],
        ["v1.9", "v1.10", "v2.0"],
        ["x", "x0", "x1"],
        ["2", "10", "٣", "٣٣", "٤"],  # digits of other scripts are characters
    ],
)
def test_numbers_are_compared_by_value(in_order: list[str]) -> None:
    """Wherever in the name they stand, and whatever the order they came in."""
    for names in itertools.permutations(in_order):
        assert in_order == sorted(names, key=natural_key)


def test_numbers_of_equal_value_never_tie() -> None:
    """01 and 1 keep one order, so that a list of files does not depend on the file system."""
    assert ["001", "01", "1"] == sorted(["1", "001", "01"], key=natural_key)
    assert natural_key("01") != natural_key("1")


def test_a_number_of_any_length_is_a_number() -> None:
    """Longer than Python turns into an int."""
    short, long = "9" * 5000, "1" + "0" * 5000
    assert [f"{short}.jpg", f"{long}.jpg"] == sorted([f"{long}.jpg", f"{short}.jpg"], key=natural_key)


@pytest.mark.parametrize("name", ["x²", "x٣", "x①", "xⅧ", "\udcff1", "日本10"])
def test_digits_of_other_scripts_are_characters(name: str) -> None:
    """They are digits to Unicode but no reason to fail."""
    assert [name] == sorted([name], key=natural_key)


@given(names, names)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    """The order is total."""
    assert (one == other) == (natural_key(one) == natural_key(other))


@given(
    st.integers(0, 10**12), st.integers(0, 10**12), st.sampled_from(["", "img", "é "]), st.sampled_from(["", ".png"])
)
def test_names_around_a_number_sort_as_the_numbers(one: int, other: int, before: str, after: str) -> None:
    """With the same text before and after."""
    assert (one < other) == (natural_key(f"{before}{one}{after}") < natural_key(f"{before}{other}{after}"))
