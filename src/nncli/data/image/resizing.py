"""From any size to the wanted one, with integer arithmetic: the same geometry on every machine.

Each mode scales the whole picture to some size first (`scaled_size`); they differ in what happens to the rest:

    stretch    exactly the wanted size, the aspect ratio is lost
    pad        the largest that fits inside; black bars fill what remains
    crop       the smallest that covers it; what stands out is cut off, equally on both sides

What `data.crop` cuts off (the sky above a road, a frame around scans) goes first, and the rest counts as the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from nncli.data.image.image_format import ImageFormat

_REDUCING_GAP = 2.0
"""Large pictures are averaged in whole blocks first, down to twice the wanted size: fast, and hardly visible."""


def kept_box(size: tuple[int, int], image_format: ImageFormat) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what the format's crop leaves of a picture of `size`, (width, height).

    Raises:
        NothingLeftError: It is nothing.
    """
    width, height = size
    top, bottom, left, right = image_format.crop or (0, 0, 0, 0)
    ends = (_cut(left, width), _cut(top, height), width - _cut(right, width), height - _cut(bottom, height))
    if ends[0] >= ends[2] or ends[1] >= ends[3]:
        raise NothingLeftError(f"{width}x{height}, of which data.crop leaves nothing")
    return ends


class NothingLeftError(ValueError):
    """A picture is smaller than what is cut off."""


def _cut(amount: float, side: int) -> int:
    return round(amount * side) if amount < 1 else round(amount)


def scaled_size(size: tuple[int, int], image_format: ImageFormat) -> tuple[int, int]:
    """Width and height that a picture of `size`, (width, height), is scaled to, before bars or cuts."""
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
    kept = kept_box(original_size, image_format)
    scaled = scaled_size((kept[2] - kept[0], kept[3] - kept[1]), image_format)
    box = None
    if image_format.crop:
        x, y = image.width / original_size[0], image.height / original_size[1]
        box = (kept[0] * x, kept[1] * y, min(kept[2] * x, image.width), min(kept[3] * y, image.height))
    if image_format.resize == "crop":
        center = _center(box or (0, 0, *image.size), scaled, wanted)
        return image.resize(wanted, Image.Resampling.BILINEAR, box=center, reducing_gap=_REDUCING_GAP)
    # A picture that has this size already is returned as it is, pixel for pixel.
    image = image.resize(scaled, Image.Resampling.BILINEAR, box=box, reducing_gap=_REDUCING_GAP)
    if image.size == wanted:
        return image
    padded = Image.new(image.mode, wanted)
    padded.paste(image, ((wanted[0] - scaled[0]) // 2, (wanted[1] - scaled[1]) // 2))
    return padded


def _center(
    box: tuple[float, float, float, float], scaled: tuple[int, int], wanted: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The part of `box` that becomes the center, `wanted`, when the whole box would become `scaled`."""
    box_width, box_height = box[2] - box[0], box[3] - box[1]
    width, height = box_width * wanted[0] / scaled[0], box_height * wanted[1] / scaled[1]
    left, top = box[0] + (box_width - width) / 2, box[1] + (box_height - height) / 2
    return left, top, left + width, top + height


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
