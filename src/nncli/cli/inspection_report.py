"""Output of `check` about the images themselves: counts, sizes, duplicates, empty ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.text_table import aligned
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nncli.run.dataset import ImageSet
    from nncli.run.inspection import Findings, Place

MOST_NAMED = 5
"""Groups or images of a kind that are named."""

FIRST_COLUMN = 12
"""Width of the names on the left."""


def inspection_lines(splits: Mapping[str, ImageSet], classes: Sequence[str], findings: Findings) -> list[str]:
    """Lines about the images of all splits, by the name of the split."""
    from nncli.data.image.image_sizes import described, sizes_of
    from nncli.run.inspection import across_classes, across_splits, class_counts

    counts = class_counts(splits, len(classes))
    has_targets = any(images.targets.shape[1] for images in splits.values())
    rows = zip(classes, *counts.values(), strict=True)
    paths = [path for images in splits.values() for path in images.paths]
    sizes = sizes_of(paths)
    looked_at, total = sizes.total(), sum(len(images.paths) for images in splits.values())
    sample = f" (of {counted(looked_at, 'image')} looked at)" if looked_at < total else ""
    near = findings.near or []
    shown = () if has_targets else classes
    return [
        "",
        *([] if has_targets else [*aligned([("class", *counts), *rows], numbers_from=1), ""]),
        *([f"file sizes  {described(sizes)}{sample}"] if looked_at else []),
        f"duplicates  {_duplicates(findings)}",
        *_named("in more than one split", across_splits(findings.duplicates), shown),
        *_named("in more than one class", across_classes(findings.duplicates), shown),
        f"near-copies {_near(findings)}",
        *_named("in more than one split", across_splits(near), shown, "~"),
        *_named("in more than one class", across_classes(near), shown, "~"),
        f"near-empty  {counted(len(findings.empty), 'image')} of nearly one color",
        *(f"  {printable(place.path)}" for place in findings.empty[:MOST_NAMED]),
        *_more(len(findings.empty)),
        *(f"look at     {line}" for line in _suspects(paths)),
    ]


def _suspects(paths: Sequence[str]) -> Iterator[str]:
    """Lines about files that are probably not what they seem."""
    from nncli.data.samples import BRIGHT, look_at_transparency, look_at_values
    from nncli.data.suspects import look_for_suspects

    yield from look_for_suspects(paths).lines()
    values = look_at_values(paths)
    if values.chosen():
        yield f"{values}; data.range: auto uses what they use, full would show them nearly black"
    n_transparent, n_looked_at, luma = look_at_transparency(paths)
    if luma > BRIGHT:
        transparent = f"transparent and bright: {n_transparent:,} of {counted(n_looked_at, 'image')} looked at"
        yield f"{transparent}; data.background: auto or black keeps their contrast"


def _duplicates(findings: Findings) -> str:
    groups = findings.duplicates
    if not groups:
        return "none; no two images have the same pixels as the network sees them"
    images = counted(sum(map(len, groups)), "image")
    return f"{images} in {counted(len(groups), 'group')} have the same pixels as the network sees them"


def _near(findings: Findings) -> str:
    if findings.near is None:
        return "not looked for; these images are too small, or all look too much alike, to tell"
    if not findings.near:
        return "none; no image is another one saved again, resized or cropped a little"
    images = sum(map(len, findings.near))
    groups = counted(len(findings.near), "group")
    return f"{counted(images, 'image')} in {groups} show the same: saved again, resized, cropped, or taken in a burst"


def _named(what: str, groups: list[list[Place]], classes: Sequence[str], sign: str = "=") -> list[str]:
    if not groups:
        return []
    lines = [f"  {counted(len(groups), 'group')} {what}:"]
    for group in groups[:MOST_NAMED]:
        names = [f"{printable(place.path)} ({_place(place, classes)})" for place in group[:3]]
        lines.append(f"    {f' {sign} '.join(names)}{f' {sign} ...' if len(group) > 3 else ''}")
    return [*lines, *_more(len(groups))]


def _place(place: Place, classes: Sequence[str]) -> str:
    """The split of an image, and its class where it has one."""
    return f"{place.split}, {printable(classes[place.label])}" if classes else place.split


def _more(count: int) -> list[str]:
    return [f"    ... and {count - MOST_NAMED:,} more"] if count > MOST_NAMED else []
