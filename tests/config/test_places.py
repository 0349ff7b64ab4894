"""Where a message points, and what it shows of the text."""

from __future__ import annotations

from nncli.config.places import LONGEST_LINE, Place, Source, columns, shortened


def in_line(line: str, column: int, width: int) -> list[str]:
    """The lines of a message about a piece of a file's only line."""
    return Place(Source("config.yaml", (line,)), 1, column, width).describe("wrong").split("\n")


def test_message_shows_position_source_line_and_caret() -> None:
    """A problem looks exactly as the manual shows it."""
    lines = ("data:", "  path: x", "", "", "training:", "  epochs: 1", "  epoch: 5")
    place = Place(Source("config.yaml", lines), 7, 3, 5)
    expected = (
        "config.yaml:7:3: unknown key 'training.epoch'. Did you mean 'epochs'?\n    7 |   epoch: 5\n          ^^^^^"
    )
    assert expected == place.describe("unknown key 'training.epoch'. Did you mean 'epochs'?")


def test_command_line_value_has_no_position() -> None:
    """A value from the command line is named by the option as it was typed."""
    assert "--epochs 0: too few" == Place(Source("--epochs 0"), 1, 1).describe("too few")


def test_whole_file_has_no_position() -> None:
    """A problem of the file as a whole names the file and no line."""
    assert "config.yaml: incomplete" == Place(Source("config.yaml", ("data:",))).describe("incomplete")


def test_control_characters_are_escaped() -> None:
    """An escape sequence in the file name, the message or the line does not reach the terminal."""
    shown = Place(Source("a\x1b[31m.yaml", ("x\x1b[2J: \u202e1",)), 1, 1, 1).describe("not \x07 here")
    assert "a\\x1b[31m.yaml:1:1: not \\x07 here\n    1 | x\\x1b[2J: \\u202e1\n        ^" == shown


def test_message_stays_one_line() -> None:
    """A newline in a key cannot fake a second problem."""
    assert "config.yaml: key 'a\\x0ab'" == Place(Source("config.yaml", ("",))).describe("key 'a\nb'")


def test_caret_stands_under_escaped_and_wide_characters() -> None:
    """The caret counts columns of the terminal: two for a wide character, none for an accent, four for an escape."""
    assert ["    1 | 中e\u0301\\x1bab", "               ^^"] == in_line("中e\u0301\x1bab", 5, 2)[1:]


def test_caret_is_as_wide_as_the_token_shows() -> None:
    """Two Chinese characters are four columns."""
    assert "        ^^^^" == in_line("中文: 1", 1, 2)[2]


def test_caret_has_at_least_one_column() -> None:
    """The end of a line can be pointed at, too."""
    assert "            ^" == in_line("key:", 5, 0)[2]


def test_long_line_is_cut_around_the_caret() -> None:
    """Of a line with thousands of characters only the part around the token is shown, with the caret under it."""
    _, shown, caret = in_line("a" * 3000 + "HERE" + "b" * 3000, 3001, 4)
    assert LONGEST_LINE + len("    1 | ......") == len(shown)
    assert ("...", "...") == (shown[8:11], shown[-3:])
    assert "HERE" == shown[caret.index("^") : caret.rindex("^") + 1]


def test_token_longer_than_the_line_is_cut() -> None:
    """The caret does not run on beyond what is shown."""
    _, shown, caret = in_line("x" * 5000, 1, 5000)
    assert len("    1 | ") + LONGEST_LINE == len(caret)
    assert shown.endswith("x...")


def test_shortened_keeps_short_text() -> None:
    """Only long text is cut."""
    assert "abc" == shortened("abc")
    assert "a" * 40 + "..." == shortened("a" * 41)


def test_columns() -> None:
    """Latin letters fill one column, wide ones two, what is invisible none."""
    assert [1, 2, 0, 0, 4] == [columns(text) for text in ("a", "\uff21", "\u0301", "\u200d", "\x1b")]
