"""From an image file to a row of pixels: the one decode path of training and prediction.

An image file is hostile until it has fully decoded, so the order matters:

    regular file? -> known format? -> sane size? -> every pixel -> upright -> rgb or gray -> resized -> (n_0,) uint8

The same picture saved in two ways gives the same pixels:

    EXIF orientation      turned upright; EXIF data that cannot be read is ignored
    transparency          composited over the background, also that of palettes and of a single transparent color
    16 bits per channel   0..65535, or the chosen range, becomes 0..255; 12 bits likewise from 0..4095
    32-bit integers       read as 16 bits; values outside 0..65535 are an error
    floats                read as 0..1; values outside and NaN are an error, for no guessed scale fits every image
    CMYK, YCbCr, Lab      converted to rgb; embedded color profiles are ignored, or used where that is asked for
    grayscale             ITU-R 601 luma, 0.299 R + 0.587 G + 0.114 B
    animation, pages      the first
"""

from __future__ import annotations

import logging
import os
import stat
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from nncli.data.image.canvas import clear_around, first_picture_box
from nncli.data.image.color_profile import to_srgb
from nncli.data.image.image_format import IMAGE_SUFFIXES, MOST_PIXELS, ImageFormat
from nncli.data.image.image_plugins import TIFF, UnknownFormatError, UnreadError, names_of_formats, open_image
from nncli.data.image.integrity import check_after_loading, check_before_loading, check_number_of_parts
from nncli.data.image.jpeg_integrity import LeftOverError, is_lossless, without_late_segments
from nncli.data.image.png_samples import has_deep_colors, in_range, mend_transparency
from nncli.data.image.resizing import NothingLeftError, kept_box, resized, scaled_size
from nncli.data.image.sample_values import FULL_16, Scale, ValueRangeError
from nncli.errors import DataError
from nncli.machine.threads import NO_WARNINGS, WhileAny
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "IMAGE_SUFFIXES",
    "FileAccessError",
    "ImageError",
    "array_image",
    "array_rows",
    "convert_image",
    "decode_image",
    "read_file",
]

DECODER_VERSION = 4
"""Goes up with every change that gives a file other pixels, so that pixels kept from before are not used."""

_ORIENTATION = 0x0112
"""EXIF's number for it."""

_BITS_PER_SAMPLE = 0x0102
"""TIFF's number for it."""

_COLOR_MAP = 0x0140
"""Also TIFF's."""

_LARGEST, _IS_AMBIGUOUS, _HAS_SCALE = "largest value", "is ambiguous", "says itself what is white"
"""Where an image carries along what `Scale` needs to know."""

MAX_FILE_BYTES = 1 << 30
"""Largest file read."""

_TURN_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED_BY_THE_FORMAT = ("AVIF", "HEIF", "JXL")
_SIDEWAYS = (5, 6, 7, 8)

# Without a handler Python prints Pillow's log messages to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class ImageError(DataError):
    """An image that cannot be decoded; the text is the reason alone, without the path."""


class FileAccessError(ImageError):
    """An image that cannot be read now; another time the same file may be."""


def decode_image(source: str | Path | bytes, image_format: ImageFormat) -> NDArray[np.uint8]:
    """Decode one image.

    Args:
        source: A path, or what such a file holds.
        image_format: The size and the color mode to bring it to, and the largest image accepted.

    Returns:
        Values 0..255 in the order row, column, channel; (n_0,).

    Raises:
        ImageError: The file cannot be read, is no image, is too large, or does not decode to its last pixel.
    """
    data = source if isinstance(source, bytes) else read_file(source)
    if not data:
        raise ImageError("empty file")
    try:
        with NO_WARNINGS:  # they are about metadata, or about a size that is checked here
            check_number_of_parts(data)
            try:
                decoded = _opened_and_decoded(data, image_format)
            except LeftOverError:
                shorter = without_late_segments(data)
                if shorter is None:
                    raise
                decoded = _opened_and_decoded(shorter, image_format)
            return np.frombuffer(decoded.tobytes(), np.uint8).copy()
    except ImageError:
        raise
    except (UnreadError, ValueRangeError, NothingLeftError) as error:
        raise ImageError(str(error)) from None
    except UnknownFormatError:
        raise ImageError(f"not a readable {names_of_formats()} image") from None
    except Image.DecompressionBombError:
        raise ImageError(_too_large(image_format)) from None
    except MemoryError:
        raise FileAccessError("not enough memory to decode it") from None
    except Exception as error:  # broken files raise nearly anything: OSError, SyntaxError, IndexError, struct.error
        reason = printable(str(error))[:100] or type(error).__name__
        raise ImageError(f"damaged or incomplete ({reason})") from error


