"""A progress bar over things that are worked through one by one, where somebody watches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from nncli.cli.messages import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

FORMAT = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}]"


def with_bar(items: Iterable[T], total: int | None = None, unit: str = "images") -> Iterable[T]:
    """`items`, with a bar on a terminal; without a `total` it counts. Lines on stderr go above it."""
    if settings.quiet or sys.stderr is None or not sys.stderr.isatty():
        return items
    return _watched(items, total, unit)


def _watched(items: Iterable[T], total: int | None, unit: str) -> Iterator[T]:
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # it would start a thread, and processes with threads cannot be forked safely
    form = FORMAT if total else "{n_fmt} {unit} [{elapsed}]"
    with tqdm(total=total, unit=unit, leave=False, dynamic_ncols=True, bar_format=form) as bar:
        settings.clear_bar = bar.clear
        try:
            for item in items:
                yield item
                bar.update()
        finally:
            settings.clear_bar = None
