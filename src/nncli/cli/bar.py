"""Progress bars where somebody watches."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

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
    form = FORMAT if total else "{n_fmt} {unit} [{elapsed}]"
    with open_bar(total=total, unit=unit, leave=False, bar_format=form) as bar:
        for item in items:
            yield item
            bar.update()


@contextlib.contextmanager
def open_bar(**options: Any) -> Iterator[Any]:
    """A bar of tqdm on stderr, with its options; lines that are written meanwhile go above it."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # it would start a thread, and processes with threads cannot be forked safely
    with tqdm(file=sys.stderr, **_size(), **options) as bar:
        settings.clear_bar = bar.clear
        try:
            yield bar
        finally:
            settings.clear_bar = None


def _size() -> dict[str, Any]:
    """Some pseudo-terminals claim to have no columns and no rows; there tqdm would draw nothing."""
    try:
        has_size = sys.stderr.isatty() and 0 not in os.get_terminal_size(sys.stderr.fileno())
    except OSError:  # no real terminal
        has_size = False
    return {"dynamic_ncols": True} if has_size else {"ncols": 80, "nrows": 24}
