"""Curves as SVG that lies in the page itself.

No text of a user gets into a drawing: names stand in the page around it, escaped. Colors are names of the page's own,
so that a drawing is as light or dark as the page.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Series = Sequence[tuple[Sequence[float], Sequence[float]]]

WIDTH, HEIGHT = 332, 208
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 24, 34
"""Size of a drawing, and the margins around its curves, in units of which a letter is ten high."""

N_COLORS = 8
"""Series colors of the page; later curves take turns."""

MOST_TICKS, MOST_POWERS = 5, 6


class Axis:
    """From numbers to places along one axis, with its ticks at round numbers.

    Args:
        low, high: The numbers to show.
        start, end: Places of `low` and `high` in the drawing.
        is_log: Equal factors are equally long.
        is_whole: Ticks at whole numbers only.
    """

    def __init__(
        self, low: float, high: float, start: float, end: float, *, is_log: bool = False, is_whole: bool = False
    ) -> None:
        if low == high:
            low, high = (low / 2, high * 2) if is_log else (low - 0.5, high + 0.5)
        self.is_log = is_log
        self._low, self._high = (math.log10(low), math.log10(high)) if is_log else (low, high)
        self._start, self._end = start, end
        self.ticks = powers_of_ten(self._low, self._high) if is_log else round_numbers(low, high, is_whole=is_whole)

    def place(self, value: float) -> float:
        """Where a number lies."""
        value = math.log10(value) if self.is_log else value
        return self._start + (value - self._low) / (self._high - self._low) * (self._end - self._start)

    def shows(self, value: float | None) -> bool:
        """Whether a number has a place at all."""
        return value is not None and math.isfinite(value) and (value > 0 or not self.is_log)


def round_numbers(low: float, high: float, *, is_whole: bool = False) -> list[float]:
    """Up to `MOST_TICKS` + 1 multiples of 1, 2 or 5 times a power of ten from `low` to `high`."""
    step = (high - low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(step))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))
    step = max(step, 1.0) if is_whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def powers_of_ten(low: float, high: float) -> list[float]:
    """At most `MOST_POWERS` + 1 powers of ten from 10^low to 10^high; these two if there are none."""
    first, last = math.ceil(low), math.floor(high)
    step = max(1, math.ceil((last - first) / MOST_POWERS))
    return [10.0**k for k in range(first, last + 1, step)] or [10**low, 10**high]


def curves(
    series: Series,
    x_label: str,
    y_label: str,
    *,
    is_share: bool = False,
    diagonal: bool = False,
    is_log: bool = False,
) -> str:
    """Lines in one drawing, in the order of the page's series colors.

    Args:
        series: Pairs of x and y; numbers that are not finite leave a gap.
        x_label: Below.
        y_label: Above.
        is_share: y goes from 0 to 1.
        diagonal: Draw y = x, which is where a calibrated model's points lie.
        is_log: y is drawn by its logarithm; what is not above 0 leaves a gap.
    """
    x_values = [value for x, _ in series for value in x] + ([0, 1] if diagonal else [])
    y_values = [value for _, y in series for value in y if value is not None and math.isfinite(value)]
    y_values = [value for value in y_values if value > 0 or not is_log] + ([0, 1] if diagonal else [])
    low, high = (min(y_values), max(y_values)) if y_values else (0.5, 1)
    if is_share:
        low, high = 0 if low < 0.5 else 0.5 if low < 0.9 else 0.8, 1
    x_axis = Axis(min(x_values), max(x_values), LEFT + 4, WIDTH - RIGHT - 4, is_whole=x_label == "epoch")
    y_axis = Axis(low, high, HEIGHT - BOTTOM - 4, TOP + 4, is_log=is_log)
    parts = [*_frame(x_axis, y_axis, x_label, y_label)]
    if diagonal:
        ends = _point(x_axis, y_axis, 0, 0), _point(x_axis, y_axis, 1, 1)
        parts.append(f'<path d="M{ends[0]}L{ends[1]}" fill="none" stroke="var(--muted)" stroke-dasharray="4 3"/>')
    for k, (x, y) in enumerate(series):
        parts += _curve(x_axis, y_axis, x, y, f"var(--series-{k % N_COLORS + 1})", is_dotted=diagonal)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-size="10"'
    return f'<svg class="chart" aria-hidden="true" xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def _frame(x_axis: Axis, y_axis: Axis, x_label: str, y_label: str) -> Iterator[str]:
    """Grid lines, numbers beside them, and what they are."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    line = 'stroke="var(--line)" stroke-width=".6"'
    for tick in x_axis.ticks:
        x = f"{x_axis.place(tick):.1f}"
        yield f'<path d="M{x} {TOP}V{bottom}" {line}/>'
        yield f'<text x="{x}" y="{bottom + 12}" text-anchor="middle" fill="var(--muted)">{tick:g}</text>'
    for tick in y_axis.ticks:
        y = y_axis.place(tick)
        yield f'<path d="M{LEFT} {y:.1f}H{right}" {line}/>'
        yield f'<text x="{LEFT - 4}" y="{y + 3.5:.1f}" text-anchor="end" fill="var(--muted)">{tick:.3g}</text>'
    middle = (LEFT + right) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle" fill="var(--muted)">{x_label}</text>'
    yield f'<text x="{LEFT}" y="13" font-size="11" fill="var(--muted)">{y_label}</text>'


def _curve(
    x_axis: Axis, y_axis: Axis, x: Sequence[float], y: Sequence[float], color: str, *, is_dotted: bool
) -> Iterator[str]:
    """The line through some points, broken where one has no place; dots where there are few points."""
    pieces: list[list[str]] = [[]]
    for each_x, each_y in zip(x, y, strict=False):
        if x_axis.shows(each_x) and y_axis.shows(each_y):
            pieces[-1].append(_point(x_axis, y_axis, each_x, each_y))
        elif pieces[-1]:
            pieces.append([])
    path = "".join(f"M{'L'.join(piece)}" for piece in pieces if len(piece) > 1)
    if path:
        yield f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.7" stroke-linejoin="round"/>'
    for piece in pieces:
        for point in piece if is_dotted or len(piece) < 3 else ():
            cx, _, cy = point.partition(" ")
            yield f'<circle cx="{cx}" cy="{cy}" r="2.5" fill="{color}"/>'


def _point(x_axis: Axis, y_axis: Axis, x: float, y: float) -> str:
    return f"{x_axis.place(x):.1f} {y_axis.place(y):.1f}"
