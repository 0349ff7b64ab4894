"""Fingerprints of decoded images: eight bytes that tell whether a network has seen exactly these pixels.

A fingerprint is the BLAKE2b digest of an image's values as the network gets them, after decoding and resizing. Equal
pixels have equal fingerprints whatever their files are called; two different images share one with a probability of
2^-64. Of 60,000 images they take 480 kB, and no image can be drawn from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

N_BYTES = 8
"""Of a fingerprint."""


def fingerprints(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The fingerprint of each image, (m,).

    Args:
        pixels: One image per row, (m, n_0), rows contiguous.
    """
    from hashlib import blake2b  # 2 ms, which a prediction does not spend

    digests = b"".join([blake2b(row, digest_size=N_BYTES).digest() for row in pixels])
    return np.frombuffer(digests, np.dtype("<u8")).astype(np.uint64)


def fingerprints_of_chunks(chunks: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint64]:
    """The same for images that come some rows at a time."""
    return np.concatenate([np.empty(0, np.uint64), *map(fingerprints, chunks)])
