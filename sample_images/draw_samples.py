#!/usr/bin/env python3
"""Draw the sample images of this folder: digits, noodles and XOR.

    python sample_images/draw_samples.py              # into this folder, over the files that are here
    python sample_images/draw_samples.py --out DIR    # somewhere else
    python sample_images/draw_samples.py --out DIR --count 3    # only the first three of each class

Every image has a random generator of its own, seeded with its collection, class and number: the same image comes out
whichever others are drawn. Needs NumPy and Pillow; no font and no picture of anybody else is used.
"""

from __future__ import annotations

import argparse
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from drawing.handwriting import draw_digit
from drawing.noodles import NOODLES
from drawing.other_dishes import OTHER
from drawing.scene import photograph

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGITS_PER_CLASS = 100
DISHES_PER_CLASS = 120
XOR = {"same": ["00", "11"], "different": ["01", "10"]}
SEED_DIGITS, SEED_DISHES = 0, 7

Drawing = tuple[str, Image.Image]  # path below the folder, without its suffix; picture


def digits(count: int) -> Iterator[Drawing]:
    """Draw ``count`` gray pictures of each of the ten digits."""
    for digit in range(10):
        for number in range(count):
            yield f"digits/{digit}/{number:03}", draw_digit(digit, np.random.default_rng([SEED_DIGITS, digit, number]))


def dishes(count: int) -> Iterator[Drawing]:
    """Draw ``count`` colored pictures of noodles and as many of other dishes."""
    for label, (name, recipes) in enumerate({"noodles": NOODLES, "other": OTHER}.items()):
        for number in range(count):
            rng = np.random.default_rng([SEED_DISHES, label, number])
            yield f"noodles/{name}/{number:03}", photograph(recipes[number % len(recipes)], rng)


def xor() -> Iterator[Drawing]:
    """Draw the four pairs of black (0) and white (1) pixels."""
    for name, pairs in XOR.items():
        for pair in pairs:
            pixels = np.array([[255 * int(bit) for bit in pair]], dtype=np.uint8)
            yield f"xor/{name}/{pair}", Image.fromarray(pixels)


def shuffled_labels(paths: list[str]) -> str:
    """A table that gives every image the label of another one, for `configs/lessons/shuffled_labels.yaml`."""
    labels = np.random.default_rng(0).permutation([path.split("/")[1] for path in paths])
    return "path,label\n" + "".join(f"{path},{label}\n" for path, label in zip(paths, labels, strict=True))


def main() -> None:
    """Draw everything and say how much it is."""
    parser = argparse.ArgumentParser(description="Draw the sample images: digits, noodles and XOR.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, metavar="DIR", help="where to (default: here)"
    )
    parser.add_argument("--count", type=int, metavar="N", help="draw only the first N images of each class")
    arguments = parser.parse_args()
    limit = DIGITS_PER_CLASS + DISHES_PER_CLASS if arguments.count is None else arguments.count
    drawings = chain(digits(min(limit, DIGITS_PER_CLASS)), dishes(min(limit, DISHES_PER_CLASS)), xor())

    files = size = 0
    of_digits = []
    for name, picture in drawings:
        photo = picture.mode == "RGB"
        path = arguments.out / f"{name}{'.jpg' if photo else '.png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if photo:
            picture.save(path, quality=88, optimize=True)
        else:
            picture.save(path, optimize=True)
        files += 1
        size += path.stat().st_size
        if name.startswith("digits/"):
            of_digits.append(f"{name}.png")
    if limit >= DIGITS_PER_CLASS:
        (arguments.out / "shuffled_digits.csv").write_text(shuffled_labels(of_digits), encoding="utf-8")
    print(f"{files} images, {size / 1e6:.1f} MB, in {arguments.out}")


if __name__ == "__main__":
    main()
