"""Images with their labels, as the readers of all kinds of arrays hand them on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Origins = tuple[tuple[str, int], ...]


class Pair(NamedTuple):
    """Images with their labels as they are read.

    Attributes:
        images: (m, h, w) or (m, h, w, c).
        labels: For each image, in any form that values.py knows.
        origins: The array that the images come from, or the arrays one after the other: a name such as
            ``mnist.npz[x_test]`` and how many images each has.
        shown: The array or file of the labels in words, printable.
        groups: What each image hangs together with; empty where nothing is known.
    """

    images: NDArray[np.uint8]
    labels: NDArray[Any]
    origins: Origins
    shown: str
    groups: tuple[str, ...] = ()


Pairs = dict[str, Pair]
"""By split; ``all`` where they are not split."""


def joined(pieces: Mapping[str, Sequence[Pair]]) -> Pairs:
    """The pairs of several files as one pair for each split."""
    return {
        split: Pair(np.concatenate(images), np.concatenate(labels), sum(origins, ()), shown[0], sum(groups, ()))
        for split in ("train", "test")
        if split in pieces
        for images, labels, origins, shown, groups in [zip(*pieces[split], strict=True)]
    }
