"""Which images a model has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.data.near_copies import LENGTH
from nncli.model import known_images as module
from nncli.model.known_images import COPY, NEW, TRAINING, VALIDATION, KnownImages, known_images
from tests.data.test_near_copies import SHAPE, cropped, decoded, jpeg, photo

if TYPE_CHECKING:
    import pytest


def photos(n: int, seed: int = 0) -> np.ndarray:
    """Drawn photos as the network sees them, (n, n_0)."""
    rng = np.random.default_rng(seed)
    return decoded([jpeg(photo(rng)) for _ in range(n)])


def test_every_image_is_known_for_what_it_was() -> None:
    """Training, validation, a copy of a training image that was saved again and cropped, and a new one."""
    training, validation = photos(40), photos(10, seed=1)
    rng = np.random.default_rng(0)
    copy = decoded([jpeg(cropped(photo(rng)), 60)])
    known = known_images(lambda: [training[:25], training[25:]], lambda: [validation], SHAPE)
    asked = np.concatenate([training[[3, 39]], validation[:1], copy, photos(5, seed=2)])
    assert [TRAINING, TRAINING, VALIDATION, COPY, *[NEW] * 5] == known.which(asked, SHAPE).tolist()


def test_an_image_of_both_splits_counts_as_training() -> None:
    """It is no test of the network."""
    pixels = photos(3)
    known = known_images(lambda: [pixels], lambda: [pixels[:1]], SHAPE)
    assert [TRAINING] * 3 == known.which(pixels, SHAPE).tolist()


def test_images_that_all_look_alike_have_no_near_fingerprints() -> None:
    """Every other one would be a copy: there equal pixels alone count."""
    base = photos(1).astype(np.int64)
    pixels = np.clip(base + np.random.default_rng(0).integers(-20, 21, (60, base.shape[1])), 0, 255).astype(np.uint8)
    known = known_images(lambda: [pixels[:40]], list, SHAPE)
    assert (0, LENGTH) == known.near.shape
    assert [TRAINING, NEW] == known.which(pixels[[0, 50]], SHAPE).tolist()


def test_near_fingerprints_stay_within_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """One image too many, and there are none."""
    pixels = photos(30)
    for room, expected in ((30 * (8 + LENGTH), 30), (30 * (8 + LENGTH) - 1, 0)):
        monkeypatch.setattr(module, "ROOM", room)
        assert expected == len(known_images(lambda: [pixels], list, SHAPE).near)


def test_the_fingerprints_of_60_000_images_take_less_than_half_a_megabyte() -> None:
    """8 bytes each."""
    chunks = [np.random.default_rng(k).integers(0, 256, (10_000, 256), np.uint8) for k in range(6)]
    known = known_images(lambda: chunks[:5], lambda: chunks[5:], (16, 16, 1))
    assert 60_000 * 8 == sum(array.nbytes for array in known.arrays().values()) < 500_000


def test_nothing_is_known_of_no_images() -> None:
    """And nothing goes wrong."""
    nothing = KnownImages(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty((0, LENGTH), np.int8))
    assert [NEW] == nothing.which(photos(1), SHAPE).tolist()
