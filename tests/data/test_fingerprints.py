"""Fingerprints: equal for equal pixels, and for nothing else."""

from __future__ import annotations

import hashlib

import numpy as np

from nncli.data.fingerprints import fingerprints, fingerprints_of_chunks


def test_a_fingerprint_is_a_digest_of_the_pixels() -> None:
    """BLAKE2b with a digest of eight bytes, read as a little-endian number on every machine."""
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 6)
    digest = hashlib.blake2b(bytes(range(6, 12)), digest_size=8).digest()
    found = fingerprints(pixels)
    assert np.uint64 == found.dtype
    assert int.from_bytes(digest, "little") == int(found[1])


def test_equal_pixels_alone_have_equal_fingerprints() -> None:
    """One level more in one value of many is another image."""
    pixels = np.full((3, 3000), 7, np.uint8)
    pixels[2, 1234] += 1
    first, second, third = fingerprints(pixels).tolist()
    assert first == second != third


def test_many_random_images_have_as_many_fingerprints() -> None:
    """None of 20,000 is taken for another."""
    pixels = np.random.default_rng(0).integers(0, 256, (20_000, 8), np.uint8)
    assert len(np.unique(pixels, axis=0)) == len(np.unique(fingerprints(pixels)))


def test_chunks_give_the_same_as_the_whole() -> None:
    """Also none at all."""
    pixels = np.random.default_rng(1).integers(0, 256, (10, 5), np.uint8)
    np.testing.assert_array_equal(fingerprints(pixels), fingerprints_of_chunks([pixels[:3], pixels[3:]]))
    assert 0 == len(fingerprints_of_chunks([]))
