"""Opening an image by its first bytes."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from nncli.data.image.image_plugins import FORMATS, UnknownFormatError, UnreadError, open_image


def saved(image_format: str) -> bytes:
    """A 3x2 image as a file of a format."""
    file = io.BytesIO()
    Image.new("RGB", (3, 2), (200, 100, 50)).save(file, image_format)
    return file.getvalue()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_a_format_is_recognized_by_its_bytes(image_format: str) -> None:
    """As Pillow itself would recognize it."""
    data = saved(image_format)
    with open_image(data) as ours, Image.open(io.BytesIO(data)) as theirs:
        assert theirs.format == ours.format == image_format
        assert (3, 2) == ours.size
        assert theirs.convert("RGB").tobytes() == ours.convert("RGB").tobytes()


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"%!PS-Adobe-3.0 EPSF-3.0", b"\0\0\1\0", b"RIFF\0\0\0\0WAVE", b"P7", saved("PNG")[:12]],
)
def test_what_is_no_image_of_the_list_is_refused(data: bytes) -> None:
    """Whatever Pillow could do with it."""
    with pytest.raises((UnknownFormatError, UnreadError)):
        open_image(data)


def test_no_two_formats_begin_alike() -> None:
    """Every file has at most one plugin."""
    for image_format in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM"):
        assert 1 == sum(accepts(saved(image_format)[:16]) for _, accepts, *_ in FORMATS)


def test_only_the_plugin_that_is_needed_is_loaded() -> None:
    """A JPEG does not load the others."""
    program = (
        "import sys; from nncli.data.image.image_plugins import open_image; open_image(sys.stdin.buffer.read()).load();"
        "print(*(name for name in sys.modules if name.endswith('ImagePlugin')))"
    )
    result = subprocess.run([sys.executable, "-c", program], input=saved("JPEG"), capture_output=True, check=True)
    assert b"PIL.JpegImagePlugin" == result.stdout.strip()
