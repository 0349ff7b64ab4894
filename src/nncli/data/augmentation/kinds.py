"""Which changes suit which pictures, and a batch of images changed by them.

digits      turned, stretched, sheared, shifted and bent (Simard et al. 2003); never mirrored: a mirrored 2 is no 2
photos      mirrored or not, a random part of the image, brighter or darker, with other contrast and colors
mirror      mirrored or not, and nothing else: features of both versions can be computed once and for all
garments    shifted by whole pixels; a mirror made the results worse
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.augmentation.color import adjust
from nncli.data.augmentation.geometry import N_BUMPS, basis, source_coordinates, warp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat

CHUNK_PIXELS = 1 << 14
"""Pixels changed at a time: what the steps hand to each other stays in a core's cache."""

EVERYTHING = slice(None)


@dataclass(frozen=True)
class Amounts:
    """How far each change goes at strength 1, at most, to either side."""

    rotation: float = 0.0  # degrees
    stretch: float = 0.0  # of height and width, each for itself: logarithm of the factor
    shear: float = 0.0  # columns by which a row moves for each row from the center
    shift: float = 0.0  # share of the side, rounded to whole pixels
    elastic: float = 0.0  # share of the side: root mean square of the distance that a pixel moves
    crop: float = 0.0  # logarithm of the share of the sides that is kept, at a random place
    mirror: float = 0.0  # probability of left and right changing sides
    brightness: float = 0.0  # gray levels
    contrast: float = 0.0  # logarithm of the factor
    color: float = 0.0  # logarithm of the factor of each channel


KINDS = {
    "digits": Amounts(rotation=10, stretch=0.12, shear=0.1, shift=1 / 28, elastic=0.7 / 28),
    "photos": Amounts(crop=0.2, mirror=0.5, brightness=25, contrast=0.2, color=0.1),
    "mirror": Amounts(mirror=0.5),
    "garments": Amounts(shift=1 / 28),
}


def make_augmentation(kind: str, image_format: ImageFormat, strength: float = 1.0) -> Augmentation | None:
    """Augmentation of the config's `data.augmentation`; None for ``none``."""
    return None if kind == "none" else Augmentation(KINDS[kind], image_format, strength)


class Augmentation:
    """Changes drawn anew for each image.

    Args:
        amounts: How far they go.
        image_format: Of the images.
        strength: What all amounts are multiplied by; 0 changes nothing.
    """

    def __init__(self, amounts: Amounts, image_format: ImageFormat, strength: float = 1.0) -> None:
        self._amounts, self._strength = amounts, strength
        self._shape = image_format.height, image_format.width, image_format.channels
        elastic = amounts.elastic > 0
        self._bases = basis(image_format.height, elastic=elastic), basis(image_format.width, elastic=elastic)

    def apply(
        self,
        rows: NDArray[np.uint8],
        rng: np.random.Generator,
        m: int | None = None,
        share: slice | NDArray[np.intp] = EVERYTHING,
    ) -> NDArray[np.bool_]:
        """Change a batch in place; returns which of its images were mirrored, (m,).

        Args:
            rows: One image per row, (m, n_0), C-contiguous.
            rng: Where the changes are drawn from; images of other values get the same changes.
            m: Images in the whole batch, where `rows` are only a share of it.
            share: Which share: the changes do not depend on how many processes divide the batch.
        """
        m = len(rows) if m is None else m
        height, width, _ = self._shape
        images = rows.reshape(-1, *self._shape)
        coefficients = self._draw_coefficients(rng, m)[share]
        colors = [values[share] for values in self._draw_colors(rng, m)]
        step = max(1, CHUNK_PIXELS // (height * width))
        for start in range(0, len(images), step):
            part = slice(start, start + step)
            images[part] = warp(images[part], source_coordinates(coefficients[part], *self._bases))
            if colors:
                adjust(images[part], *(values[part] for values in colors))
        return np.asarray(coefficients[:, 1, 0, 1] < 0)  # the column that one column to the right comes from

    def _draw_coefficients(self, rng: np.random.Generator, m: int) -> NDArray[np.float32]:
        """C for y and x of each image, (m, 2, k, k); see geometry.py."""
        amounts, strength = self._amounts, self._strength
        sides = np.array(self._shape[:2], np.float32)[:, None]  # (2, 1): y, x
        draw = strength * rng.uniform(-1, 1, (6, m))
        angle, shear = np.deg2rad(amounts.rotation) * draw[0], amounts.shear * draw[1]
        size = np.exp(-amounts.crop * strength * rng.uniform(0, 1, m))  # of what cropping leaves
        mirror = np.where(rng.uniform(0, 1, m) < amounts.mirror * min(1.0, strength), -1, 1)
        height, width = size * np.exp(amounts.stretch * draw[2:4])
        width *= mirror
        k = self._bases[0].shape[1]
        C = np.zeros((m, 2, k, k), np.float32)
        if amounts.elastic:
            C[:, :, 2:, 2:] = rng.standard_normal((m, 2, N_BUMPS, N_BUMPS), np.float32)
            C[:, :, 2:, 2:] *= amounts.elastic * strength * sides[:, :, None]
        cos, sin = np.cos(angle), np.sin(angle)
        # Rotation x shear x sides: C[1, 0] is what a row adds to y and x, C[0, 1] what a column adds.
        C[:, 0, 1, 0], C[:, 0, 0, 1] = height * (cos + shear * sin), width * sin
        C[:, 1, 1, 0], C[:, 1, 0, 1] = height * (shear * cos - sin), width * cos
        shift = np.rint(amounts.shift * sides * draw[4:6])
        place = (1 - size) / 2 * sides * rng.uniform(-1, 1, (2, m))  # of the crop, anywhere within the image
        C[:, :, 0, 0] = (shift + place).T
        return C

    def _draw_colors(self, rng: np.random.Generator, m: int) -> list[NDArray[np.float32]]:
        """Gain of each channel, (m, channels), contrast and brightness, (m,); nothing where colors stay."""
        amounts = self._amounts
        if not (amounts.color or amounts.contrast or amounts.brightness):
            return []
        draw = self._strength * rng.uniform(-1, 1, (m, self._shape[2] + 2)).astype(np.float32)
        return [
            np.exp(amounts.color * draw[:, 2:]),
            np.exp(amounts.contrast * draw[:, 0]),
            amounts.brightness * draw[:, 1],
        ]
