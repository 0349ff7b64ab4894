"""From any size to the wanted one, with integer arithmetic: the same geometry on every machine.

Each mode scales the whole picture to some size first (`scaled_size`); they differ in what happens to the rest:

    stretch    exactly the wanted size, the aspect ratio is lost
    pad        the largest that fits inside; black bars fill what remains
    crop       the smallest that covers it; what stands out is cut off, equally on both sides
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from nncli.data.image.image_format import ImageFormat

_REDUCING_GAP = 2.0
"""Large pictures are averaged in whole blocks first, down to twice the wanted size: fast, and hardly visible."""


def scaled_size(size: tuple[int, int], image_format: ImageFormat) -> tuple[int, int]:
    """Width and height that a whole picture of `size`, (width, height), is scaled to, before bars or cuts."""
    width, height = size
    wanted_width, wanted_height = image_format.width, image_format.height
    if image_format.resize == "stretch":
        return wanted_width, wanted_height
    is_wider = width * wanted_height > wanted_width * height  # than the wanted aspect ratio
    if is_wider == (image_format.resize == "pad"):
        return wanted_width, max(1, _rounded(height * wanted_width, width))
    return max(1, _rounded(width * wanted_height, height)), wanted_height


def resized(image: Image.Image, original_size: tuple[int, int], image_format: ImageFormat) -> Image.Image:
    """`image` brought to the height and width of `image_format`.

    Args:
        image: An upright picture.
        original_size: Its (width, height) before the decoder reduced it: the geometry is computed from these.
        image_format: The wanted size and the way to it.
    """
    wanted = image_format.width, image_format.height
    scaled = scaled_size(original_size, image_format)
    if image_format.resize == "crop":
        return image.resize(
            wanted, Image.Resampling.BILINEAR, box=_center(image.size, scaled, wanted), reducing_gap=_REDUCING_GAP
        )
    # A picture that has this size already is returned as it is, pixel for pixel.
    image = image.resize(scaled, Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP)
    if image.size == wanted:
        return image
    padded = Image.new(image.mode, wanted)
    padded.paste(image, ((wanted[0] - scaled[0]) // 2, (wanted[1] - scaled[1]) // 2))
    return padded


def _center(
    size: tuple[int, int], scaled: tuple[int, int], wanted: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The box of a picture of `size` that becomes the center, `wanted`, when the whole would become `scaled`."""
    width, height = size[0] * wanted[0] / scaled[0], size[1] * wanted[1] / scaled[1]
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
