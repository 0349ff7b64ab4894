"""`nncli export`: a model for other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.bar import with_bar
from nncli.cli.messages import say
from nncli.cli.model_lookup import find_model
from nncli.cli.next_step import run_of, say_next, validation_image
from nncli.cli.options import Output
from nncli.errors import UsageError
from nncli.machine.extras import refuse_missing
from nncli.text import counted, printable

if TYPE_CHECKING:
    from nncli.export.graph import Layout
    from nncli.model.file import Model

SUFFIX = ".onnx"


@click.command(short_help="Write a model as ONNX, for other runtimes.")
@click.argument("model", metavar="[MODEL|RUN]", required=False, type=click.Path())
@click.option(
    "-o", "--output", metavar="FILE", type=Output(path_type=Path), help="Default: model.onnx beside the model."
)
@click.option(
    "--check-images", metavar="DIR", type=click.Path(), help="Compare on the images in DIR, too (at most 256)."
)
@click.option(
    "--layout",
    type=click.Choice(["nhwc-uint8", "nchw-float"]),
    default="nhwc-uint8",
    show_default=True,
    help="Images it takes: bytes with the channels last, or float32 from 0 to 1 with the channels first.",
)
@click.option("--float16", is_flag=True, help="Keep the weights in half the bytes; costs about 0.001 of probability.")
def command(*, model: str | None, output: Path | None, check_images: str | None, layout: Layout, float16: bool) -> None:
    """Write a model as an ONNX file, which runs without nncli, and print its path.

    \b
    Examples:
      nncli export
      nncli export runs/cats-1 -o cats.onnx
      nncli export runs/cats-1 -o cats.onnx --check-images photos/test

    The graph takes images of the model's size as bytes, (batch, height, width, channels), and gives the probabilities
    and the index of the best class. Feature blocks, scaling, ensembles and temperature are part of it. Before it is
    written, it is run by onnxruntime and compared with nncli. Without MODEL: $NNCLI_MODEL, ./model.npz or the newest
    runs/*/model.npz.

    Needs the extra 'onnx'; without it, it says how to install it.
    """  # fmt: skip
    if output is not None and output.suffix.lower() != SUFFIX:
        raise UsageError(f"--output {printable(str(output))}: only ONNX can be written; end the name with {SUFFIX}")
    try:
        from nncli.export.onnx_file import onnx_bytes
    except ModuleNotFoundError as error:
        raise refuse_missing("an export", error, "onnx") from error
    from nncli.machine.atomic_file import open_bytes_atomically
    from nncli.model.file import read_model

    path = find_model(model, "MODEL")
    exported = read_model(path)
    target = output or path.with_suffix(SUFFIX)
    content = onnx_bytes(exported, layout=layout, float16=float16)
    _check(content, exported, target, check_images, float16=float16)
    with open_bytes_atomically(target) as file:
        file.write(content)
    click.echo(printable(str(target)))
    written: list[str | Path] = [] if output is None else ["-o", output]
    written += ["--layout", layout] if layout == "nchw-float" else []
    written += ["--float16"] if float16 else []
    _say_what_is_next(path, written, None if check_images else validation_image(path.parent))


def _say_what_is_next(path: Path, written: list[str | Path], image: str | None) -> None:
    """Compare on the images around `image`, or else use the file; `written` are the options of this time."""
    if image is None:
        say("docs/export.md shows how other programs run it")
    else:
        say_next("export", run_of(path), *written, "--check-images", Path(image).parent)


def _check(content: bytes, model: Model, target: Path, folder: str | None, *, float16: bool) -> None:
    """Say how much ONNX and nncli differ; what differs too much is not written."""
    from nncli.errors import NncliError
    from nncli.export.check import (
        TOGETHER,
        TOLERANCE,
        TOLERANCE_OF_FLOAT16,
        TOLERANCE_ON_BACKBONE,
        largest_difference,
        random_images,
        real_images,
    )
    from nncli.model.predictor import Predictor

    images = {"random": random_images(model.image_format)}
    if folder is not None:
        images["real"] = real_images(folder, model.image_format)
    batches = [rows[start : start + TOGETHER] for rows in images.values() for start in range(0, len(rows), TOGETHER)]
    watched = with_bar(batches, len(batches), "batches")
    difference = largest_difference(content, Predictor(model), watched)
    compared = " and ".join(counted(len(rows), f"{kind} image") for kind, rows in images.items())
    is_on_backbone = any(block.names_file for block in model.column.features)
    tolerance = TOLERANCE_OF_FLOAT16 if float16 else TOLERANCE_ON_BACKBONE if is_on_backbone else TOLERANCE
    what = "numbers" if model.task.name == "regression" else "probabilities"
    if not difference <= tolerance:
        way_out = "leave out --float16" if float16 else "keep to nncli for this model"
        raise NncliError(
            f"{printable(str(target))}: not written, because on {compared} its {what} differ by up to "
            f"{difference:.1e} from nncli's, more than {tolerance:.0e}; {way_out}"
        )
    say(f"compared by onnxruntime on {compared}: {what} differ by {difference:.1e} at most")
