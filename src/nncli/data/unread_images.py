"""Images of kinds that this installation does not read, counted in a folder by their names."""

from __future__ import annotations

import os

from nncli.data.image.kinds import Kind, ignored_note, unread_kind


def unread_note(folder: str | os.PathLike[str]) -> str:
    """How many images below a folder are of kinds that are not read, and what to do; empty where there are none."""
    counts: dict[Kind, int] = {}
    for _, _, names in os.walk(folder):
        for name in names:
            kind = None if name.startswith(".") else unread_kind(name)
            if kind:
                counts[kind] = counts.get(kind, 0) + 1
    return "; ".join(ignored_note(kind, count) for kind, count in sorted(counts.items(), key=lambda item: -item[1]))
