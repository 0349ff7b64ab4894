"""Inspection of the images of a data set: oddities found on the pixels that the network gets.

duplicates     Images whose pixels are equal to the last bit after decoding and resizing: the network cannot tell them
               apart, whatever their files are. In two splits they make a model look better than it is; in two classes
               they cannot be learned.
near-copies    Images that were saved again, resized or cropped a little, or taken in one burst (data/near_copies.py):
               nearly the same holds for them.
near-empty     Images whose values all lie within a few levels: a cap left on the lens, a failed download.

Time and memory grow with the number of images that were loaded anyway; large sets are not compared pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nncli.data.fingerprints import fingerprints
from nncli.data.near_copies import LENGTH, N_COMPARED, can_tell, groups, near_copies, near_fingerprints
from nncli.data.pixel_rows import PixelRows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nncli.run.dataset import ImageSet

FLAT = 8
"""Levels of 255 between the darkest and the brightest value of an image that shows nothing."""


class Place(NamedTuple):
    """An image of the data set."""

    split: str
    path: str
    label: int


Groups = list[list[Place]]


@dataclass(frozen=True)
class Findings:
    """Findings for a person to look at.

    Attributes:
        duplicates: Groups of equal images, in the order of their first.
        empty: Images of nearly one color.
        near: Groups of near-copies that are not all equal; None where the images are too much alike to tell.
    """

    duplicates: Groups
    empty: list[Place]
    near: Groups | None

    @property
    def is_serious(self) -> bool:
        """Whether images are in more than one split or class: no figure of such a data set can be trusted."""
        every = [*self.duplicates, *(self.near or [])]
        return bool(across_splits(every) or across_classes(self.duplicates))


def across_splits(found: Groups) -> Groups:
    """The groups that lie in more than one split."""
    return [group for group in found if len({place.split for place in group}) > 1]


def across_classes(found: Groups) -> Groups:
    """The groups that lie in more than one class."""
    return [group for group in found if len({place.label for place in group}) > 1]


def inspect(splits: Mapping[str, ImageSet], shape: tuple[int, int, int]) -> Findings:
    """Look through the images of all splits.

    Args:
        splits: By name.
        shape: Height, width and channels of the images.
    """
    images = JoinedRows([PixelRows(each.pixels, each.rows) for each in splits.values()])
    places = [
        Place(split, path, label)
        for split, each in splits.items()
        for path, label in zip(each.paths, each.labels.tolist(), strict=True)
    ]
    looks_for_copies = can_tell(_sampled(images, shape))
    exact, near, empty = [np.empty(0, np.uint64)], [np.empty((0, LENGTH), np.int8)], []
    for each in splits.values():
        for chunk in each.chunks():
            exact.append(fingerprints(chunk))
            empty.append(chunk.max(axis=1) - chunk.min(axis=1) <= FLAT)
            if looks_for_copies:
                near.append(near_fingerprints(chunk, shape))
    own = np.concatenate(exact)
    copies = None
    if looks_for_copies:
        number = groups(near_copies(images, shape, np.concatenate(near)), len(places))
        copies = _grouped(number, places, lambda rows: len(set(own[rows].tolist())) > 1)
    flat = np.flatnonzero(np.concatenate(empty)).tolist() if empty else []
    return Findings(_grouped(own, places), [places[i] for i in flat], copies)


def _sampled(images: JoinedRows, shape: tuple[int, int, int]) -> NDArray[np.int8]:
    chosen = np.arange(len(images))[:: max(1, len(images) // N_COMPARED)]
    return near_fingerprints(images.take(chosen, np.empty((len(chosen), images.n_values), np.uint8)), shape)


def _grouped(
    number: NDArray[np.generic], places: list[Place], is_wanted: Callable[[list[int]], bool] = lambda _rows: True
) -> Groups:
    """The places with equal numbers, if there are several, in the order of the first of each group."""
    _, first, inverse, counts = np.unique(number, return_index=True, return_inverse=True, return_counts=True)
    members: dict[int, list[int]] = {}
    for i in np.flatnonzero(counts[inverse] > 1).tolist():
        members.setdefault(int(first[inverse[i]]), []).append(i)
    return [[places[i] for i in rows] for rows in members.values() if is_wanted(rows)]


class JoinedRows:
    """The images of several sets, one after another.

    Args:
        parts: Images of the same size.
    """

    def __init__(self, parts: list[PixelRows]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        """Images in all sets."""
        return int(self._ends[-1]) if len(self._ends) else 0

    @property
    def n_values(self) -> int:
        """Length of a row."""
        return self._parts[0].n_values if self._parts else 0

    def take(self, chosen: NDArray[np.intp], out: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Copy the `chosen` images into the first rows of `out`, and return these; see `PixelRows.take`."""
        out = out[: len(chosen)]
        which = np.searchsorted(self._ends, chosen, side="right")
        for k, part in enumerate(self._parts):
            own = np.flatnonzero(which == k)
            start = self._ends[k] - len(part)
            out[own] = part.take(chosen[own] - start, np.empty((len(own), part.n_values), np.uint8))
        return out


def class_counts(splits: Mapping[str, ImageSet], n_classes: int) -> dict[str, list[int]]:
    """Images of each class, by split."""
    return {name: np.bincount(images.labels, minlength=n_classes).tolist() for name, images in splits.items()}
