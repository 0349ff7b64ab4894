"""Natural order: img2 before img10, as a person would sort.

Every number in a name is compared by its value, everything else character by character.
"""

from __future__ import annotations

import re

# ASCII digits alone: "²" and "٣" are digits to str.isdigit, but plain characters here.
_NUMBER = re.compile("[0-9]+")


def natural_key(text: str) -> tuple[str, str]:
    """A key for `sorted`, `min` and `max`.

    Each number gets its length in front, so that comparing characters compares values, however long it is. Names of
    equal value, such as 1 and 01, are ordered by the text itself: different texts never tie.
    """
    return _NUMBER.sub(_with_length, text), text


def _with_length(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0")
    return f"{len(digits):09d}{digits}"  # still starts with a digit: numbers stay where digits sort among characters
