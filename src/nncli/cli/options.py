"""Options that several commands share."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nncli.cli.messages import settings, write_lines
from nncli.machine.blas import choose
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

C = TypeVar("C", bound=click.Command)

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg", ".pdf")
"""Endings of files that hold a picture."""


class Share(click.FloatRange):
    """A number from 0 to 1. Click's own range lets NaN pass, which would make every comparison with it false."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or a usage error."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail("nan is not in the range 0<=x<=1.", param, ctx)
        return number


class Output(click.Path):
    """The path of a file to write, looked at before the work that comes first: its folder is there, its kind is right.

    Args:
        kind: ``picture``, which only .png is, ``table``, which none may be called like, ``either``, or anything.
        path_type: As of `click.Path`.
    """

    def __init__(self, kind: str = "", path_type: Any = None) -> None:
        super().__init__(path_type=path_type)
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or a usage error."""
        shown, (stem, suffix) = printable(str(value)), os.path.splitext(value)  # noqa: PTH122
        is_png, is_picture = suffix.lower() == ".png", suffix.lower() in PICTURES
        if (self._kind == "picture" and not is_png) or (self._kind == "either" and is_picture and not is_png):
            self.fail(f"{shown} does not end with .png, the only kind of picture written.", param, ctx)
        if self._kind == "table" and is_picture:
            self.fail(f"{shown} ends like a picture; a table is written: {printable(stem)}.csv.", param, ctx)
        folder = os.path.dirname(value)  # noqa: PTH120 - no name is too long for it
        if folder and not os.path.isdir(folder):  # noqa: PTH112
            self.fail(f"{shown}: there is no folder {printable(folder)}; make it first.", param, ctx)
        return super().convert(value, param, ctx)


def model_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``-m/--model``; see `nncli.cli.model_lookup`."""
    text = "Model file or run directory. Default: $NNCLI_MODEL, ./model.npz, the newest runs/*/model.npz."
    return click.option("-m", "--model", metavar="FILE|RUN", type=click.Path(), help=text)(function)


def backend_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--backend``; see `nncli.machine.backend`."""
    text = "Where features and network are computed: cupy is on a GPU."
    choice = click.Choice(["numpy", "cupy"])
    return click.option("--backend", type=choice, default="numpy", show_default=True, help=text)(function)


def global_options(command: C) -> C:
    """Add ``-q``, ``-v`` and ``--no-color`` to `command`: they may stand before and after the command's name."""
    for flags, keep, text in (
        (("-q", "--quiet"), _keep_quiet, "Print errors and results only."),
        (("-v", "--verbose"), _keep_verbose, "Print the number of BLAS threads, and the traceback of an error."),
        (("--no-color",), _keep_colorless, "Print no colors (also: NO_COLOR)."),
    ):
        command.params.append(click.Option(flags, is_flag=True, expose_value=False, callback=keep, help=text))
    return command


def name_variables(command: C, prefix: str) -> C:
    """Let the environment set each option of `command`: --top-k by NNCLI_PREDICT_TOP_K for the prefix NNCLI_PREDICT.

    Click can do that by itself, but names the variable after the Python argument.
    """
    for option in command.params:
        if isinstance(option, click.Option):
            option.envvar = f"{prefix}_{max(option.opts, key=len).lstrip('-')}".replace("-", "_").upper()
    return command


# A flag that is absent after the command's name must not undo the one in front of it: hence `or`.
def _keep_quiet(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    settings.quiet = settings.quiet or value


def _keep_verbose(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value and not settings.verbose:
        settings.verbose = True
        write_lines(choose())


def _keep_colorless(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        context.color = False
