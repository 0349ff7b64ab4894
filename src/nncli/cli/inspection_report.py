"""Output of `check` about the images themselves: counts, sizes, duplicates, empty ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.text_table import aligned
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nncli.run.dataset import ImageSet
    from nncli.run.inspection import Findings, Place

MOST_NAMED = 5
"""Groups or images of a kind that are named."""


def inspection_lines(splits: Mapping[str, ImageSet], classes: Sequence[str]) -> list[str]:
    """Lines about the images of all splits, by the name of the split."""
    from nncli.data.image.image_sizes import described, sizes_of
    from nncli.run.inspection import class_counts, inspect

    counts = class_counts(splits, len(classes))
    rows = zip(classes, *counts.values(), strict=True)
    sizes = sizes_of([path for images in splits.values() for path in images.paths])
    looked_at, total = sizes.total(), sum(len(images.paths) for images in splits.values())
    sample = f" (of {looked_at:,} images looked at)" if looked_at < total else ""
    findings = inspect(splits)
    return [
        "",
        *aligned([("class", *counts), *rows], numbers_from=1),
        "",
        f"file sizes  {described(sizes)}{sample}",
        f"duplicates  {_duplicates(findings)}",
        *_named("in more than one split", findings.across_splits, classes),
        *_named("in more than one class", findings.across_classes, classes),
        f"near-empty  {_count(len(findings.empty), 'image')} of nearly one color",
        *(f"  {printable(place.path)}" for place in findings.empty[:MOST_NAMED]),
        *_more(len(findings.empty)),
    ]


def _duplicates(findings: Findings) -> str:
    groups = findings.duplicates
    if not groups:
        return "none; no two images have the same pixels as the network sees them"
    images = sum(map(len, groups))
    return f"{images} images in {_count(len(groups), 'group')} have the same pixels as the network sees them"


def _named(what: str, groups: list[list[Place]], classes: Sequence[str]) -> list[str]:
    if not groups:
        return []
    lines = [f"  {_count(len(groups), 'group')} {what}:"]
    for group in groups[:MOST_NAMED]:
        names = [f"{printable(place.path)} ({place.split}, {printable(classes[place.label])})" for place in group[:3]]
        lines.append(f"    {' = '.join(names)}{' = ...' if len(group) > 3 else ''}")
    return [*lines, *_more(len(groups))]


def _more(count: int) -> list[str]:
    return [f"    ... and {count - MOST_NAMED} more"] if count > MOST_NAMED else []


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
