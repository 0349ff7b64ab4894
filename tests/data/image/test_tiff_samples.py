"""TIFF files that Pillow reads wrongly or not at all: the right pixels, or the right words."""

from __future__ import annotations

import io
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli.data.image import tiff_samples
from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from tests.data.pictures import decode, encode, gradient
from tests.data.tiffs import CMYK, MIN_IS_BLACK, MIN_IS_WHITE, RGB, YCBCR, tiff, tiff_of_tags

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT, WIDTH = 12, 16
PICTURE = gradient(HEIGHT, WIDTH)
GRAY = PICTURE[..., :1]
LAYOUTS = [*product("<>", (False, True), (False, True))]
"""Byte order, BigTIFF, Deflate."""


def found(data: bytes) -> NDArray[np.int64]:
    """The decoded file, in the size that the picture has."""
    return decode(data, HEIGHT, WIDTH)


def as_rgb(gray: NDArray[Any]) -> NDArray[Any]:
    """A gray picture (height, width, 1) in three channels."""
    return np.repeat(gray, 3, axis=2)


def depths(values: NDArray[np.uint8]) -> list[NDArray[Any]]:
    """The same picture in every kind of sample that is read."""
    integers = values, values.astype(np.uint16) * 257, values.astype(np.uint32) * 257
    return [*integers, *((values / 255).astype(kind) for kind in (np.float16, np.float32, np.float64))]


def reason(data: bytes) -> str:
    """Why the file is refused."""
    with pytest.raises(ImageError) as caught:
        found(data)
    return str(caught.value)


@pytest.mark.parametrize(("order", "big", "deflate"), LAYOUTS)
def test_white_is_zero_is_inverted_at_every_depth(order: str, big: bool, deflate: bool) -> None:
    """As scans and radiographs have it; Pillow inverts 8 bits alone."""
    for samples in depths(255 - GRAY):
        data = tiff(samples, MIN_IS_WHITE, order=order, big=big, deflate=deflate)
        assert np.abs(found(data) - as_rgb(GRAY)).max() <= 1


@pytest.mark.parametrize(("order", "big", "deflate"), LAYOUTS)
@pytest.mark.parametrize("planar", [False, True])
def test_every_depth_and_layout_gives_the_same_picture(order: str, big: bool, deflate: bool, planar: bool) -> None:
    """Gray and color, planes one behind the other or samples side by side."""
    options: dict[str, bool | str] = {"order": order, "big": big, "deflate": deflate}
    for samples in depths(PICTURE):
        assert np.abs(found(tiff(samples, RGB, planar=planar, **options)) - PICTURE).max() <= 1  # type: ignore[arg-type]
    for samples in depths(GRAY):
        assert np.abs(found(tiff(samples, MIN_IS_BLACK, **options)) - as_rgb(GRAY)).max() <= 1  # type: ignore[arg-type]


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("photometric", "n"), [(MIN_IS_BLACK, 1), (MIN_IS_WHITE, 1), (RGB, 3)])
def test_alpha_lets_white_through(photometric: int, n: int, dtype: type, planar: bool) -> None:
    """Beside the colors, in a plane of its own or not, at 8 and 16 bits."""
    colors = PICTURE[..., :n] if photometric else 255 - PICTURE[..., :n]
    alpha = np.full((HEIGHT, WIDTH, 1), 51, np.uint8)
    samples: NDArray[Any] = np.concatenate([colors, alpha], axis=2).astype(dtype) * (257 if dtype is np.uint16 else 1)
    data = tiff(samples, photometric, planar=planar, more={338: (2,)})
    expected = np.rint(0.2 * PICTURE[..., :n] + 0.8 * 255)
    assert np.abs(found(data) - (expected if n == 3 else as_rgb(expected))).max() <= 2


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk_is_read_in_planes_too(dtype: type, planar: bool) -> None:
    """At 8 and 16 bits."""
    samples: NDArray[Any] = np.asarray(Image.fromarray(PICTURE).convert("CMYK")).astype(dtype)
    samples *= 257 if dtype is np.uint16 else 1
    assert np.abs(found(tiff(samples, CMYK, planar=planar)) - PICTURE).max() <= 1


@pytest.mark.parametrize("bits", [9, 10, 11, 12, 13, 14, 15])
@pytest.mark.parametrize(("photometric", "n"), [(MIN_IS_BLACK, 1), (MIN_IS_WHITE, 1), (RGB, 3)])
def test_samples_of_odd_depths_are_unpacked(bits: int, photometric: int, n: int) -> None:
    """Bit by bit, the first the most significant; each row begins with a new byte."""
    largest = 2**bits - 1
    values = np.rint(PICTURE[..., :n] / 255 * largest).astype(np.uint16).reshape(HEIGHT, -1, 1)
    rows = np.packbits((values >> np.arange(bits - 1, -1, -1, dtype=np.uint16) & 1).reshape(HEIGHT, -1), axis=1)
    tags: dict[int, tuple[int, ...]] = {256: (WIDTH,), 257: (HEIGHT,), 258: (bits,) * n, 262: (photometric,), 277: (n,)}
    expected = PICTURE[..., :n] if photometric else 255 - PICTURE[..., :n].astype(int)
    data = tiff_of_tags(tags, [rows.tobytes()])
    assert np.abs(found(data) - (expected if n == 3 else as_rgb(expected))).max() <= 1


