"""Rows and mirrored rows, and epochs that take one or the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.data.batches import Batches
from nncli.data.pixel_rows import PixelRows, WithMirrored
from nncli.data.scaling import zero_one
from tests.fixtures import experiment_of
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = 3, 4, 2


def test_mirrored_images_come_after_the_others() -> None:
    """Every pixel changes its column, not its row or channel; only the first images come twice."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 24), np.uint8)
    rows = WithMirrored(PixelRows(pixels, np.array([5, 2, 0, 1])), 2, SHAPE)
    assert 6 == len(rows)
    found = rows.take(slice(None), np.empty((6, 24), np.uint8))
    mirrored = pixels[[5, 2]].reshape(2, *SHAPE)[:, :, ::-1].reshape(2, 24)
    assert np.array_equal(np.concatenate([pixels[[5, 2, 0, 1]], mirrored]), found)


def test_any_part_of_the_rows_can_be_taken() -> None:
    """Also across the border between the two."""
    pixels = np.random.default_rng(1).integers(0, 256, (4, 24), np.uint8)
    rows = WithMirrored(PixelRows(pixels), 4, SHAPE)
    everything = rows.take(slice(None), np.empty((8, 24), np.uint8)).copy()
    for start in range(8):
        part = slice(start, start + 3)
        assert np.array_equal(everything[part], rows.take(part, np.empty((3, 24), np.uint8)))


def test_an_epoch_takes_one_version_of_each_image() -> None:
    """Each example once, its first or its second version, about half and half, and other ones in another epoch."""
    m = 200
    versions = np.arange(2 * m) // m
    images = np.column_stack([versions, versions * 255]).astype(np.uint8)
    labels = np.arange(m)
    batches = Batches(images, labels, zero_one(images), 32, n_copies=2)

    def second_versions(epoch: int) -> list[int]:
        taken = [
            (int(label), round(float(column[1])))
            for X, Y in batches.shuffled(3, epoch)
            for label, column in zip(Y, X.T, strict=True)
        ]
        assert list(range(m)) == sorted(label for label, _ in taken)
        return sorted(label for label, is_second in taken if is_second)

    first, again, other = second_versions(0), second_versions(0), second_versions(1)
    assert first == again != other
    assert m // 3 < len(first) < 2 * m // 3


def test_shares_of_a_batch_take_the_versions_that_the_whole_batch_takes() -> None:
    """Two processes see together what one sees."""
    images = np.random.default_rng(2).integers(0, 256, (40, 24), np.uint8)
    labels = np.arange(20)

    def shuffled(share: slice) -> list[np.ndarray]:
        batches = Batches(images, labels, zero_one(images), 10, n_copies=2)
        return [X.copy() for X, _ in batches.shuffled(0, 4, share=lambda _m: share)]

    whole, left, right = shuffled(slice(0, 10)), shuffled(slice(0, 4)), shuffled(slice(4, 10))
    for one, a, b in zip(whole, left, right, strict=True):
        assert np.array_equal(one, np.concatenate([a, b], axis=1))


def test_images_in_order_are_never_mirrored() -> None:
    """Validation looks at images as they are."""
    images = np.random.default_rng(3).integers(0, 256, (12, 24), np.uint8)
    batches = Batches(images, np.arange(6), zero_one(images), 4, n_copies=2)
    found = np.concatenate([X.T.copy() for X, _ in batches.in_order()])
    assert np.array_equal(images[:6] * np.float32(1 / 255), found)


def test_mirrored_features_are_those_of_the_mirrored_image(tmp_path: Path) -> None:
    """The store holds training images, validation images, and the features of mirrored training images."""
    from nncli.run.training_data import training_batches

    write_class_folders(tmp_path / "photos", {"a": 8, "b": 8}, size=(9, 9))
    data = {"features": ["hog", "color_histogram"], "augmentation": "mirror", "image_size": 16, "cache": "off"}
    experiment = experiment_of(tmp_path, data=data)
    training, _ = training_batches(experiment, 4, np.float32)
    features = experiment.features
    assert features is not None
    m = len(experiment.training.labels)
    images = experiment.training.pixels[experiment.training.rows].reshape(m, *experiment.plan.config.data.shape)
    expected = np.empty((m, features.column.n_features), np.uint8)
    features.to_bytes(images[:, :, ::-1].reshape(m, -1), expected)
    assert np.array_equal(expected, training.pixels[-m:])
