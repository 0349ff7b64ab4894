"""Names in pictures."""

from __future__ import annotations

from nncli.pictures.lettering import fitted, legible, text_width


def test_what_the_font_lacks_is_an_escape() -> None:
    """An empty box would say nothing; control characters are escaped as everywhere."""
    assert "cat" == legible("cat", 12)
    assert "\\ue000" == legible("\ue000", 12)
    assert "a\\x1bb" == legible("a\x1bb", 12)


def test_a_long_name_keeps_its_ends() -> None:
    """The middle goes, and it fits."""
    text = fitted("a_very_long_file_name_0001.jpg", 12, 90)
    assert ".." in text
    assert (text[0], text[-4:]) == ("a", ".jpg")
    assert text_width(text, 12) <= 90


def test_a_short_name_stays() -> None:
    """And no room is no text."""
    assert "cat" == fitted("cat", 12, 90)
    assert "" == fitted("cat", 12, 1)
