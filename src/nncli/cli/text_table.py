"""Tables for people: columns in line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence


def figure(value: float | None) -> str:
    """A share or a correlation with four digits; ``-`` where there is none."""
    return "-" if value is None else f"{value:.4f}"


def aligned(rows: Sequence[Sequence[object]], *, numbers_from: int | None = None) -> list[str]:
    """Lines of `rows` with two spaces between columns; whole numbers have their thousands marked.

    Args:
        rows: Of equal length.
        numbers_from: The first column that is set flush right, as numbers are.
    """
    cells = [[f"{cell:,}" if type(cell) is int else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    split = len(widths) if numbers_from is None else numbers_from
    return [
        "  ".join(
            cell.ljust(width) if k < split else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
