"""Names of class folders as other systems write them.

macOS writes an accent as a sign of its own after the letter (Unicode's form NFD), Linux and Windows one letter for both
(NFC). Both look the same, so they are the same class. A blank at the end or another case is another class, for on most
systems the folders can lie side by side; where a class is missing, such a difference is named.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.errors import DataError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nncli.data.layout.reading import Part


def spelled_alike(parts: Mapping[str, Part], known: Sequence[str] = ()) -> dict[str, Part]:
    """The parts with one spelling for each class: that of `known`, or else the one met first."""
    spelling = {_composed(name): name for name in reversed(known)}
    alike = {}
    for split, part in parts.items():
        classes = [(spelling.setdefault(_composed(name), name), folder) for name, folder in part.classes]
        alike[split] = replace(part, classes=classes)
    return alike


def near_names(missing: Iterable[str], existing: Iterable[str]) -> str:
    """The end of a sentence about a missing class: one that differs in case or blanks alone, if there is one."""
    there = {loosely(name): name for name in existing}
    for name in missing:
        if near := there.get(loosely(name)):
            return f"; '{printable(name)}' and '{printable(near)}' differ in case or blanks alone: rename one"
    return ""


def check_names(classes: Sequence[str], shown: str) -> None:
    """Refuse classes of which two have the same name, so that no answer could tell them apart, or one that is no text.

    Args:
        classes: Their names.
        shown: Where they lie, safe to print.

    Raises:
        DataError: There are such.
    """
    for name, n in Counter(classes).most_common(1):
        if n > 1:
            raise DataError(f"{shown}: {n} classes in the list of names are called {printable(name)}; rename them")
    for name in classes:
        try:
            name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise DataError(
                f"{shown}: the class {printable(name)} has half a character in its name; rename it"
            ) from None


def loosely(name: str) -> str:
    """A name without what the eye overlooks."""
    return " ".join(_composed(name).casefold().split())


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
