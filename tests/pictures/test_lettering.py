"""Names in pictures."""

from __future__ import annotations

from nncli.pictures.lettering import cut, fitted, legible, text_width, wrapped


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


def test_captions_are_cut_at_the_end() -> None:
    """And longer texts broken between words."""
    text = cut("sunflowers of the valley", 12, 90)
    assert "sunflowers" == text[:10]
    assert text.endswith("..")
    assert text_width(text, 12) <= 90
    assert "" == cut("cat", 12, 1)
    lines = wrapped("what in the image drove the answer", 12, 90)
    assert "what in the image drove the answer" == " ".join(lines)
    assert max(text_width(line, 12) for line in lines) <= 90
