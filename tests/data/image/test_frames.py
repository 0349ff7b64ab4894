"""Files that hold more than one picture."""

from __future__ import annotations

import pytest
from PIL import Image

from nncli.data.image.frames import ANIMATION, STACK, STREAM, more_than_one
from tests.data.pictures import encode, noise

FIRST, SECOND = Image.fromarray(noise(9, 12)), Image.fromarray(noise(9, 12, 1))
MORE = {"save_all": True, "append_images": [SECOND]}
PNM = encode(FIRST, "PPM"), encode(FIRST.convert("L"), "PPM"), encode(FIRST.convert("1"), "PPM")


@pytest.mark.parametrize(
    ("file_format", "expected"), [("GIF", ANIMATION), ("PNG", ANIMATION), ("WEBP", ANIMATION), ("TIFF", STACK)]
)
def test_an_animation_or_a_stack_is_noticed(file_format: str, expected: str) -> None:
    """By the bytes of the file; one picture alone is none."""
    assert expected == more_than_one(encode(FIRST, file_format, **MORE))
    assert more_than_one(encode(FIRST, file_format)) is None


@pytest.mark.parametrize("data", PNM)
def test_a_stream_of_pictures_is_noticed(data: bytes) -> None:
    """One behind the other, as video programs write them."""
    assert STREAM == more_than_one(data + PNM[0])
    assert more_than_one(data) is None
    assert more_than_one(data + b"\n") is None


def test_a_preview_beside_a_picture_is_no_stack() -> None:
    """Its page says that it is one."""
    pages = Image.new("L", (8, 8)), Image.new("L", (4, 4))
    data = encode(pages[0], "TIFF", save_all=True, append_images=[pages[1]])
    assert STACK == more_than_one(data)
    for kind in (1, 4):
        pages[1].encoderinfo = {"tiffinfo": {254: kind}}
        assert more_than_one(encode(pages[0], "TIFF", save_all=True, append_images=[pages[1]])) is None


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"P6", b"P6 9", b"II*\0", b"II*\0\xff\xff\xff\xff", b"\x89PNG\r\n\x1a\n", b"text"]
)
def test_damaged_files_are_not_more_than_one(data: bytes) -> None:
    """Decoding finds the words."""
    assert more_than_one(data) is None
