"""Opening a TIFF: by Pillow where it reads this kind rightly, from the file's own tags where not, or not at all.

A file that neither reads is refused in words: what its samples are and how to save them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from PIL import Image

from nncli.data.image import tiff_header as tags
from nncli.data.image.image_plugins import UnknownFormatError, UnreadError, open_image
from nncli.data.image.tiff_header import read_header
from nncli.data.image.tiff_samples import decode_samples, is_right_in_pillow, refusal

if TYPE_CHECKING:
    from nncli.data.image.tiff_header import TiffHeader

_ORIENTATION = 0x0112


def open_tiff(data: bytes, max_pixels: int, chosen: tuple[float, float] | None = None) -> Image.Image:
    """The first picture of a TIFF: opened by Pillow and not loaded, or decoded.

    Args:
        data: The file.
        max_pixels: The largest picture decoded.
        chosen: The values that become black and white, for samples of more than 8 bits.

    Raises:
        UnknownFormatError: Its header makes no sense.
        UnreadError: It is sound, as far as the header goes, but not read.
        Image.DecompressionBombError: It is larger than `max_pixels`.
        OSError: It is damaged. ValueError, struct.error and zlib.error mean the same.
    """
    try:
        header = read_header(data)
    except (ValueError, struct.error):
        return open_image(data)
    if header.is_camera_raw:
        raise UnreadError(
            "a camera RAW file (DNG or the like), of which only a preview could be read; export it as JPEG or TIFF"
        )
    needs_samples = chosen is not None and header.bits > 8 and header.n_samples > 1
    if is_right_in_pillow(header) and not (needs_samples and refusal(header) is None):
        try:
            return open_image(data)
        except UnknownFormatError:
            if header.width < 1 or header.height < 1:
                raise
    return _decoded(data, header, max_pixels, chosen)


def _decoded(data: bytes, header: TiffHeader, max_pixels: int, chosen: tuple[float, float] | None) -> Image.Image:
    if header.width * header.height > max_pixels:
        raise Image.DecompressionBombError
    reason = refusal(header)
    if reason:
        raise UnreadError(reason)
    image = decode_samples(data, header, chosen)
    if header.icc_profile:
        image.info["icc_profile"] = header.icc_profile
    orientation = header.first(tags.ORIENTATION, 1)
    if orientation != 1:
        image.getexif()[_ORIENTATION] = orientation
    return image
