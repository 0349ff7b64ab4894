"""Curves as SVG that lies in the page itself, drawn by matplotlib.

No text of a user gets into a drawing: names stand in the page around it, escaped. Colors are names of the page's own,
so that a drawing is as light or dark as the page.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    Series = Sequence[tuple[Sequence[float], Sequence[float]]]

INK, LINE = "#010101", "#020202"
SERIES = [f"#03030{k}" for k in range(1, 9)]
COLORS = {INK: "var(--muted)", LINE: "var(--line)"} | {color: f"var(--series-{k})" for k, color in enumerate(SERIES, 1)}
"""Color given to matplotlib -> color of the page; as many series as the page has colors."""

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "nncli",
    "font.size": 10,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": LINE,
}


def curves(series: Series, x_label: str, y_label: str, *, is_share: bool = False, diagonal: bool = False) -> str:
    """Lines in one drawing, in the order of the page's series colors.

    Args:
        series: Pairs of x and y; the first eight have colors of their own, later ones take turns.
        x_label: Below.
        y_label: Above.
        is_share: y goes from 0 to 1.
        diagonal: Draw y = x, which is where a calibrated model's points lie.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.9), layout="constrained")
        axes = figure.add_subplot()
        if diagonal:
            axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--")
        for k, (x, y) in enumerate(series):
            marker = "o" if diagonal or len(x) < 3 else ""
            axes.plot(x, y, color=SERIES[k % len(SERIES)], linewidth=1.7, marker=marker, markersize=5)
        _finish(axes, x_label, y_label, is_share=is_share)
        return _svg(figure)


def scatter(x: Sequence[float], y: Sequence[float], x_label: str, y_label: str) -> str:
    """Points, and the line y = x on which they lie where both are equal."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.9), layout="constrained")
        axes = figure.add_subplot()
        ends = [min(x, default=0.0), max(x, default=1.0)]
        axes.plot(ends, ends, color=INK, linewidth=1, linestyle="--")
        axes.plot(x, y, color=SERIES[0], linewidth=0, marker="o", markersize=3, alpha=0.5, markeredgewidth=0)
        _finish(axes, x_label, y_label, is_share=False)
        return _svg(figure)


def histogram(values: Sequence[float], x_label: str, y_label: str) -> str:
    """How many values lie where."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.9), layout="constrained")
        axes = figure.add_subplot()
        axes.hist(values, bins=40, color=SERIES[0])
        _finish(axes, x_label, y_label, is_share=False)
        return _svg(figure)


def _finish(axes: Axes, x_label: str, y_label: str, *, is_share: bool) -> None:
    axes.set_xlabel(x_label)
    axes.set_title(y_label, loc="left", fontsize=11, color=INK)
    axes.grid(visible=True, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    if x_label == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if is_share:
        low = min((min(line.get_ydata(), default=1) for line in axes.get_lines()), default=1)
        axes.set_ylim(0 if low < 0.5 else 0.5 if low < 0.9 else 0.8, 1.02)


def _svg(figure: Figure) -> str:
    """The drawing as an element of a page: no prologue, the page's fonts and colors."""
    text = io.StringIO()
    FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace("<svg", '<svg class="chart" aria-hidden="true"', 1)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*pt"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*pt"', r"\1", svg, count=1)
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.S)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    for told, named in COLORS.items():
        svg = svg.replace(told, named)
    return svg
