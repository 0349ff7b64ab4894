"""Hostile images: every format, damaged in every way, and crafted ones; one record each, cut ones never classified."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

from tests.cli.tiny import write_three
from tests.data.image.test_other_formats import bmp, png
from tests.data.pictures import encode, gradient, noise, with_orientation
from tests.data.tiffs import MIN_IS_WHITE, RGB, tiff
from tests.faults.hostile_process import Tally, run_many
from tests.faults.mutations import mutated

AT_ONCE = 250


def originals() -> dict[str, bytes]:
    """Sound files of every format in the allow-list."""
    picture = gradient(40, 56) // 2 + noise(40, 56) // 2
    image = Image.fromarray(picture)
    palette, gray, alpha = image.convert("P"), image.convert("L"), image.convert("RGBA")
    deep = Image.fromarray(picture[..., 0].astype(np.uint16) * 257)
    frames: dict[str, Any] = {"save_all": True, "append_images": [palette.rotate(180)]}
    files = {
        "jpeg": encode(image, "JPEG"),
        "jpeg-gray": encode(gray, "JPEG", quality=95),
        "jpeg-cmyk": encode(image.convert("CMYK"), "JPEG"),
        "jpeg-exif": encode(image, "JPEG", exif=with_orientation(6)),
        "jpeg-restart": encode(image, "JPEG", restart_marker_blocks=3),
        "jpeg-progressive": encode(image, "JPEG", progressive=True),
        "mpo": encode(image, "MPO", save_all=True, append_images=[image.rotate(90)]),
        "png": encode(image, "PNG"),
        "png-16": encode(deep, "PNG"),
        "png-palette": encode(palette, "PNG"),
        "png-alpha": encode(alpha, "PNG"),
        "png-1": encode(image.convert("1"), "PNG"),
        "apng": encode(image, "PNG", save_all=True, append_images=[image.rotate(180)]),
        "gif": encode(palette, "GIF"),
        "gif-animated": encode(palette, "GIF", **frames),
        "bmp": encode(image, "BMP"),
        "bmp-palette": encode(palette, "BMP"),
        "webp": encode(image, "WEBP"),
        "webp-lossless": encode(alpha, "WEBP", lossless=True),
        "webp-animated": encode(image, "WEBP", save_all=True, append_images=[image.rotate(180)]),
        "ppm": encode(image, "PPM"),
        "pgm": encode(gray, "PPM"),
        "ppm-plain": b"P3 56 40 255\n"
        + b"\n".join(b" ".join(b"%d" % v for v in row.ravel()) for row in picture)
        + b"\n",
        "tiff-16": encode(deep, "TIFF"),
    }
    for order, big in (("<", False), (">", True)):
        files[f"tiff-white-is-zero{order}"] = tiff(np.asarray(deep)[..., None], MIN_IS_WHITE, order=order, big=big)
        planes = picture.astype(np.uint16) * 257
        files[f"tiff-planar-16{order}"] = tiff(planes, RGB, order=order, big=big, planar=True, deflate=big)
        files[f"tiff-float{order}"] = tiff((picture / 255).astype(np.float32), RGB, order=order, big=big)
    files["bmp-masks"] = bmp(16, (0xF00, 0xF0, 0xF), picture.astype(np.int64) // 128 * 255)
    files["png-transparent-16"] = png(16, 2, picture.astype(np.int64) * 257, bytes(6))
    files |= {name: encode(image, name.upper()) for name in ("avif",) if features.check(name)}
    files |= _of_plugins(image)
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        files[f"tiff-{compression}"] = encode(image, "TIFF", compression=compression)
    return files


def _of_plugins(image: Image.Image) -> dict[str, bytes]:
    """Files of the formats that extras read, as far as they are installed."""
    files = {}
    with contextlib.suppress(ImportError):
        from pillow_heif import from_pillow

        stream = io.BytesIO()
        from_pillow(image).save(stream)
        files["heic"] = stream.getvalue()
    with contextlib.suppress(ImportError):
        importlib.import_module("pillow_jxl")
        files["jxl"] = encode(image, "JXL")
    return files


def crafted() -> dict[str, bytes]:
    """Files that were never sound; all of them must be refused."""

    def png(width: int, height: int, data: bytes, depth: int = 8, color: int = 2) -> bytes:
        parts = [
            (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)),
            (b"IDAT", data),
            (b"IEND", b""),
        ]
        chunks = (struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in parts)
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)

    jpeg = encode(noise(40, 56), "JPEG")
    start = jpeg.index(b"\xff\xda") + 14
    files = {
        "empty": b"",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "html": b"<html><body>404 not found</body></html>",
        "pdf": b"%PDF-1.4\n1 0 obj\n",
        "zip": b"PK\5\6" + bytes(18),
        "png-bomb": png(50_000, 50_000, zlib.compress(bytes(1 << 20))),
        "png-short": png(40, 40, zlib.compress(bytes(121 * 20))),
        "png-zero": png(0, 0, b""),
        "png-depth": png(4, 4, zlib.compress(bytes(100)), depth=3),
        "ppm-huge": b"P6 99999999 99999999 255\n" + bytes(100),
        "ppm-comment": b"P6 #" + b"x" * 100_000,
        "pgm-digits": b"P5 " + b"9" * 5000 + b" 1 255\n",
        "gif-header": b"GIF89a" + b"\xff" * 7,
        "bmp-negative": b"BM"
        + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, -5, -(2**31), 1, 24, 0, 0, 0, 0, 0, 0),
        "tiff-loop": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
        "tiff-tags": b"II*\0\x08\0\0\0\xff\xff" + bytes(12 * 1000),
        "webp-header": b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 30,
        "jpeg-header": b"\xff\xd8\xff\xe0",
        "jpeg-markers": b"\xff\xd8" + b"\xff\xe1\x00\x02" * 20_000 + b"\xff\xd9",
    }
    files |= {f"jpeg-cut-{k}": jpeg[: start + (len(jpeg) - start) * k // 9] + b"\xff\xd9" for k in range(1, 9)}
    return files


def sweep(n: int, seed: int = 0) -> Tally:
    """Predict `n` hostile images through the command line, some hundred at a time."""
    rng = np.random.default_rng(seed)
    tally = Tally("images")
    sound, never_sound = originals(), crafted()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = write_three(folder / "m.npz")
        todo = [(f"crafted {name}", data, True) for name, data in never_sound.items()]
        names = list(sound)
        while len(todo) < n:
            name = names[len(todo) % len(names)]
            kind, data = mutated(sound[name], rng)
            is_whole_prefix = data.startswith(sound[name])  # more behind the end is no damage
            todo.append((f"{name} {kind}", data, kind == "cut" or (name.startswith("png") and not is_whole_prefix)))
        for start in range(0, n, AT_ONCE):
            _predict(folder, model, todo[start : min(start + AT_ONCE, n)], tally)
    return tally


def _predict(folder: Path, model: Path, todo: list[tuple[str, bytes, bool]], tally: Tally) -> None:
    paths = []
    for number, (_, data, _) in enumerate(todo):
        paths.append(str(folder / f"{number}.img"))
        Path(paths[-1]).write_bytes(data)
    (folder / "list").write_bytes("\0".join(paths).encode())
    argv = ["predict", "-m", str(model), "-f", "ndjson", "--files-from", str(folder / "list"), "-0"]
    for outcome in run_many([{"argv": argv}], folder, tally):
        records = [json.loads(line) for line in outcome.out.splitlines()]
        if [record["path"] for record in records] != paths:
            tally.violations.append(f"{len(records)} records for {len(paths)} images, or in another order")
        good = [bool(record["label"]) for record in records]
        tally.add(outcome, len(todo), sum(good), "images")
        if (outcome.code == 3) != (False in good):
            tally.violations.append(f"exit code {outcome.code}")
        for (what, data, must_refuse), is_good in zip(todo, good, strict=False):
            if must_refuse and is_good and not _is_unchanged(what, data):
                tally.violations.append(f"{what}: classified")


def _is_unchanged(what: str, data: bytes) -> bool:
    """A mutation may happen to change nothing: swapping equal bytes, for example."""
    original = originals().get(what.split(maxsplit=1)[0])
    if original is None:
        return False
    if data == original:
        return True
    try:  # or nothing but what says nothing: a cut behind the last pixel
        with Image.open(io.BytesIO(original)) as a, Image.open(io.BytesIO(data)) as b:
            return a.tobytes() == b.tobytes() and not what.startswith("png")
    except Exception:
        return False