def convert_image(image: Image.Image, image_format: ImageFormat) -> NDArray[np.uint8]:
    """As `decode_image`, for a picture that is in memory already, or that Pillow is about to load.

    Raises:
        ImageError: Pillow cannot load it, or its values fit no scale.
    """
    try:
        image.load()
        upright = image.transpose(_TURN_UPRIGHT[_orientation(image)]) if _orientation(image) > 1 else image
        recolored = _recolored(upright, image_format)
        return np.frombuffer(resized(recolored, recolored.size, image_format).tobytes(), np.uint8).copy()
    except (ValueRangeError, NothingLeftError) as error:
        raise ImageError(str(error)) from None
    except (OSError, SyntaxError) as error:
        raise ImageError(f"damaged or incomplete ({printable(str(error))[:100]})") from error


def array_image(array: NDArray[np.uint8]) -> Image.Image:
    """An array as a picture.

    Raises:
        ValueError: It is not uint8, (height, width) or (height, width, channels) with 1, 3 or 4 channels.
    """
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.size == 0 or array.ndim not in (2, 3) or channels not in (1, 3, 4):
        expected = "a uint8 array (height, width), or (height, width, channels) with 1, 3 or 4 channels"
        raise ValueError(f"an array of {array.dtype} {array.shape} is no image; expected {expected}")
    return Image.fromarray(array.reshape(array.shape[:2]) if channels == 1 else array)


def array_rows(images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], image_format: ImageFormat) -> NDArray[np.uint8]:
    """Arrays as rows of pixels, (m, n_0); not copied where they are as they should be.

    Raises:
        ValueError: As `array_image`.
    """
    shape = images.shape[1:] if isinstance(images, np.ndarray) and images.dtype == np.uint8 else ()
    if isinstance(images, np.ndarray) and image_format.crop is None and (image_format.shape in (shape, (*shape, 1))):
        return images.reshape(len(images), -1)
    rows = np.empty((len(images), image_format.n_features), np.uint8)
    for row, image in zip(rows, images, strict=True):
        row[:] = convert_image(array_image(image), image_format)
    return rows


