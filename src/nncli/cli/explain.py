"""``nncli explain``: what in an image drove the answer."""

from __future__ import annotations

from pathlib import Path

import click

from nncli.cli.evaluation_files import Png
from nncli.cli.messages import say
from nncli.cli.model_lookup import find_model
from nncli.cli.options import model_option
from nncli.errors import DataError
from nncli.text import printable

METHODS = ("occlusion", "gradient")


@click.command(short_help="Draw what in an image drove the answer.")
@click.argument("image", type=click.Path())
@model_option
@click.option("-o", "--output", metavar="FILE", required=True, type=Png(), help="Picture to write (PNG).")
@click.option(
    "--method", type=click.Choice(METHODS), default="occlusion", show_default=True, help="Attribution method."
)
def command(image: str, model: str | None, output: str, method: str) -> None:
    """Draw what in IMAGE speaks for and against the two most likely classes, and print the path of the picture.

    \b
    Examples:
      nncli explain photo.jpg -m runs/photos-1 -o why.png
      nncli explain digit.png -o why.png --method gradient

    Red speaks for the class, blue against it; each map is as strong as its own strongest place.

    occlusion blurs a round spot, for every place in the image, and shows how much the odds of the class fall where it
    lies. It asks the whole model, whatever features it sees, but only about parts as large as the spot: what two places
    say together it does not tell.

    gradient is gradient x input, exact for tiny changes only: where the network sees pixels, one value for each pixel,
    quick and noisy. Where it sees features, which have no place in the image, the gradient ends at them, and the
    blurred spot finds the places: occlusion, if the network were linear.
    """  # fmt: skip
    from nncli.data.image.decoding import ImageError, decode_image
    from nncli.model.explanation import explain, spot_size
    from nncli.model.file import read_model
    from nncli.model.predictor import Predictor
    from nncli.pictures.explanation import explanation_picture
    from nncli.pictures.tiles import as_rgb, save_png

    used = read_model(find_model(model))
    try:
        pixels = decode_image(image, used.image_format)
    except ImageError as error:
        raise DataError(f"{printable(image)}: {error}") from error
    explanation = explain(Predictor(used), pixels, method)
    labels = [
        f"{used.classes[k]}  {probability:.3f}"
        for k, probability in zip(explanation.classes, explanation.probabilities, strict=True)
    ]
    shape = used.image_format.shape
    how = "gradient x input" if method == "gradient" else "occlusion"
    how += "" if method == "gradient" and used.preprocessing.is_pixels else f" by spots of {spot_size(shape)} pixels"
    picture = explanation_picture(
        as_rgb(pixels[None], *shape[:2])[0],
        explanation.maps,
        [Path(image).name, *labels],
        f"red speaks for the class, blue against it ({how}, image {shape[0]}x{shape[1]})",
    )
    save_png(Path(output), picture)
    say(f"{printable(image)}: {', '.join(map(printable, labels))}")
    click.echo(printable(output))
