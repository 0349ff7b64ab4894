"""Folders of images that a recipe is meant for: drawn lines, gray areas, colors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def lines(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A drawn sign: a light line from corner to corner and another across, on black."""
    image = Image.new("L", size)
    draw, (width, height) = ImageDraw.Draw(image), size
    draw.line((2, 2, width - 3, int(rng.integers(height // 2, height - 2))), fill=255, width=2)
    draw.line((int(rng.integers(2, width - 2)), 2, 4, height - 3), fill=230, width=2)
    return image


def areas(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A gray thing that fills most of a black image."""
    image = Image.new("L", size)
    left, top = rng.integers(2, 5, 2).tolist()
    ImageDraw.Draw(image).rectangle((left, top, size[0] - 5, size[1] - 4), fill=int(rng.integers(90, 250)))
    return image


def colors(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Colored noise on a colored ground."""
    ground = rng.integers(0, 200, 3)
    return Image.fromarray((ground + rng.integers(0, 50, (size[1], size[0], 3))).astype(np.uint8))


def grays(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A photo without color, saved with three channels."""
    values = rng.integers(0, 255, (size[1], size[0], 1), np.uint8)
    return Image.fromarray(values.repeat(3, axis=2))


def arrows(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """An arrow to the right somewhere on a ground of another color; `write_drawings` mirrors those of the class two."""
    ground, color = (tuple(rng.integers(least, most, 3).tolist()) for least, most in ((0, 120), (140, 255)))
    image = Image.new("RGB", size, ground)
    draw, (width, height) = ImageDraw.Draw(image), size
    length, head = (int(rng.integers(side // 4, side // 3)) for side in (width, height // 2))
    x, y = int(rng.integers(length + 2, width - length - 2)), int(rng.integers(head + 2, height - head - 2))
    for start in ((x - length, y), (x + length - head, y - head), (x + length - head, y + head)):
        draw.line((*start, x + length, y), fill=color, width=3)
    return image


def wedges(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A light triangle somewhere on black that points to the right, mostly area, in gray."""
    image, (width, height) = Image.new("L", size), size
    x, y, length = (int(rng.integers(least, least + 3)) for least in (width // 8, height // 8, width // 2))
    triangle = ((x, y), (x, y + length), (x + length, y + length // 2))
    ImageDraw.Draw(image).polygon(triangle, fill=int(rng.integers(150, 255)))
    return image


def panels(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A gray panel with noise of its own, and on it a red lamp of 13 pixels."""
    values = np.clip(120 + rng.normal(0, 12, (size[1], size[0], 1)), 0, 255).astype(np.uint8)
    image = Image.fromarray(values.repeat(3, axis=2))
    x, y = size[0] // 2, size[1] // 3
    ImageDraw.Draw(image).polygon(((x - 2, y), (x, y - 2), (x + 2, y), (x, y + 2)), fill=(250, 20, 20))
    return image


def write_drawings(
    root: Path, draw: Callable[[Any, tuple[int, int]], Image.Image], size: tuple[int, int] = (28, 28), each: int = 6
) -> Path:
    """Write `each` images of (width, height) `size` to the class folders one and two of `root`."""
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            image = draw(rng, size)
            (image if name == "one" else image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).save(
                root / name / f"{number}.png"
            )
    return root
