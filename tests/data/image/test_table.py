"""The table of docs/images.md: each row is a file made here, and what becomes of it is what the row says.

`python -m tests.data.image.test_table` prints the table.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, features

from nncli.data.image import kinds
from nncli.data.image.decoding import ImageError
from tests.data.image.test_other_formats import JPEG, bmp, png
from tests.data.pictures import decode, encode
from tests.data.tiffs import CMYK, MIN_IS_BLACK, MIN_IS_WHITE, RGB, tiff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

PAGE = Path(__file__).parents[3] / "docs" / "images.md"
COLOR = (204, 102, 51)
PICTURE = np.full((6, 8, 3), COLOR, np.uint8)
GRAY = np.full((6, 8, 1), 102, np.uint8)
IMAGE = Image.fromarray(PICTURE)
CLEAR = Image.new("RGBA", (8, 6), (*COLOR, 51))
OVER_WHITE = (245, 224, 214)
INKS = np.asarray(IMAGE.convert("CMYK"))
MASKS = 0xFF << 23, 0xFF << 14, 0xFF << 1
DNG: dict[int, tuple[int, ...]] = {254: (1,), 50706: (1, 4, 0, 0)}
AS_IT_IS, BACKGROUND = "as it is", "`data.background`"
BEHIND = f"over {BACKGROUND}"

Row = tuple[str, str, "Callable[[], bytes]", str, "tuple[int, ...] | None"]


def deep(values: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """The same levels in 16 bits."""
    return np.uint16(257) * values


def with_alpha(values: NDArray[Any], largest: int) -> NDArray[Any]:
    """With a fifth of opacity."""
    alpha = np.full_like(values[..., :1], largest // 5)
    return np.concatenate([values, alpha], axis=2)


GRAYS = (102, 102, 102)
GRAY_OVER_WHITE = (224, 224, 224)

JXL = "16 bits and floats become 8; gray with alpha of 16 bits is refused"

ROWS: list[Row] = [
    ("JPEG", "baseline, progressive, restart markers, gray", lambda: encode(IMAGE, "JPEG"), AS_IT_IS, COLOR),
    ("JPEG", "CMYK", lambda: encode(IMAGE.convert("CMYK"), "JPEG"), "converted to RGB", COLOR),
    ("JPEG", "cut, with an end mark", lambda: JPEG[:900] + b"\xff\xd9", "", None),
    ("PNG", "1 to 8 bits, gray, RGB, palette", lambda: encode(IMAGE, "PNG"), AS_IT_IS, COLOR),
    (
        *("PNG", "16 bits gray", lambda: png(16, 0, deep(GRAY).astype(np.int64))),
        *("0 to 65,535, or `data.range`, becomes 0 to 255", GRAYS),
    ),
    (
        *("PNG", "16 bits RGB", lambda: png(16, 2, deep(PICTURE).astype(np.int64))),
        *("0 to 65,535, or `data.range`, becomes 0 to 255", COLOR),
    ),
    (
        "PNG",
        "alpha, one transparent level or color",
        lambda: encode(CLEAR, "PNG"),
        "over `data.background`",
        OVER_WHITE,
    ),
    ("PNG", "wrong checksum", lambda: encode(IMAGE, "PNG")[:-5] + b"12345", "", None),
    (
        "GIF",
        "palette, animation",
        lambda: encode(IMAGE, "GIF"),
        "the first picture; around it `data.background`",
        COLOR,
    ),
    ("BMP", "1 to 32 bits, run lengths", lambda: encode(IMAGE, "BMP"), AS_IT_IS, COLOR),
    (
        *(
            "BMP",
            "16 and 32 bits with any masks",
            lambda: bmp(32, (0xFF << 23, 0xFF << 14, 0xFF << 1), PICTURE.astype(int)),
        ),
        *("each channel by its mask", COLOR),
    ),
    (
        "WebP",
        "lossy, lossless, alpha, animation",
        lambda: encode(IMAGE, "WEBP", lossless=True),
        "the first picture",
        COLOR,
    ),
    ("PPM, PGM, PBM", "binary and plain", lambda: encode(IMAGE, "PPM"), "0 to the file's own largest value", COLOR),
    ("TIFF", "8 bits gray", lambda: tiff(GRAY, MIN_IS_BLACK), AS_IT_IS, GRAYS),
    ("TIFF", "white is zero, of any depth", lambda: tiff(deep(255 - GRAY), MIN_IS_WHITE), "turned around", GRAYS),
    (
        *("TIFF", "9 to 16 bits unsigned, gray", lambda: tiff(deep(GRAY), MIN_IS_BLACK, order=">")),
        *("0 to all ones, or `data.range`, becomes 0 to 255", GRAYS),
    ),
    (
        *("TIFF", "9 to 16 bits unsigned, RGB, in planes or not", lambda: tiff(deep(PICTURE), RGB, planar=True)),
        *("0 to all ones, or `data.range`, becomes 0 to 255", COLOR),
    ),
    (
        *("TIFF", "alpha, of any depth", lambda: tiff(with_alpha(deep(GRAY), 65535), MIN_IS_BLACK, more={338: (2,)})),
        *(BEHIND, GRAY_OVER_WHITE),
    ),
    ("TIFF", "BigTIFF of both byte orders", lambda: tiff(PICTURE, RGB, big=True, order=">"), AS_IT_IS, COLOR),
    (
        "TIFF",
        "CMYK, 8 and 16 bits",
        lambda: tiff(deep(np.asarray(IMAGE.convert("CMYK"))), CMYK),
        "converted to RGB",
        COLOR,
    ),
    (
        *("TIFF", "16, 32, 64 bits float", lambda: tiff((PICTURE / 255).astype(np.float32), RGB)),
        *("0 to 1, or `data.range`, becomes 0 to 255", COLOR),
    ),
    (
        *("TIFF", "32 bits, or 16 bits signed, gray", lambda: tiff(deep(GRAY).astype(np.int32), MIN_IS_BLACK)),
        *("0 to 65,535, or `data.range`, becomes 0 to 255", GRAYS),
    ),
    ("TIFF", "floats outside 0 to 1", lambda: tiff(PICTURE.astype(np.float32), RGB), "", None),
    ("TIFF", "32 bits with values of 8", lambda: tiff(GRAY.astype(np.int32), MIN_IS_BLACK), "", None),
    ("TIFF", "signed, more than one channel", lambda: tiff(deep(PICTURE).view(np.int16), RGB), "", None),
    ("TIFF", "64 bits", lambda: tiff(GRAY.astype(np.uint64), MIN_IS_BLACK), "", None),
    ("TIFF", "complex", lambda: tiff(GRAY.astype(np.uint64), MIN_IS_BLACK, more={339: (6,)}), "", None),
    ("TIFF", "more channels", lambda: tiff(PICTURE, MIN_IS_BLACK, more={338: (0, 0)}), "", None),
    ("TIFF", "LERC", lambda: tiff(GRAY, MIN_IS_BLACK, more={259: (34887,)}), "", None),
    ("TIFF", "JPEG XL inside", lambda: tiff(PICTURE, RGB, more={259: (50002,)}), "", None),
    ("TIFF", "L\\*a\\*b\\* of 16 bits", lambda: tiff(deep(PICTURE), 8), "", None),
    (
        "DNG, NEF, ARW",
        "a preview, and the raw data behind it",
        lambda: tiff(PICTURE, RGB, more={254: (1,), 50706: (1,)}),
        "",
        None,
    ),
    ("AVIF", "where Pillow has it", lambda: encode(IMAGE, "AVIF", quality=100), "10 and 12 bits become 8", COLOR),
    ("HEIC", "with the extra `heic`", lambda: of_plugin("HEIC"), "10 and 12 bits become 8", COLOR),
    ("HEIC", "without", lambda: b"\0\0\0\x24ftypheic" + bytes(40), "", None),
    ("JPEG XL", "with the extra `jxl`", lambda: of_plugin("JPEG XL"), JXL, COLOR),
    ("JPEG XL", "without", lambda: b"\xff\x0a" + bytes(40), "", None),
    ("JPEG 2000", "", lambda: b"\xff\x4f\xff\x51" + bytes(40), "", None),
    ("SVG", "", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "", None),
    ("RAF, CR2, CR3, ...", "", lambda: b"FUJIFILMCCD-RAW 0201", "", None),
    ("PSD, DICOM, EXR, HDR, ICO, ...", "by its name", lambda: b"8BPS" + bytes(40), "", None),
    ("anything else", "where Pillow has AVIF", lambda: b"text", "", None),
]
"""Format, kind, the file, how it becomes 8 bits, and its color; no color for a file that is refused."""


INSTALLATIONS: dict[str, Callable[[str], bool]] = {
    "without": lambda _: False,
    "where Pillow has AVIF": lambda module: module == "PIL._avif",
}
"""Kind -> whether a module is there, for rows that depend on what is installed."""


def of_plugin(name: str) -> bytes:
    """The picture as a file that an extra reads; skips the test where it is not installed."""
    if name == "JPEG XL":
        pytest.importorskip("pillow_jxl")
        return encode(IMAGE, "JXL", lossless=True)
    stream = io.BytesIO()
    pytest.importorskip("pillow_heif").from_pillow(IMAGE).save(stream, quality=-1)
    return stream.getvalue()


def line(row: Row, outcome: str) -> str:
    """A row of the table in Markdown."""
    return f"| {row[0]} | {row[1]} | {outcome} |"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_a_row_says_what_becomes_of_its_file(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right color, or the words of the refusal."""
    _, kind, make, how, color = row
    if row[0] == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    monkeypatch.setattr(kinds, "_install", lambda extra: f"pip install '.[{extra}]'")  # as it is within a clone
    if exists := INSTALLATIONS.get(kind):
        monkeypatch.setattr(kinds, "_exists", exists)
    data = make()
    if color is None:
        with pytest.raises(ImageError) as caught:
            decode(data, 6, 8)
        how = f"refused: {caught.value}".replace("*", "\\*")
    else:
        assert np.abs(decode(data, 6, 8) - color).max() <= 2
    assert line(row, how) in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_has_no_other_rows() -> None:
    """Whoever changes the table changes the code, or the other way round."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| format | kind | how it becomes 8 bits |")
    rows = [each for each in lines[start + 2 :] if each.startswith("|")]
    assert [f"| {row[0]} | {row[1]} |" for row in ROWS] == [" |".join(each.split(" |")[:2]) + " |" for each in rows]


def table() -> Iterator[str]:
    """Every line."""
    yield "| format | kind | how it becomes 8 bits |"
    yield "|---|---|---|"
    for row in ROWS:
        how = row[3]
        if row[4] is None:
            try:
                exists = kinds._exists
                kinds._exists = INSTALLATIONS.get(row[1], exists)  # type: ignore[assignment]
                decode(row[2](), 6, 8)
            except ImageError as error:
                how = f"refused: {error}".replace("*", "\\*")
            finally:
                kinds._exists = exists
        yield line(row, how)


if __name__ == "__main__":
    print(*table(), sep="\n")  # noqa: T201
