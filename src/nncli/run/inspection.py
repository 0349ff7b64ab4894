"""Inspection of the images of a data set: oddities found on the pixels that the network gets.

duplicates     Images whose pixels are equal to the last bit after decoding and resizing: the network cannot tell them
               apart, whatever their files are. In two splits they make a model look better than it is; in two classes
               they cannot be learned.
near-empty     Images whose values all lie within a few levels: a cap left on the lens, a failed download.

Time and memory grow with the number of images that were loaded anyway; nothing is compared pair by pair.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nncli.run.dataset import ImageSet

FLAT = 8
"""Levels of 255 between the darkest and the brightest value of an image that shows nothing."""


class Place(NamedTuple):
    """An image of the data set."""

    split: str
    path: str
    label: int


@dataclass(frozen=True)
class Findings:
    """Findings for a person to look at.

    Attributes:
        duplicates: Groups of equal images, in the order of their first.
        empty: Images of nearly one color.
    """

    duplicates: list[list[Place]]
    empty: list[Place]

    @property
    def across_splits(self) -> list[list[Place]]:
        """The groups that lie in more than one split."""
        return [group for group in self.duplicates if len({place.split for place in group}) > 1]

    @property
    def across_classes(self) -> list[list[Place]]:
        """The groups that lie in more than one class."""
        return [group for group in self.duplicates if len({place.label for place in group}) > 1]


def inspect(splits: Mapping[str, ImageSet]) -> Findings:
    """Look through the images of all splits, by the name of the split."""
    groups: dict[bytes, list[Place]] = {}
    empty = []
    for split, images in splits.items():
        places = zip(images.paths, images.labels.tolist(), strict=True)
        for chunk in images.chunks():
            is_flat = chunk.max(axis=1) - chunk.min(axis=1) <= FLAT
            for pixels, flat in zip(chunk, is_flat, strict=True):
                place = Place(split, *next(places))
                groups.setdefault(hashlib.blake2b(pixels.data, digest_size=16).digest(), []).append(place)
                if flat:
                    empty.append(place)
    return Findings([group for group in groups.values() if len(group) > 1], empty)


def class_counts(splits: Mapping[str, ImageSet], n_classes: int) -> dict[str, list[int]]:
    """Images of each class, by split."""
    return {name: np.bincount(images.labels, minlength=n_classes).tolist() for name, images in splits.items()}
