"""Messages of PyYAML about text that is not YAML, in plain words.

Its own sentences speak of tokens and blocks ("expected <block end>, but found '<block mapping start>'"). A person needs
to know what to type instead.
"""

from __future__ import annotations

import yaml

SENTENCES = (
    ("block end>, but found '<scalar>'", "this text does not fit here; put the whole value in quotes, or indent it"),
    ("expected <block end>", "this line does not fit the lines above it; check its indentation"),
    ("mapping values are not allowed", "this ':' does not fit; check the line above, and put text with ': ' in quotes"),
    ("but got '<stream end>'", "the bracket that opens here is never closed"),
    ("expected ',' or ']'", "expected ',' or ']' here, in the list that starts in line {start}"),
    ("expected ',' or '}'", "expected ',' or '}}' here, in the mapping that starts in line {start}"),
    ("could not find expected ':'", "this key has no ':' after it"),
    ("found character '\\t'", "a tab cannot stand here; use spaces"),
    ("that cannot start any token", "a value cannot start with this character; put the text in quotes"),
    ("found unexpected end of stream", "the quote that opens here is never closed"),
    ("found unexpected document separator", "the quote that opens here is never closed"),
    ("unknown escape character", "no such escape in double quotes; write \\\\ for a backslash, or use single quotes"),
    ("escape sequence", "this escape has too few digits; write \\\\ for a backslash, or use single quotes"),
    ("expected the node content", "a value is missing here"),
    ("sequence entries are not allowed", "a list cannot start here; put it on a line of its own, or write [a, b]"),
    ("mapping keys are not allowed", "a '?' key cannot stand here; quote the text if it is meant as text"),
    ("expected '<document start>'", "this does not belong to what stands above; a config is a single mapping"),
    ("expected chomping or indentation", "unexpected text after '|' or '>'; quote the value if it is meant as text"),
    ("expected alphabetic or numeric", "'&' and '*' have a meaning in YAML; put the text in quotes"),
)

AT_THE_OPENING = ("unexpected end of stream", "unexpected document separator", "but got '<stream end>'")
"""Noticed at the end of the text, but the mistake is where it began."""


def in_plain_words(error: Exception) -> tuple[yaml.Mark | None, str]:
    """Where the text stops being YAML and what to do about it.

    Args:
        error: what PyYAML raised.

    Returns:
        The position, None where PyYAML gives none, and one sentence.
    """
    if not isinstance(error, yaml.MarkedYAMLError):
        return None, "this escape or directive holds a number that is too large"
    problem = error.problem or ""
    mark = error.problem_mark or error.context_mark
    if any(part in problem for part in AT_THE_OPENING):
        mark = error.context_mark or mark
    start = error.context_mark.line + 1 if error.context_mark else 0
    for part, sentence in SENTENCES:
        if part in problem:
            return mark, sentence.format(start=start)
    return mark, f"not understood as YAML: {problem}"
