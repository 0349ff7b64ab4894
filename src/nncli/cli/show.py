"""`nncli show`: what a model is, how it was trained and how good it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.messages import fitted, say
from nncli.cli.model_lookup import find_model
from nncli.cli.next_step import say_next, way_to_look
from nncli.cli.options import Output
from nncli.cli.sparkline import sparkline
from nncli.cli.text_table import aligned
from nncli.text import counted, printable, size_in_words

if TYPE_CHECKING:
    from nncli.model.file import Model
    from nncli.run.files import Curve, RunFiles

CURVES = ("loss", "val_loss", "accuracy", "val_accuracy")
MEASURES = (
    *("split", "images", "accuracy", "interval", "baseline", "balanced_accuracy", "macro_f1", "micro_f1"),
    *("mean_average_precision", "exact_match", "loss"),
    *("epochs", "best_epoch", "kept", "stopped_early", "seconds"),
)
"""Figures shown of metrics.json; the rest is long, and `evaluate` prints it."""

FIRST_COLUMN = 12
"""Width of the names on the left."""


@click.command(short_help="Show what a model is and how it was trained.")
@click.argument("model", metavar="[MODEL|RUN]", required=False, type=click.Path())
@click.option("--weights", metavar="FILE", type=Output("picture", Path), help="Draw the first layer's weights (PNG).")
@click.option(
    "--tiles", metavar="N", type=click.IntRange(1, 4096), default=64, help="At most N tiles.", show_default=True
)
@click.option("--watch", is_flag=True, help="Only how the layers fared in a run with train --watch.")
@click.option(
    "--film", metavar="FILE", type=Output("picture", Path), help="Draw what was watched, epoch by epoch (PNG)."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *, model: str | None, weights: Path | None, tiles: int, watch: bool, film: Path | None, as_json: bool
) -> None:
    """Show the layers, classes, preprocessing and settings of a model; in a run also metrics and the learning curve.

    Without MODEL: $NNCLI_MODEL, ./model.npz or the newest runs/*/model.npz.

    \b
    Examples:
      nncli show
      nncli show runs/digits-1 --weights weights.png
      nncli show model.npz --json | jq .classes
      nncli show runs/digits-1 --watch --film film.png
    """
    if watch or film:
        from nncli.cli.watch_report import show_watched

        show_watched(Path(model) if model and Path(model).is_dir() else find_model(model, "MODEL").parent, film)
        if watch:
            return
    from nncli.model.file import read_model
    from nncli.run.files import read_run

    path = find_model(model, "MODEL")
    shown = read_model(path)
    run = read_run(path.parent)
    if as_json:
        click.echo(_json(path, shown, run))
    else:
        click.echo(fitted("\n".join(_lines(path, shown, run)), sys.stdout, FIRST_COLUMN))
    if weights:
        _draw(shown, weights, tiles)
    way = way_to_look(path.parent)
    if not as_json and run.metrics and way[0] != "show":
        say_next(*way)


def _indented(rows: list[tuple[str, str]]) -> str:
    """Names and values, which are continued below themselves."""
    column = max(len(name) for name, _ in rows) + 4
    return "\n".join(fitted(f"  {line}", sys.stdout, column) for line in aligned(rows))


def _draw(model: Model, path: Path, most: int) -> None:
    from nncli.pictures.tiles import grid, save_png
    from nncli.pictures.weights import patterns, weight_tiles

    drawn = weight_tiles(model, most)
    save_png(path, grid(drawn))
    say(
        f"{printable(str(path))}: {len(drawn)} of {counted(len(patterns(model)), 'pattern')}, the largest weights first"
    )


def _json(path: Path, model: Model, run: RunFiles) -> str:
    from nncli.model.summary import summarize

    facts = {"model": str(path), **summarize(model), "metrics": run.metrics or None, "history": run.history or None}
    return json.dumps(facts, indent=2)


def _lines(path: Path, model: Model, run: RunFiles) -> list[str]:
    """Description for a person."""
    from nncli.model.summary import OPTIONAL, in_words, summarize, training_config

    facts = summarize(model)
    names = ", ".join(map(printable, model.classes))
    told = {"multilabel": "labels", "regression": "targets"}.get(model.task.name, "classes")
    if thresholds := facts.get("thresholds"):
        pairs = zip(model.classes, thresholds, strict=True)
        names = ", ".join(f"{printable(name)} (from {threshold:.3f} on)" for name, threshold in pairs)
    folded = f"; {facts['n_folded']:,} of batch normalization are folded into them" if "n_folded" in facts else ""
    layers = [[*list(layer.values())[:-1], f"{layer['parameters']:,}"] for layer in facts["layers"]]
    form = model.image_format
    lines = [
        f"model       {printable(str(path))}, {size_in_words(path.stat().st_size)}",
        f"input       {form}, {form.resize}: {counted(form.n_features, 'value')} per image",
        f"scaling     {facts['input']['scaling']}",
        *(f"{name:<11} {printable(in_words(facts[name]))}" for name in OPTIONAL if name in facts),
        f"{told:<11} {len(model.classes)}: {names}",
        f"parameters  {facts['n_parameters']:,} ({facts['precision']}){folded}",
        "",
        *aligned([list(facts["layers"][0]), *layers]),
    ]
    settings = [(key, in_words(value)) for key, value in training_config(model).items() if value is not None]
    lines += ["", "trained with", _indented(settings)] if settings else []
    measures = [(name, in_words(run.metrics[name])) for name in MEASURES if name in run.metrics]
    lines += ["", "metrics", _indented(measures)] if measures else []
    curves = _curves(run.history)
    return lines + (
        ["", f"learning curve over {counted(len(run.history['epoch']), 'epoch')}", *curves] if curves else []
    )


def _curves(history: Curve) -> list[str]:
    rows = []
    for name in CURVES:
        values = [value for value in history.get(name, ()) if value is not None]
        if values:
            rows.append((name, sparkline(values), f"{values[0]:.4f} -> {values[-1]:.4f}"))
    return [f"  {line}" for line in aligned(rows)] if rows else []
