"""``nncli explain``: what in an image drove the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.bar import with_bar
from nncli.cli.inputs import container_of, is_file, packed_image
from nncli.cli.messages import say
from nncli.cli.model_lookup import find_model
from nncli.cli.next_step import run_of, say_next
from nncli.cli.options import Output, model_option
from nncli.errors import DataError, UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from nncli.model.file import Model

METHODS = ("occlusion", "gradient")


@click.command(short_help="Draw which parts of an image drove the prediction.")
@click.argument("image", type=click.Path())
@model_option
@click.option("-o", "--output", metavar="FILE", required=True, type=Output("picture"), help="Picture to write (PNG).")
@click.option(
    "--method", type=click.Choice(METHODS), default="occlusion", show_default=True, help="Attribution method."
)
def command(image: str, model: str | None, output: str, method: str) -> None:
    """Draw the evidence in IMAGE for and against the two most likely answers, and print the path of the picture.

    \b
    Examples:
      nncli explain photo.jpg -m runs/photos-1 -o why.png
      nncli explain digit.png -o why.png --method gradient

    Red is evidence for the class, blue against it; each map is scaled to its own maximum. Of a model that tells
    numbers: where the image raises and lowers the first two.

    occlusion blurs a round spot at every place of the image and shows how much the log-odds of the class fall. It
    works with all feature blocks, but resolves nothing smaller than the spot and no interaction of distant places.

    gradient is gradient x input: on pixels one value for each pixel, fast, noisy, exact for tiny changes only. On
    features, which have no place in the image, the blurred spot finds the places: occlusion of a linearized network.
    """  # fmt: skip
    from nncli.data.image.decoding import ImageError, decode_image
    from nncli.model.explanation import explain
    from nncli.model.file import read_model
    from nncli.model.predictor import Predictor
    from nncli.pictures.explanation import explanation_picture
    from nncli.pictures.tiles import as_rgb, save_png

    path = find_model(model)
    used = read_model(path)
    try:
        pixels = decode_image(_source(image, used), used.image_format)
    except ImageError as error:
        inside = container_of(image)
        way_out = f"; nncli predict {printable(inside)} names the images in it" if inside else ""
        raise DataError(f"{printable(image)}: {error}{way_out}") from error
    explanation = explain(Predictor(used), pixels, method, lambda lots: with_bar(lots, len(lots), "parts"))
    form = ".4g" if used.task.name == "regression" else ".3f"
    labels = [
        f"{used.classes[k]} {probability:{form}}"
        for k, probability in zip(explanation.classes, explanation.probabilities, strict=True)
    ]
    of_image, titles = as_rgb(pixels[None], *used.image_format.shape[:2])[0], [Path(image).name, *labels]
    picture = explanation_picture(of_image, explanation.maps, titles, _caption(used, method))
    save_png(Path(output), picture)
    say(f"{printable(image)}: {', '.join(map(printable, labels))}")
    click.echo(printable(output))
    if method == METHODS[0]:
        other = Path(output).with_stem(f"{Path(output).stem}-{METHODS[1]}")
        say_next("explain", image, "-m", run_of(path), "-o", other, "--method", METHODS[1])


def _source(image: str, model: Model) -> str | bytes:
    """The path of an image, or the file that an image of an array would be.

    Raises:
        UsageError: It is a whole array.
    """
    from nncli.data.arrays.families import is_array_file
    from nncli.data.arrays.unlabeled import array_image, array_images

    if is_array_file(image) and is_file(image):
        first = next((name for name, _ in array_images(image)), image)
        raise UsageError(f"{printable(image)}: arrays of images; write the name of one of them, {printable(first)}")
    turned = model.setting("data.transpose") == "on"
    return packed_image(image) or array_image(image, transpose=turned) or image


def _caption(model: Model, method: str) -> str:
    """The meaning of the colors, and how they were found."""
    from nncli.model.explanation import spot_size

    shape = model.image_format.shape
    how = "gradient x input" if method == "gradient" else "occlusion"
    how += "" if method == "gradient" and model.preprocessing.is_pixels else f" by spots of {spot_size(shape)} pixels"
    colors = "red speaks for the class, blue against it"
    if model.task.name == "multilabel":
        colors = "red speaks for the label, blue against it"
    if model.task.name == "regression":
        colors = "red raises the number, blue lowers it"
    return f"{colors} ({how}, image {shape[0]}x{shape[1]})"
