"""Two tiny models whose answers are known without a computer, images, and ways to run the program.

Both see images of 4x4 gray pixels, x = gray / 255, and have no hidden layer.

two.npz      classes dark, bright; one sigmoid output, z = 16 * 0.5 x - 4
             black: z = -4, P(bright) = 0.0180; white: z = 4, P(bright) = 0.9820; gray 51: z = -2.4, P(bright) = 0.0832
three.npz    classes coal, fog, snow; softmax; the biases are log probabilities, so black shows them as they are
             black: 0.7, 0.2, 0.1; white: 0.05, 0.15, 0.8
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from nncli.cli.main import main
from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling
from nncli.model.file import Model, write_model
from nncli.network.parameters import Parameters

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 4
NNCLI = (sys.executable, "-m", "nncli")
BLACK, WHITE = (0.7, 0.2, 0.1), (0.05, 0.15, 0.8)


@dataclass(frozen=True)
class Result:
    """What a run of the program left."""

    code: int
    out: str
    err: str


Runner = Callable[..., Result]
"""The type of the fixture `nncli`: runs the program in this process with its arguments."""


def write_tiny_model(path: Path, classes: tuple[str, ...], W: list[float], b: list[float]) -> Path:
    """A model in which all pixels of an image have the same weight for one output: W[k]."""
    n = SIDE * SIDE
    parameters = Parameters((n, len(W)))
    parameters.W[1][...] = np.repeat(np.array(W)[:, None], n, axis=1)
    parameters.b[1][...] = np.array(b)[:, None]
    scaling = Scaling(np.full(n, 1 / 255, np.float32), np.zeros(n, np.float32))
    write_model(path, Model(parameters, "relu", classes, ImageFormat(SIDE, SIDE, "grayscale", "stretch"), scaling))
    return path


def write_two(path: Path) -> Path:
    """The model two.npz of above."""
    return write_tiny_model(path, ("dark", "bright"), [0.5], [-4])


def write_three(path: Path, classes: tuple[str, ...] = ("coal", "fog", "snow")) -> Path:
    """The model three.npz of above, perhaps with other names."""
    at_black, at_white = np.log(BLACK), np.log(WHITE)
    return write_tiny_model(path, classes, ((at_white - at_black) / SIDE**2).tolist(), at_black.tolist())


def write_image(path: Path, gray: int) -> str:
    """An image of one gray; returns its path as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (SIDE, SIDE), gray).save(path, "PNG")
    return str(path)


def process(*args: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [*NNCLI, *map(str, args)], input=stdin, capture_output=True, text=True, timeout=250, check=False
    )


def in_process(*args: object, cwd: Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program in `cwd`, in this process, and expect an exit code; what it printed is as of a process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    given = [str(arg) for arg in args]
    environ = patch.dict(os.environ, environment)
    with chdir(cwd), environ, redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as exit_:
        main(given)
    printed = [each.detach().getvalue().decode() for each in (out, err)]
    assert code == exit_.value.code, printed[1]
    return subprocess.CompletedProcess(given, code, *printed)


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run a bash script, in which $NNCLI is the program."""
    return subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "NNCLI": " ".join(NNCLI)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