def read_file(path: str | Path) -> bytes:
    """The content of a regular file.

    Raises:
        ImageError: It is none, it is too large, or it cannot be read.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path costs more than reading a small file
        if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for a writer
            if stat.S_ISDIR(status.st_mode):
                raise ImageError("a folder" if os.access(path, os.R_OK | os.X_OK) else "a folder that cannot be read")
            raise ImageError("not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise ImageError(f"larger than {MAX_FILE_BYTES >> 20} MB")
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()
    except OSError as error:
        raise FileAccessError(error.strerror or str(error)) from error
    except ValueError as error:  # NUL or a lone surrogate in the path
        raise ImageError("not a valid path") from error


def _too_large(image_format: ImageFormat) -> str:
    return f"more than {image_format.max_pixels:,} pixels"


def _refused(width: int, height: int, image_format: ImageFormat) -> ImageError:
    """An image that is too large, with a way out that works for its size."""
    way_out = "; no setting allows that many, so make a smaller copy" if width * height > MOST_PIXELS else ""
    return ImageError(f"{width}x{height}, {_too_large(image_format)}{way_out}")


def _opened_and_decoded(data: bytes, image_format: ImageFormat) -> Image.Image:
    with _open(data, image_format) as image:
        return _decoded(image, data, image_format)


def _open(data: bytes, image_format: ImageFormat) -> Image.Image:
    """A file opened by Pillow and not loaded, or decoded here where Pillow would give other pixels."""
    if data[:2] not in (b"II", b"MM", b"BM"):
        return open_image(data, image_format.max_pixels)
    if data.startswith(TIFF):
        from nncli.data.image.tiff import open_tiff  # a prediction from a photo starts faster without

        with _LIBTIFF_SILENCED:
            return open_tiff(data, image_format.max_pixels, image_format.value_range)
    from nncli.data.image.bmp_masks import decode_masked, masked_bmp

    bmp = masked_bmp(data) if data.startswith(b"BM") else None
    if bmp is None:
        return open_image(data, image_format.max_pixels)
    if bmp.width * bmp.height > image_format.max_pixels:
        raise _refused(bmp.width, bmp.height, image_format)
    return decode_masked(data, bmp)


def _decoded(image: Image.Image, data: bytes, image_format: ImageFormat) -> Image.Image:
    """A just opened `image`, decoded, upright, in the color mode and size of `image_format`."""
    if image.width * image.height > image_format.max_pixels:
        raise _refused(image.width, image.height, image_format)
    original_size = image.size
    if isinstance(image, ImageFile):
        image = _loaded(image, data, image_format)
    orientation = _orientation(image)
    upright = image.transpose(_TURN_UPRIGHT[orientation]) if orientation in _TURN_UPRIGHT else image
    if orientation in _SIDEWAYS:
        original_size = original_size[::-1]
    return resized(_recolored(upright, image_format), original_size, image_format)


def _loaded(image: ImageFile, data: bytes, image_format: ImageFormat) -> Image.Image:
    """Every pixel of an opened file, with what Pillow gets wrong put right."""
    file_format = image.format
    check_before_loading(image, data)
    if file_format in ("JPEG", "MPO"):
        _reduce_while_decoding(image, data, image_format)
    box = first_picture_box(image, data) if file_format in ("GIF", "WEBP") else None
    # Before anything else that may load it: a second load of a broken PNG is silently blank.
    with _LIBTIFF_SILENCED if file_format == "TIFF" else nullcontext():
        image.load()
    check_after_loading(image, data)
    loaded: Image.Image = image
    if file_format in _TURNED_BY_THE_FORMAT:
        _drop_other_orientations(image)
    elif file_format == "TIFF":
        _note_depth(image)
    elif file_format == "PNG":
        loaded = mend_transparency(image, data) if "transparency" in image.info else image
        if image_format.value_range and has_deep_colors(data):
            loaded = in_range(loaded, data, image_format.value_range)
    elif file_format == "PPM":
        image.info[_HAS_SCALE] = True
    elif file_format == "BMP" and image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        loaded = image.convert("RGB")  # nothing would be left: such writers mean no transparency
    return loaded if box is None else clear_around(loaded, box, image_format.background_color)


def _drop_other_orientations(image: ImageFile) -> None:
    """Leave of AVIF, HEIC and JPEG XL only the orientation of the format itself, which the standards make binding."""
    image.info.pop("xmp", None)
    if image.format == "JXL" and not getattr(image, "jpeg", False):  # turned by its decoder
        image.info.pop("exif", None)


def _note_depth(image: ImageFile) -> None:
    """Note what full scale is of a loaded TIFF, where its mode does not say so, and mend its palette."""
    tags = image.tag_v2  # type: ignore[attr-defined]
    if tags.get(_BITS_PER_SAMPLE) == (12,):
        image.info[_LARGEST] = 4095  # Pillow gives such values as they are, in 16 bits
    image.info[_IS_AMBIGUOUS] = image.mode == "I"
    colors = tags.get(_COLOR_MAP)
    if image.mode in ("P", "PA") and colors and max(colors) < 256:  # of 8 bits, where the standard wants 16
        image.putpalette([colors[k + len(colors) // 3 * c] for k in range(len(colors) // 3) for c in range(3)])


def _reduce_while_decoding(image: ImageFile, data: bytes, image_format: ImageFormat) -> None:
    """Have libjpeg decode to 1/2, 1/4 or 1/8: much faster; twice the needed size leaves the rest to a better filter."""
    is_sideways = _orientation(image) in _SIDEWAYS
    size = image.size[::-1] if is_sideways else image.size
    left, top, right, bottom = kept_box(size, image_format)
    width, height = scaled_size((right - left, bottom - top), image_format)
    if image_format.crop:  # as large as the whole picture becomes where its middle gets that size
        width, height = width * size[0] // (right - left), height * size[1] // (bottom - top)
    needed = (2 * height, 2 * width) if is_sideways else (2 * width, 2 * height)
    if image.width >= 2 * needed[0] and image.height >= 2 * needed[1] and not is_lossless(data):
        image.draft(None, needed)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1..8; call it on a PNG only after loading."""
    try:
        orientation = image.getexif().get(_ORIENTATION)
        return orientation if orientation in _TURN_UPRIGHT else 1
    except Exception:  # broken metadata says nothing about the pixels
        return 1


def _recolored(image: Image.Image, image_format: ImageFormat) -> Image.Image:
    """`image` of any mode as RGB or L."""
    mode = "RGB" if image_format.channels == 3 else "L"
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _to_8_bits(image, image_format)
    if image.mode in ("La", "RGBa"):  # Pillow converts these to LA and RGBA and to nothing else
        image = image.convert(image.mode.upper())
    if image_format.profile == "srgb" and "icc_profile" in image.info:
        image = to_srgb(image)
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")  # convert always copies
        background = Image.new("RGB", image.size, image_format.background_color)
        background.paste(image, mask=image)
        image = background
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _to_8_bits(image: Image.Image, image_format: ImageFormat) -> Image.Image:
    values = np.asarray(image)
    largest = 1 if image.mode == "F" else image.info.get(_LARGEST, FULL_16)
    chosen = None if image.info.get(_HAS_SCALE) else image_format.value_range
    scale = Scale(largest, chosen, is_ambiguous=image.info.get(_IS_AMBIGUOUS, False))
    gray = scale.levels(values)
    scale.check()
    converted = Image.fromarray(gray)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        converted.putalpha(Image.fromarray((values != transparent).astype(np.uint8) * 255))
    if "icc_profile" in image.info:
        converted.info["icc_profile"] = image.info["icc_profile"]
    return converted


@contextmanager
def _silenced_libtiff() -> Iterator[None]:
    """Point stderr elsewhere for a moment: libtiff and its libjpeg write to file descriptor 2 themselves."""
    try:
        stderr = os.dup(2)
    except OSError:  # closed already
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


_LIBTIFF_SILENCED = WhileAny(_silenced_libtiff)
