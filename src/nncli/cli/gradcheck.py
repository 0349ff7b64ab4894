"""``nncli gradcheck``: backpropagation beside the slope of the cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.config_words import settings_option
from nncli.cli.next_step import say_next
from nncli.errors import NncliError, UsageError
from nncli.text import counted

if TYPE_CHECKING:
    from nncli.network.gradient_check import Checked

MOST_SHOWN = 3
"""Entries of each vector that are printed: of the largest, and of those drawn at random."""


@click.command(short_help="Check backpropagation against numeric derivatives.")
@click.argument("config", type=click.Path(path_type=Path))
@settings_option
@click.option("--layer", type=click.IntRange(1), metavar="L", help="The layer to check, from 1 [default: all].")
@click.option("--images", type=click.IntRange(1, 64), default=8, show_default=True, help="Images in the batch.")
@click.option("--entries", type=click.IntRange(2, 1000), default=20, show_default=True, help="Of each vector, to try.")
def command(config: Path, settings: tuple[str, ...], layer: int | None, images: int, entries: int) -> None:
    """Print derivatives by backpropagation beside slopes of the cost, for the network of CONFIG on a few of its images.

    \b
    Examples:
      nncli gradcheck configs/digits.yaml
      nncli gradcheck configs/digits.yaml --layer 1 --set network.activation=gelu

    A slope is (J(theta + h) - J(theta - h)) / 2h, in float64. Exits with 1 and names the layer if they differ.
    """  # fmt: skip
    from nncli.config import load_config, parse_override

    needed = ("precision=float64", "ensemble=1", "processes=1", "backend=numpy")
    whole = [parse_override(f"training.{key}") for key in needed]
    config_file = load_config(config, [*map(parse_override, settings), *whole])

    from nncli.network.gradient_check import origin, worst
    from nncli.run.loading import load
    from nncli.run.plan import plan_experiment
    from nncli.run.trainer import make_trainer
    from nncli.training.gradient_check import check_trainer

    plan = plan_experiment(config_file)
    n_layers = len(plan.layer_dims) - 1
    if layer is not None and layer > n_layers:
        raise UsageError(f"--layer {layer}: the network has {counted(n_layers, 'layer')}, counted from 1")
    checked = check_trainer(make_trainer(load(plan)), images, entries, layer)
    click.echo("\n".join(_lines(checked)))
    most, wrong = worst(checked), origin(checked)
    if wrong is not None:
        raise NncliError(
            f"backpropagation is wrong: the relative difference is largest in layer {most.layer}, "
            f"{most.difference:.2g} in {most.name}[{most.layer}]; the last wrong layer is {wrong}: look there first"
        )
    click.echo(f"right: the relative difference is largest in layer {most.layer}, {most.difference:.2g}")
    say_next("train", config, *(word for text in settings for word in ("--set", text)))


def _lines(checked: list[Checked]) -> list[str]:
    """Derivatives side by side, and the difference of each vector."""
    from nncli.cli.text_table import aligned

    rows: list[tuple[str, ...]] = [("derivative", "entry", "analytic", "numeric")]
    for each in checked:
        both = zip(each.entries.tolist(), each.analytic, each.numeric, strict=True)
        lines = [
            (f"d{each.name}[{each.layer}]", f"{row},{column}", f"{analytic:.8e}", f"{numeric:.8e}")
            for (row, column), analytic, numeric in both
        ]
        rows += lines[:MOST_SHOWN] + lines[MOST_SHOWN:][-MOST_SHOWN:]
    table: list[tuple[str, ...]] = [("vector", "checked", "at a kink", "relative difference", "")]
    for each in checked:
        verdict = "" if each.is_right else "WRONG"
        counts = str(len(each.numeric)), str(each.n_at_kinks)
        table.append((f"d{each.name}[{each.layer}]", *counts, f"{each.difference:.1e}", verdict))
    return [*aligned(rows, numbers_from=1), "", *aligned(table, numbers_from=1)]