@pytest.mark.parametrize("sampling", [(2, 1), (2, 2), (1, 2), (4, 1), (1, 1)])
def test_uncompressed_ycbcr_comes_in_blocks(sampling: tuple[int, int]) -> None:
    """As old digital cameras wrote it."""
    across, down = sampling
    picture = np.repeat(np.repeat(PICTURE[::4, ::4], 4, axis=0), 4, axis=1)  # chroma is the same in a block
    full = np.asarray(Image.fromarray(picture).convert("YCbCr"))
    luma = full[..., 0].reshape(HEIGHT // down, down, WIDTH // across, across).swapaxes(1, 2)
    blocks = [luma.reshape(HEIGHT // down, WIDTH // across, -1), full[::down, ::across, 1:]]
    tags: dict[int, tuple[int, ...]] = {256: (WIDTH,), 257: (HEIGHT,), 258: (8, 8, 8), 262: (YCBCR,), 277: (3,)}
    data = tiff_of_tags(tags | {530: sampling}, [np.concatenate(blocks, axis=2).tobytes()])
    assert (
        np.asarray(Image.frombytes("YCbCr", (WIDTH, HEIGHT), full.tobytes()).convert("RGB")).tolist()
        == found(data).tolist()
    )


def test_a_palette_of_8_bits_is_not_black() -> None:
    """The standard wants 16, old programs wrote 8."""
    image = Image.fromarray(PICTURE).convert("P", palette=Image.Palette.ADAPTIVE)
    expected, levels = np.asarray(image.convert("RGB")), np.asarray(image.getpalette()).reshape(-1, 3)
    tags: dict[int, tuple[int, ...]] = {256: (WIDTH,), 257: (HEIGHT,), 258: (8,), 262: (3,), 277: (1,)}
    colors = np.zeros((256, 3), np.int64)
    colors[: len(levels)] = levels
    for factor in (1, 257):
        data = tiff_of_tags(tags | {320: tuple((factor * colors.T).ravel().tolist())}, [image.tobytes()])
        assert expected.tolist() == found(data).tolist()


def test_orientation_and_profile_of_such_a_file_count_too() -> None:
    """They come from its tags."""
    data = tiff(np.uint16(257) * PICTURE, RGB, planar=True, more={274: (6,)})
    assert np.abs(decode(data, WIDTH, HEIGHT) - np.rot90(PICTURE, -1)).max() <= 1


@pytest.mark.parametrize(
    ("samples", "photometric", "more", "words"),
    [
        (PICTURE, RGB, {339: (2, 2, 2)}, "a TIFF of 3 signed samples of 8 bits; save it with 8 or 16 bits unsigned"),
        (GRAY.astype(np.uint64), 1, {}, "a TIFF of unsigned samples of 64 bits; save it with 8 or 16 bits unsigned"),
        (
            GRAY.astype(np.uint64),
            1,
            {339: (6,)},
            "a TIFF of complex samples of 64 bits; save it with 8 or 16 bits unsigned",
        ),
        (PICTURE, 1, {338: (0, 0)}, "a TIFF of 3 unsigned samples of 8 bits; save one, three or four channels"),
        (
            GRAY,
            1,
            {259: (34887,)},
            "a TIFF with LERC compression and unsigned samples of 8 bits; save it uncompressed or with Deflate",
        ),
        (
            PICTURE,
            RGB,
            {259: (50002,)},
            "a TIFF with JPEG XL compression and 3 unsigned samples of 8 bits; save it uncompressed or with Deflate",
        ),
        (
            np.uint16(257) * PICTURE,
            8,
            {},
            "a TIFF of 3 unsigned samples of 16 bits that are L*a*b*; save it as RGB or gray",
        ),
        (
            PICTURE,
            RGB,
            {254: (1,), 50706: (1, 4, 0, 0)},
            "a camera RAW file (DNG or the like), of which only a preview could be read; export it as JPEG or TIFF",
        ),
    ],
)
def test_what_is_not_read_is_named(
    samples: NDArray[Any], photometric: int, more: dict[int, tuple[int, ...]], words: str
) -> None:
    """What the samples are, and how to save them."""
    assert words == reason(tiff(samples, photometric, more=more))


@pytest.mark.parametrize("samples", [GRAY.astype(np.int32), GRAY.astype(np.uint32), GRAY.astype(np.int16)])
def test_deep_integers_with_values_of_8_bits_are_refused(samples: NDArray[Any]) -> None:
    """They would be black; black itself is black on every scale."""
    expected = f"pixel values from {GRAY.min()} to {GRAY.max()} in samples of 16 or 32 bits, which would be black"
    assert f"{expected}; save it with 8 bits" == reason(tiff(samples, MIN_IS_BLACK))
    assert 0 == found(tiff(np.zeros_like(samples), MIN_IS_BLACK)).max()


def test_signed_bytes_are_refused() -> None:
    """Pillow reads -1 as white."""
    assert reason(tiff(GRAY.view(np.int8), MIN_IS_BLACK)).startswith("pixel values from -")


@pytest.mark.parametrize("deflate", [False, True])
def test_a_cut_file_is_refused(deflate: bool) -> None:
    """Wherever it is cut."""
    data = tiff(np.uint16(257) * PICTURE, RGB, planar=True, deflate=deflate)
    whole = found(data)
    for length in range(10, len(data), 7):
        with pytest.raises(ImageError):
            found(data[:length])
    assert (HEIGHT, WIDTH, 3) == whole.shape


@pytest.mark.parametrize(
    "more",
    [
        {278: (0,)},
        {278: (1 << 31,)},
        {256: (0,)},
        {257: (1 << 30,)},
        {277: (0,)},
        {277: (60000,)},
        {258: (16,) * 70000},
    ],
)
def test_tags_that_make_no_sense_are_refused_or_harmless(more: dict[int, tuple[int, ...]]) -> None:
    """No memory is asked for on their word."""
    data = tiff(np.uint16(257) * PICTURE, RGB, planar=True, more=more)
    try:
        assert (48,) == decode_image(data, ImageFormat(4, 4, "rgb", "stretch")).shape
    except ImageError as error:
        assert len(str(error)) < 150


def test_tiles_far_larger_than_the_picture_are_refused() -> None:
    """Their bytes would be decoded for nothing."""
    tags: dict[int, tuple[int, ...]] = {256: (16,), 257: (16,), 258: (16,), 259: (8,), 262: (0,), 277: (1,)}
    data = tiff_of_tags(tags | {322: (1 << 15,), 323: (1 << 15,), 324: (8,), 325: (100,)}, [bytes(100)])
    assert "damaged or incomplete (tiles far larger than the picture)" == reason(data)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "zstd", "lzma"])
def test_a_strip_is_unpacked_whatever_its_compression(compression: str) -> None:
    """By libtiff, as a strip of bytes."""
    pixels = np.arange(30 * 20, dtype=np.uint8).reshape(30, 20) // 7
    data = encode(pixels, "TIFF", compression=compression, tiffinfo={278: 30})
    with Image.open(io.BytesIO(data)) as image:
        start, size = image.tag_v2[273][0], image.tag_v2[279][0]  # type: ignore[attr-defined]
        number = image.tag_v2[259]  # type: ignore[attr-defined]
    strip = data[start : start + size]
    if number in (8, 32946):
        return
    unpacked = tiff_samples._by_libtiff(strip, number, 30, 20, is_reversed=False)
    assert pixels.tobytes() == unpacked


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits", "zstd"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_files_of_another_encoder_are_read_to_two_levels(dtype: str, compression: str | None) -> None:
    """Of tifffile: strips and tiles, predictors, byte orders, planes, alpha."""
    tifffile = pytest.importorskip("tifffile")
    full = {"u1": 255, "u2": 65535, "f4": 1}[dtype]
    n_files = 0
    for photometric, order, tile, predictor, planar in product(
        ("minisblack", "miniswhite", "rgb"), "<>", (None, (16, 16)), (False, True), ("contig", "separate")
    ):
        n = 3 if photometric == "rgb" else 1
        if (predictor and compression in (None, "packbits")) or (n == 1 and planar == "separate"):
            continue
        pytest.importorskip("imagecodecs")
        values = (PICTURE[..., :n] / 255 * full).round(0 if dtype != "f4" else 6).astype(dtype)
        stream = io.BytesIO()
        tifffile.imwrite(
            stream,
            np.moveaxis(values, -1, 0) if planar == "separate" else values if n == 3 else values[..., 0],
            photometric=photometric,
            planarconfig=planar if n == 3 else None,
            byteorder=order,
            compression=compression,
            tile=tile,
            predictor=predictor and (3 if dtype == "f4" else 2),
            rowsperstrip=None if tile else 5,
        )
        expected = PICTURE[..., :n].astype(int) if photometric != "miniswhite" else 255 - PICTURE[..., :n].astype(int)
        assert np.abs(found(stream.getvalue()) - (expected if n == 3 else as_rgb(expected))).max() <= 2
        n_files += 1
    assert n_files >= 8
