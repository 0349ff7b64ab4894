"""The text of `--help`: short sentences."""

from __future__ import annotations

import re
import textwrap

import pytest

from nncli.cli.commands import COMMANDS
from nncli.cli.main import load_command

TEXT, COLUMN = 78, 46
"""Characters of a line at 80 columns: of the description, and of an option where the names take the most room."""


def too_long(text: str, width: int) -> list[str]:
    """The sentences that take more than two lines; paragraphs that are not wrapped (examples) are left out."""
    paragraphs = [paragraph for paragraph in text.split("\n\n") if "\b" not in paragraph]
    sentences = [each for paragraph in paragraphs for each in re.split(r"(?<=[.?:]) ", " ".join(paragraph.split()))]
    return [sentence for sentence in sentences if len(textwrap.wrap(sentence, width)) > 2]


def test_a_long_sentence_is_found() -> None:
    """Of two sentences the long one."""
    assert ["A " + "very " * 40 + "long one."] == too_long("Short. A " + "very " * 40 + "long one.", TEXT)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_sentence_takes_more_than_two_lines(name: str) -> None:
    """In the description of a command, and in that of each option."""
    command = load_command(name)
    helps = [getattr(parameter, "help", None) or "" for parameter in command.params]
    long = [sentence for text in helps for sentence in too_long(text, COLUMN)]
    assert [] == too_long(command.help or "", TEXT) + long
