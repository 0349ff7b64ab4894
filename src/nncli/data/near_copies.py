"""Copies of an image that differ from it in every byte: saved again, made smaller, cropped a little.

What survives all of these is the coarse structure. An image's luminance and its two color differences are projected on
low frequencies of the discrete cosine transform. The mean is left out, high frequencies count more, in proportion to
their frequency, as they are smaller by about as much in natural images; the 48 numbers, divided by their norm, are the
near-fingerprint f, kept as bytes. Without cropping, copies have a correlation f . g of 0.99 and more.

Cropping moves and stretches everything. To first order it adds a combination of four vectors to f: the changes T of f
when a strip is cut off at the left, right, top or bottom, known from the pixels. So an image with f and T is compared
with g by the best of all such combinations (the tangent distance of Simard, LeCun and Denker 1993, section 2):

    correlation = sqrt(1 - min over c, a of |g - c (f + T a)|^2 + L c^2 |a|^2)        L punishes large cuts

Where all images of a set look alike in this coarse view, as digits or X-rays do, it cannot tell copies from others;
`can_tell` measures that first.

The search among n images grows like n log n: images are sorted by signs of random projections, several times, and
compared with their neighbors in the order (locality-sensitive hashing, Charikar 2002). Up to `FEW` images all pairs are
compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Shape = tuple[int, int, int]
    Part = tuple[float, float]
    Floats = NDArray[np.float32]

LENGTH = 48
"""Numbers of a near-fingerprint."""

N_LUMINANCE = 32
"""Of these, how many are of the luminance where there is color; the color differences share the rest."""

SIDE = 8
"""Frequencies across and down."""

COLOR_WEIGHT = 2.0
"""Color differences are smaller than differences of luminance by about this factor."""

LUMINANCE = (0.299, 0.587, 0.114)

SMALLEST_SIDE = 16
"""Smaller pictures have no coarse structure apart from a fine one."""

FAINTEST = 1.0
"""Gray levels that the coarse structure must have: a blank picture is like any other blank picture."""

CUT = 0.04
"""Share of a side that is cut off to learn what cutting changes."""

STIFFNESS = 0.003
"""L above: twice `CUT` on one side costs 0.006 of the correlation."""

SAME = 0.95
"""Correlation from which on two images count as near-copies. docs/numbers.md tells what lies above and below."""

PLAUSIBLE = 0.7
"""Correlation without any cutting below which no cut is tried."""

ALIKE = 0.5
"""Correlation that an image has with too many others of a set where near-copies cannot be told."""

N_COMPARED = 500
"""Images that `can_tell` compares."""

RANK, SHARE = 20, 0.05
"""It asks how much like an image its neighbor of this rank still is, and of this share of the others."""

FEW = 2048
"""Images up to which all pairs are compared."""

N_ORDERS, WINDOW = 16, 8
"""How often images are sorted, and how many neighbors each is compared with."""

MOST_FLIPPED = 18
"""Of 64 signs, how many may differ before two neighbors are not compared further."""

CHUNK = 512
"""Images, or pairs of them, at a time."""


def near_fingerprints(pixels: NDArray[np.uint8], shape: Shape) -> NDArray[np.int8]:
    """The near-fingerprint of each image, (m, LENGTH); zeros where there is no structure.

    Args:
        pixels: One image per row, (m, height * width * channels).
        shape: Height, width and channels.
    """
    found = np.zeros((len(pixels), LENGTH), np.int8)
    if min(shape[:2]) >= SMALLEST_SIDE:
        for start in range(0, len(pixels), CHUNK):
            part = slice(start, start + CHUNK)
            values = _structure(pixels[part], shape, (0, 1), (0, 1))
            found[part] = np.rint(127 * _divided(values, _norms(values)))
    return found


def can_tell(found: NDArray[np.int8]) -> bool:
    """Whether images of this kind differ enough for copies to stand out; (m, LENGTH), some hundreds suffice."""
    vectors = _unit(found[:: max(1, len(found) // N_COMPARED)])
    vectors = vectors[_norms(vectors) > 0]
    if len(vectors) < 2:
        return False
    rank = min(len(vectors) - 1, max(RANK, int(SHARE * len(vectors))))
    nearest = np.partition(vectors @ vectors.T, -1 - rank, axis=1)[:, -1 - rank]  # the image itself comes first
    return bool(np.median(nearest) < ALIKE)


class Likeness:
    """Images to compare others with: f, and what cutting would add to it.

    Args:
        pixels: One image per row, (m, height * width * channels).
        shape: Height, width and channels.
    """

    def __init__(self, pixels: NDArray[np.uint8], shape: Shape) -> None:
        whole = _structure(pixels, shape, (0, 1), (0, 1))
        norms = _norms(whole)
        sides = [((0, 1), (CUT, 1)), ((0, 1), (0, 1 - CUT)), ((CUT, 1), (0, 1)), ((0, 1 - CUT), (0, 1))]
        columns = [whole, *(_structure(pixels, shape, *side) - whole for side in sides)]
        space = np.zeros((len(pixels), LENGTH + 4, 5), np.float32)
        for k, column in enumerate(columns):
            space[:, :LENGTH, k] = _divided(column, norms)
        space[:, range(LENGTH, LENGTH + 4), range(1, 5)] = STIFFNESS**0.5
        # An orthonormal basis of all f + T a, each with its price below: the projection on it is the best of them.
        self._basis = np.linalg.qr(space)[0][:, :LENGTH]
        self.vectors = _divided(whole, norms)

    def correlation(self, rows: NDArray[np.intp], others: Floats) -> Floats:
        """How much image `rows[k]` is like `others[k]`, unit vectors (m, LENGTH): 0..1, (m,)."""
        found = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            answers = np.matmul(others[part, None, :], self._basis[rows[part]])[:, 0]
            found[part] = np.sqrt(np.minimum((answers**2).sum(axis=1), 1))
        return found


def copied_from(pixels: NDArray[np.uint8], shape: Shape, known: NDArray[np.int8]) -> NDArray[np.intp]:
    """For each image which of the known ones it is a near-copy of, the likeliest, or -1; (m,).

    Args:
        pixels: One image per row, (m, height * width * channels).
        shape: Height, width and channels.
        known: Near-fingerprints, (n, LENGTH).
    """
    found = np.full(len(pixels), -1, np.intp)
    if not len(known) or min(shape[:2]) < SMALLEST_SIDE:
        return found
    others = _unit(known)
    for start in range(0, len(pixels), CHUNK):
        part = pixels[start : start + CHUNK]
        whole = _structure(part, shape, (0, 1), (0, 1))
        rows, columns = np.nonzero(_divided(whole, _norms(whole)) @ others.T >= PLAUSIBLE)
        candidates, places = np.unique(rows, return_inverse=True)
        if not len(candidates):
            continue
        values = Likeness(part[candidates], shape).correlation(places, others[columns])
        for k in np.flatnonzero(values >= SAME)[np.argsort(values[values >= SAME])]:  # the likeliest comes last
            found[start + rows[k]] = columns[k]
    return found


class Images(Protocol):
    """Pixels, some rows at a time; `PixelRows` is one."""

    @property
    def n_values(self) -> int:
        """Length of a row."""

    def take(self, chosen: NDArray[np.intp], out: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Copy the `chosen` images into the first rows of `out`, and return these."""


