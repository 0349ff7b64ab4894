"""The same picture saved in other ways, through a trained model: probabilities that differ by one percent at most.

And: what is said about an image does not depend on the images beside it; the first of 20,000 names does not wait for
the last.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nncli.model.file import Model, read_model
from nncli.model.predictor import Predictor
from tests.cli.tiny import write_image, write_three
from tests.data.pictures import encode, gradient, noise, with_orientation
from tests.faults.bombs import MEASURE
from tests.faults.hostile_process import Tally
from tests.folders import write_config

SIDE = 24


def picture(kind: int, seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A picture of class 0, 1 or 2, (SIDE, SIDE, 3): what differs is where it is bright, and its noise."""
    base = gradient(SIDE, SIDE)
    turned = (base, base[::-1], base[:, ::-1])[kind]
    mixed: np.ndarray[Any, np.dtype[np.uint8]] = (turned // 4 + noise(SIDE, SIDE, seed) // 4 * 3).astype(np.uint8)
    return mixed


@functools.cache
def trained_model() -> Model:
    """A model that knows the three kinds, trained by the program."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for kind in range(3):
            for seed in range(20):
                path = folder / "photos" / "abc"[kind] / f"{seed}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode(picture(kind, 100 * kind + seed), "PNG"))
        data: dict[str, object] = {"image_size": f"[{SIDE}, {SIDE}]", "color": "rgb", "cache": '"off"'}
        write_config(folder / "config.yaml", "photos", data=data, training={"epochs": 10, "learning_rate": 0.001})
        command = [sys.executable, "-m", "nncli", "train", "config.yaml", "-o", "run", "-q"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return read_model(folder / "run/model.npz")


def twins(image: Image.Image) -> dict[str, tuple[bytes, bytes]]:
    """By name: a file, and the 8-bit rgb one that it should be taken for."""
    gray, alpha = image.convert("L"), image.convert("RGBA")
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    palette = image.quantize(256)
    one = image.convert("1")
    faint = image.convert("RGBA")
    faint.putalpha(128)
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(faint)

    def rgb(other: Image.Image) -> bytes:
        return encode(other.convert("RGB"), "PNG")

    return {
        "16-bit gray png": (encode(deep, "PNG"), rgb(gray)),
        "16-bit gray tiff": (encode(deep, "TIFF"), rgb(gray)),
        "32-bit gray tiff": (encode(Image.fromarray(np.asarray(deep).astype(np.int32)), "TIFF"), rgb(gray)),
        "float tiff": (encode(Image.fromarray((np.asarray(gray) / 255).astype(np.float32)), "TIFF"), rgb(gray)),
        "cmyk tiff": (encode(image.convert("CMYK"), "TIFF"), rgb(image)),
        "cmyk jpeg": (encode(image.convert("CMYK"), "JPEG", quality=98, subsampling=0), rgb(image)),
        "palette png": (encode(palette, "PNG"), rgb(palette)),
        "palette gif": (encode(palette, "GIF"), rgb(palette)),
        "palette bmp": (encode(palette, "BMP"), rgb(palette)),
        "alpha png": (encode(alpha, "PNG"), rgb(image)),
        "half transparent png": (encode(faint, "PNG"), rgb(white)),
        "gray alpha png": (encode(gray.convert("LA"), "PNG"), rgb(gray)),
        "1-bit png": (encode(one, "PNG"), rgb(one)),
        "1-bit tiff": (encode(one, "TIFF", compression="group4"), rgb(one)),
        "lossless webp": (encode(image, "WEBP", lossless=True), rgb(image)),
        "jpeg": (encode(image, "JPEG", quality=98, subsampling=0), rgb(image)),
        **{f"exif {k}": (encode(_turned(image, k), "PNG", exif=with_orientation(k)), rgb(image)) for k in range(1, 9)},
    }


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    """What a camera held like this would have stored."""
    T = Image.Transpose
    undo = (
        None,
        T.FLIP_LEFT_RIGHT,
        T.ROTATE_180,
        T.FLIP_TOP_BOTTOM,
        T.TRANSPOSE,
        T.ROTATE_90,
        T.TRANSVERSE,
        T.ROTATE_270,
    )
    how = undo[orientation - 1]
    return image.transpose(how) if how is not None else image


def sweep(n: int, seed: int = 0) -> tuple[Tally, float]:
    """Compare the twins of `n` pictures; the largest difference in probability, exactly 0 for the turned ones."""
    tally, largest = Tally("twins"), 0.0
    predictor = Predictor(trained_model())
    for i in range(n):
        pairs = twins(Image.fromarray(picture(i % 3, seed + 1000 + i)))
        for name, (file, reference) in pairs.items():
            found, expected = predictor.predict([(name, file), (name, reference)])
            tally.inputs += 1
            if found.error or expected.error:
                tally.violations.append(f"{name}: {found.error}{expected.error}")
                continue
            tally.accepted += 1
            difference = float(np.abs(found.probabilities - expected.probabilities).max())
            largest = max(largest, difference)
            if difference > (0 if name.startswith("exif") else 0.01):
                tally.violations.append(f"{name}: {difference}")
    return tally, largest


def sweep_neighbors(n: int, seed: int = 0) -> Tally:
    """Predict each of `n` images alone, among others, and in another order: the same numbers to the bit."""
    tally = Tally("neighbors")
    rng = np.random.default_rng(seed)
    predictor = Predictor(trained_model())
    files = [(str(i), encode(picture(i % 3, seed + i), "PNG")) for i in range(n)]
    alone = {name: next(predictor.predict([(name, file)])).probabilities.tobytes() for name, file in files}
    for size in (3, 7, 64, n):
        order = rng.permutation(n)[:size]
        for prediction in predictor.predict([files[i] for i in order]):
            tally.inputs += 1
            tally.accepted += 1
            if prediction.probabilities.tobytes() != alone[prediction.path]:
                tally.violations.append(f"{prediction.path} among {size}")
    return tally


def stream(n: int) -> tuple[float, float, int]:
    """Predict `n` names on stdin; seconds to the first record and to the last, and the most memory in bytes."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_three(folder / "m.npz")
        write_image(folder / "x.png", 9)
        start = time.perf_counter()
        program = [sys.executable, "-m", "nncli", "predict", "-m", "m.npz", "--files-from", "-"]
        command = [sys.executable, "-c", MEASURE, "usage", *program]
        with (folder / "names").open("w") as file:
            file.write("x.png\n" * n)
        with (
            (folder / "names").open() as names,
            subprocess.Popen(command, cwd=folder, stdin=names, stdout=subprocess.PIPE, text=True) as process,
        ):
            assert process.stdout
            first = process.stdout.readline()
            seconds = time.perf_counter() - start
            rest = process.stdout.readlines()
        assert process.returncode == 0
        assert first == rest[-1]
        assert n == 1 + len(rest)
        memory = int((folder / "usage").read_text().split()[2]) * 1024
        return seconds, time.perf_counter() - start, memory
