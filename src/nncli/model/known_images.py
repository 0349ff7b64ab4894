"""Which images a model has seen: fingerprints of those that trained it, and of those that validated it.

An accuracy on images that a network was trained on says how well it remembers them. So a model keeps eight bytes for
each image (data/fingerprints.py), and tells whoever asks which images it knows. Near-fingerprints of its training
images (data/near_copies.py) are kept, too, where they can tell copies apart and there is room: a photo that was saved
again is no new photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.fingerprints import N_BYTES, fingerprints, fingerprints_of_chunks
from nncli.data.near_copies import LENGTH, can_tell, copied_from, near_fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nncli.data.shard import Shard

    Shape = tuple[int, int, int]
    Chunks = Callable[[], Iterable[NDArray[np.uint8]]]

NEW, VALIDATION, TRAINING, COPY = 0, 1, 2, 3
"""The relation of an image to a model: new, used to validate or to train it, or a near-copy of one that trained it."""

ROOM = 500_000
"""Bytes that fingerprints of all kinds may take; near-fingerprints are kept where they fit in."""


FEWEST_VALUES = 8
"""Of an image: two that have fewer are equal by chance."""


def are_unseen(kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which images trained the model neither themselves nor as a near-copy, by their relation to it."""
    unseen: NDArray[np.bool_] = (kinds != TRAINING) & (kinds != COPY)
    return unseen


@dataclass(frozen=True)
class KnownImages:
    """Fingerprints.

    Attributes:
        training: Of the training images, ascending, (n,) uint64.
        validation: Of the validation images, ascending, (m,) uint64.
        near: Near-fingerprints of the training images, (n, LENGTH) int8; none where they could not tell, or take too
            much room.
    """

    training: NDArray[np.uint64]
    validation: NDArray[np.uint64]
    near: NDArray[np.int8]

    def which(self, pixels: NDArray[np.uint8], shape: Shape) -> NDArray[np.uint8]:
        """The relation of each image to the model: `NEW`, `VALIDATION`, `TRAINING` or `COPY`, (m,).

        Args:
            pixels: One image per row, as the network sees them, (m, n_0).
            shape: Height, width and channels.
        """
        found = fingerprints(pixels)
        kinds = np.full(len(pixels), NEW, np.uint8)
        kinds[_is_in(found, self.validation)] = VALIDATION
        kinds[_is_in(found, self.training)] = TRAINING
        others = np.flatnonzero(kinds != TRAINING) if len(self.near) else np.empty(0, np.intp)
        if len(others):
            kinds[others[copied_from(pixels[others], shape, self.near) >= 0]] = COPY
        return kinds

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, by name, for the model file."""
        arrays: dict[str, NDArray[Any]] = {"known.training": self.training, "known.validation": self.validation}
        return arrays | ({"known.near": self.near} if len(self.near) else {})


def known_images(training: Chunks, validation: Chunks, shape: Shape, shard: Shard | None = None) -> KnownImages:
    """The fingerprints of the images of a training.

    Args:
        training: Gives the pixels of the training images, some rows at a time.
        validation: Those of the validation images.
        shape: Height, width and channels.
        shard: Which of the training images these are, if other processes hold the rest; all are to ask together, and
            only the first is told.
    """
    none = np.empty(0, np.uint64)
    nothing = KnownImages(none, none, np.empty((0, LENGTH), np.int8))
    if math.prod(shape) < FEWEST_VALUES:
        return nothing
    own, others = fingerprints_of_chunks(training()), fingerprints_of_chunks(validation())
    own = shard.joined(own[:, None])[:, 0] if shard else own
    near = nothing.near
    if N_BYTES * (len(own) + len(others)) + LENGTH * len(own) <= ROOM:
        found = np.concatenate([near, *(near_fingerprints(chunk, shape) for chunk in training())])
        found = shard.joined(found) if shard else found
        near = found if can_tell(found) else near
    if shard and shard.ranks.rank:
        return nothing
    order = np.argsort(own, kind="stable")
    return KnownImages(own[order], np.sort(others), near[order] if len(near) else near)


def _is_in(found: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which are among the `known`, which are ascending."""
    if not len(known):
        return np.zeros(len(found), bool)
    place = np.minimum(np.searchsorted(known, found), len(known) - 1)
    is_in: NDArray[np.bool_] = known[place] == found
    return is_in
