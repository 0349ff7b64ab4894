"""Output of `nncli show --watch`: how every layer fared, a curve of characters each, and a film as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import numpy as np

from nncli.cli.messages import say
from nncli.cli.sparkline import sparkline
from nncli.cli.text_table import aligned
from nncli.errors import DataError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nncli.run.watched import Watched

MEASURES = (
    ("activation_deviation", "deviation of the activations"),
    ("gradient_deviation", "deviation of the gradients, by their logarithm"),
    ("step_length", "length of a step / length of the weights, by its logarithm"),
    ("dead", "share of dead units"),
)
"""Name in watch.npz, and the words for it."""


def show_watched(folder: Path, picture: Path | None) -> None:
    """Print how the layers of the run in `folder` fared, and draw its film to `picture`.

    Raises:
        DataError: Nobody watched it.
    """
    from nncli.run.watched import WATCH, read_watched

    watched = read_watched(folder / WATCH)
    if watched is None or not len(watched["step"]):
        raise DataError(f"{printable(str(folder))}: nobody watched this run; train with --watch")
    click.echo("\n".join(_lines(watched)))
    if picture:
        _draw(watched, picture)


def _lines(watched: Watched) -> Iterator[str]:
    epoch = watched["epoch"][-1]
    yield f"watched {counted(len(watched['step']), 'time')} until epoch {epoch:g}"
    for name, words in MEASURES:
        rows = []
        for l, values in enumerate(watched[name].T.tolist(), start=1):
            known = [value for value in values if np.isfinite(value)]
            positive = [value for value in known if value > 0]
            drawn = np.log10(positive).tolist() if "logarithm" in words else known
            if known:
                rows.append((f"layer {l}", sparkline(drawn), f"{known[0]:.3g} -> {known[-1]:.3g}"))
        if rows:
            yield from ("", words, *(f"  {line}" for line in aligned(rows)))


def _draw(watched: Watched, path: Path) -> None:
    from nncli.pictures.film import plane_frames, strip, weight_frames
    from nncli.pictures.tiles import save_png

    rows = []
    if watched["plane"].shape[1]:
        rows.append(plane_frames(watched["plane"], watched["points"], watched["point_labels"]))
    if watched["weights"].shape[1]:
        rows.append(weight_frames(watched["weights"]))
    if not rows:
        raise DataError("the first layer sees neither pixels nor points of a plane: there is nothing to draw")
    captions = [f"epoch {epoch}" for epoch in watched["frame"].tolist()]
    save_png(path, strip(rows, captions))
    say(f"{printable(str(path))}: {counted(len(captions), 'picture')}")
