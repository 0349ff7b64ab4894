"""Image files from strangers: cut, changed, pretending, enormous. Each is decoded wholly or refused in one line."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from nncli.data.image.decoding import MAX_FILE_BYTES, ImageError, decode_image
from nncli.data.image.image_format import MAX_PIXELS, ImageFormat
from nncli.data.image.image_plugins import names_of_formats
from nncli.errors import DataError
from tests.data.pictures import decode, encode, noise, with_orientation

SMALL = ImageFormat(8, 8, "rgb", "stretch")
PICTURE = noise(24, 32)
PALETTE = Image.fromarray(PICTURE).convert("P")

FILES = {
    "jpeg": encode(PICTURE, "JPEG"),
    "progressive": encode(PICTURE, "JPEG", progressive=True),
    "jpeg with exif": encode(PICTURE, "JPEG", exif=with_orientation(6)),
    "png": encode(PICTURE, "PNG"),
    "png with exif": encode(PICTURE, "PNG", exif=with_orientation(5)),
    "16-bit png": encode(PICTURE[..., 0].astype(np.uint16) * 257, "PNG"),
    "animated png": encode(PICTURE, "PNG", save_all=True, append_images=[Image.fromarray(PICTURE[::-1].copy())]),
    "gif": encode(PALETTE, "GIF"),
    "bmp": encode(PICTURE, "BMP"),
    "webp": encode(PICTURE, "WEBP"),
    "lossless webp": encode(PICTURE, "WEBP", lossless=True),
    "tiff": encode(PICTURE, "TIFF"),
    "lzw tiff": encode(PICTURE, "TIFF", compression="tiff_lzw"),
    "jpeg in tiff": encode(PICTURE, "TIFF", compression="jpeg"),
    "ppm": encode(PICTURE, "PPM"),
}


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header speaks of many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def reason_from_another_process(path: Path) -> str:
    """Why the file is refused; the process is there to be stopped should it wait for ever."""
    code = (
        "import sys; from nncli.data.image.decoding import ImageError, ImageFormat, decode_image\n"
        "try: decode_image(sys.argv[1], ImageFormat(8, 8, 'rgb', 'stretch'))\n"
        "except ImageError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=250, check=True)
    assert "" == run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"animated png"}))  # there, the first frame may be whole
def test_a_cut_file_is_never_classified(name: str) -> None:
    """At any byte: it is refused, or nothing but the end mark behind the last pixel was missing."""
    data = FILES[name]
    whole = decode_image(data, SMALL).tolist()
    step = max(1, len(data) // 150)
    for length in [*range(0, len(data) - 30, step), *range(len(data) - 30, len(data))]:
        try:
            assert whole == decode_image(data[:length], SMALL).tolist()
        except ImageError:
            continue
        assert len(data) - length <= 21, f"cut to {length} of {len(data)} bytes"


@pytest.mark.parametrize("name", ["jpeg", "progressive", "png", "bmp", "webp", "tiff", "lzw tiff", "gif", "ppm"])
def test_a_file_cut_in_half_is_named_so(name: str) -> None:
    """The reason can be read by a person."""
    with pytest.raises(ImageError, match=r"^(damaged or incomplete|not a readable JPEG, PNG, GIF)"):
        decode_image(FILES[name][: len(FILES[name]) // 2], SMALL)


def test_a_cut_file_stays_refused_the_second_time() -> None:
    """Pillow shows a broken PNG as blank when it is loaded again."""
    cut = FILES["png with exif"][:-200]
    for _ in range(2):
        with pytest.raises(ImageError):
            decode_image(cut, SMALL)


def test_truncated_files_stay_errors() -> None:
    """Nothing here switches Pillow's tolerance on."""
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes_raise_nothing_but_image_error(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever Pillow and its libraries raise inside; and they print nothing, not even libtiff."""
    random = np.random.default_rng(sum(name.encode()))
    n_refused = 0
    for _ in range(40):
        data = bytearray(FILES[name])
        reach = len(data) if random.random() < 0.5 else min(len(data), 150)  # headers are where the trouble is
        for position in random.integers(0, reach, random.integers(1, 6)):
            data[position] = random.integers(0, 256)
        try:
            assert (SMALL.n_features,) == decode_image(bytes(data), SMALL).shape
        except ImageError as error:
            n_refused += 1
            assert str(error).isprintable()
            assert len(str(error)) < 150
    assert n_refused > 0
    assert ("", "") == capfd.readouterr()


def test_stderr_works_again_after_a_tiff(capfd: pytest.CaptureFixture[str]) -> None:
    """It is only pointed elsewhere while libtiff decodes, also where that fails."""
    decode_image(FILES["lzw tiff"], SMALL)
    with pytest.raises(ImageError):
        decode_image(FILES["jpeg in tiff"][:-400], SMALL)
    os.write(2, b"still here")
    assert "still here" == capfd.readouterr().err


def test_a_tiff_decodes_where_stderr_is_closed() -> None:
    """As under some service managers."""
    saved = os.dup(2)
    os.close(2)
    try:
        row = decode_image(FILES["lzw tiff"], SMALL)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
    assert decode_image(FILES["tiff"], SMALL).tolist() == row.tolist()


def test_pillows_own_log_is_silent(tmp_path: Path) -> None:
    """It would reach stderr where nobody has set logging up; this TIFF claims 9 samples per pixel."""
    path = tmp_path / "x.tif"
    path.write_bytes(FILES["tiff"].replace(struct.pack("<HHIH", 277, 3, 1, 3), struct.pack("<HHIH", 277, 3, 1, 9)))
    assert FILES["tiff"] != path.read_bytes()
    expected = "a TIFF of 9 unsigned samples of 8 bits; save one, three or four channels"
    assert expected == reason_from_another_process(path)


UNREADABLE = f"not a readable {names_of_formats()} image"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n0 0 9 9 rectfill\n",
            "an EPS file, which is not read; save it as JPEG or PNG",
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG file, which is not read; save it as JPEG or PNG"),
        (b"just some text, long enough to be looked at", UNREADABLE),
        (b"\0" * 100, UNREADABLE),
        (b"\x89PNG\r\n\x1a\n", UNREADABLE),
        (encode(PICTURE, "ICO"), "an ICO file, which is not read; save it as JPEG or PNG"),
        (encode(PICTURE, "TGA"), UNREADABLE),
    ],
)
def test_only_the_formats_on_the_list_are_opened(data: bytes, reason: str, tmp_path: Path) -> None:
    """Whatever the name: an EPS named x.png would start another program."""
    path = tmp_path / "x.png"
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        decode_image(path, SMALL)
    assert reason == str(caught.value)


def test_no_warning_comes_out() -> None:
    """pytest turns each into an error here; this file would have Pillow warn about its metadata."""
    exif = b"Exif\0\0II*\0\x08\0\0\0"
    data = encode(PICTURE, "JPEG", exif=exif)
    with pytest.warns(UserWarning, match="Corrupt EXIF"), Image.open(io.BytesIO(data)) as image:
        image.getexif()
    decode_image(data, SMALL)


@pytest.mark.parametrize(
    ("width", "height"), [(MAX_PIXELS // 1000 + 1, 1000), (12_000, 12_000), (50_000, 50_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_decompression_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    """Below and above the sizes that Pillow itself warns about or refuses; no memory is spent."""
    with pytest.raises(ImageError, match=r"more than 110,000,000 pixels(; no setting .*)?$"):
        decode_image(png_claiming(width, height), SMALL)


def test_the_largest_image_can_be_set() -> None:
    """The limit itself is still allowed, and it counts pixels and not values."""
    data = encode(noise(10, 20), "PNG")
    assert (SMALL.n_features,) == decode_image(data, replace(SMALL, max_pixels=200)).shape
    with pytest.raises(ImageError, match=r"^20x10, more than 199 pixels$"):
        decode_image(data, replace(SMALL, max_pixels=199))


def test_an_image_that_does_not_fit_into_memory_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this image alone."""

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(ImageError, match=r"^not enough memory to decode it$"):
        decode_image(FILES["bmp"], SMALL)


def test_a_control_character_in_a_reason_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of Pillow's messages quote the file."""

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("bad\x1b[2J\ntoken")

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(ImageError, match=r"^damaged or incomplete \(bad\\x1b\[2J\\x0atoken\)$"):
        decode_image(FILES["bmp"], SMALL)


def test_ctrl_c_is_not_taken_for_a_bad_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only exceptions about the image are."""

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(KeyboardInterrupt):
        decode_image(FILES["bmp"], SMALL)


def test_an_empty_file_is_called_so(tmp_path: Path) -> None:
    """The remains of a full disk or a stopped download."""
    path = tmp_path / "x.jpg"
    path.touch()
    for source in (path, b""):
        with pytest.raises(ImageError, match=r"^empty file$"):
            decode_image(source, SMALL)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.jpg", "No such file or directory"),
        ("folder.jpg", "a folder"),
        ("broken-link.jpg", "No such file or directory"),
        ("circle.jpg", "Too many levels of symbolic links"),
        ("x" * 300, "File name too long"),
        ("nul\0.jpg", "not a valid path"),
        ("\ud800.jpg", "not a valid path"),
    ],
)
def test_a_path_that_cannot_be_read_is_an_image_error(name: str, reason: str, tmp_path: Path) -> None:
    """The text is the reason alone; whoever knows the path adds it."""
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "broken-link.jpg").symlink_to("nowhere")
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    with pytest.raises(ImageError) as caught:
        decode_image(tmp_path / name, SMALL)
    assert reason == str(caught.value)
    assert isinstance(caught.value, DataError)


def test_an_unreadable_file_is_an_image_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said in the words of the system."""
    path = tmp_path / "x.png"
    path.write_bytes(FILES["png"])

    def refuse(path: Path, *_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("nncli.data.image.decoding.open", refuse, raising=False)
    with pytest.raises(ImageError, match=r"^Permission denied$"):
        decode_image(path, SMALL)


@pytest.mark.parametrize(("is_allowed", "reason"), [(True, "a folder"), (False, "a folder that cannot be read")])
def test_a_folder_says_whether_it_can_be_read(
    is_allowed: bool, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prediction gives it in place of images that it could not list."""
    monkeypatch.setattr(os, "access", lambda *_args: is_allowed)
    with pytest.raises(ImageError, match=f"^{reason}$"):
        decode_image(tmp_path, SMALL)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with FIFOs")
def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    """Opening it would wait for ever."""
    os.mkfifo(tmp_path / "x.jpg")
    assert "not a regular file" == reason_from_another_process(tmp_path / "x.jpg")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a system with devices")
def test_a_device_is_refused_at_once(tmp_path: Path) -> None:
    """Reading it would never end."""
    (tmp_path / "x.jpg").symlink_to("/dev/zero")
    assert "not a regular file" == reason_from_another_process(tmp_path / "x.jpg")


def test_an_enormous_file_is_not_read(tmp_path: Path) -> None:
    """By its size, before reading."""
    path = tmp_path / "x.tif"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # sparse: takes no space
    with pytest.raises(ImageError, match=r"^larger than 1024 MB$"):
        decode_image(path, SMALL)


def test_a_name_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    """Old archives have such names."""
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(FILES["png"])
    assert decode(FILES["png"], 8, 8).tolist() == decode(str(path), 8, 8).tolist()