def near_copies(images: Images, shape: Shape, found: NDArray[np.int8]) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of images that are near-copies of each other.

    Args:
        images: The set.
        shape: Height, width and channels.
        found: Their near-fingerprints, (m, LENGTH).
    """
    unique, first, place = np.unique(found, axis=0, return_index=True, return_inverse=True)
    vectors = _unit(unique)
    place = place.reshape(len(found))  # NumPy 2.0 alone gives it a second axis
    equal = np.stack([first[place], np.arange(len(found))], axis=1)
    equal = equal[(equal[:, 0] < equal[:, 1]) & (unique[place] != 0).any(axis=1)]  # with the first alone: not all pairs
    candidates = [
        pair[np.einsum("ij,ij->i", vectors[pair[:, 0]], vectors[pair[:, 1]]) >= PLAUSIBLE]
        for pair in (_all_pairs(vectors) if len(vectors) <= FEW else _neighbors(vectors))
    ]
    pairs = np.unique(np.concatenate([np.empty((0, 2), np.intp), *candidates]), axis=0)
    pairs = np.sort(first[pairs[_are_copies(images, shape, vectors, first, pairs)]], axis=1)
    return [(i, j) for i, j in sorted(np.concatenate([equal, pairs]).tolist())]


def groups(pairs: list[tuple[int, int]], n: int) -> NDArray[np.intp]:
    """For each of n images the number of its group: that of the first image it is connected with by pairs, (n,)."""
    parent = np.arange(n)
    for pair in pairs:
        i, j = (_root(parent, each) for each in pair)
        parent[max(i, j)] = min(i, j)
    return np.array([_root(parent, i) for i in range(n)], np.intp)


def _root(parent: NDArray[np.intp], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _structure(
    pixels: NDArray[np.uint8], shape: Shape, down: tuple[float, float], across: tuple[float, float]
) -> Floats:
    """Weighted low frequencies of a part of each image, (m, LENGTH), in gray levels."""
    height, width, channels = shape
    images = pixels.reshape(-1, height, width * channels).astype(np.float32)
    columns = _cosines(height, *down) @ images  # (m, SIDE, width * channels)
    planes = columns.reshape(-1, SIDE, width, channels).transpose(3, 0, 1, 2) @ _cosines(width, *across).T
    if channels == 1:
        return _weighted(planes[0], LENGTH, 1)
    luminance = sum(share * plane for share, plane in zip(LUMINANCE, planes, strict=True))
    n_color = (LENGTH - N_LUMINANCE) // 2
    colors = [_weighted(planes[k] - luminance, n_color, COLOR_WEIGHT) for k in (2, 0)]
    return np.concatenate([_weighted(luminance, N_LUMINANCE, 1), *colors], axis=1)


def _cosines(n: int, low: float, high: float) -> Floats:
    """The first waves on the part from `low` to `high` of a side of n pixels, at each pixel, (SIDE, n)."""
    edges = np.arange(n + 1) / n
    first, last = np.maximum(edges[:-1], low), np.minimum(edges[1:], high)
    place = ((first + last) / 2 - low) / (high - low)
    waves = np.cos(np.pi * np.arange(SIDE)[:, None] * place) * np.maximum(last - first, 0) / (high - low)
    waves[1:] *= np.sqrt(2)
    found: Floats = waves.astype(np.float32)
    return found


def _weighted(plane: Floats, count: int, weight: float) -> Floats:
    """The lowest frequencies of (m, SIDE, SIDE) but for the mean, each times its frequency, (m, count)."""
    i, j = np.indices((SIDE, SIDE))
    squared = (i**2 + j**2).ravel()
    chosen = np.argsort(squared, kind="stable")[1 : count + 1]
    weights = weight * np.sqrt(1 + squared[chosen])
    found: Floats = (plane.reshape(len(plane), -1)[:, chosen] * weights).astype(np.float32)
    return found


def _norms(vectors: Floats) -> Floats:
    norms: Floats = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return norms


def _divided(vectors: Floats, norms: Floats) -> Floats:
    """(m, n) divided by (m,), zeros where there is hardly anything."""
    factors: Floats = np.divide(1, norms, out=np.zeros_like(norms), where=norms > FAINTEST)
    return vectors * factors[:, None]


def _unit(found: NDArray[np.int8]) -> Floats:
    vectors = found.astype(np.float32)
    return _divided(vectors, _norms(vectors))


def _all_pairs(vectors: Floats) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(vectors), CHUNK):
        part = vectors[start : start + CHUNK]
        i, j = np.nonzero(part @ vectors[start:].T >= PLAUSIBLE)
        yield np.stack([i, j], axis=1)[i < j] + start


def _neighbors(vectors: Floats) -> Iterator[NDArray[np.intp]]:
    """Pairs that lie close to each other in one of several orders, and have most signs in common."""
    rng = np.random.default_rng(0)
    rows = np.flatnonzero(vectors.any(axis=1))
    for _ in range(N_ORDERS):
        signs = vectors[rows] @ rng.standard_normal((LENGTH, 64)).astype(np.float32) > 0
        keys = np.packbits(signs, axis=1).view(">u8").ravel().astype(np.uint64)
        order = np.argsort(keys)
        keys, members = keys[order], rows[order]
        for step in range(1, WINDOW + 1):
            close = np.flatnonzero(np.bitwise_count(keys[step:] ^ keys[:-step]) <= MOST_FLIPPED)
            yield np.sort(np.stack([members[close], members[close + step]], axis=1), axis=1)


def _are_copies(
    images: Images, shape: Shape, vectors: Floats, rows: NDArray[np.intp], pairs: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which pairs, (n, 2), of the images in these rows are near-copies: one of the other, or the other of the one."""
    are = np.zeros(len(pairs), bool)
    pixels = np.empty((CHUNK, images.n_values), np.uint8)
    for side in (0, 1):
        order = np.argsort(pairs[:, side], kind="stable")
        order = order[~are[order]]
        for start in range(0, len(order), CHUNK):
            part = order[start : start + CHUNK]
            members, places = np.unique(pairs[part, side], return_inverse=True)
            likeness = Likeness(images.take(rows[members], pixels), shape)
            are[part] |= likeness.correlation(places, vectors[pairs[part, 1 - side]]) >= SAME
    return are
