"""Rows and mirrored rows, and epochs that take one or the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.data.batches import Batches
from nncli.data.network_inputs import VersionedInputs
from nncli.data.pixel_rows import PixelRows
from nncli.data.scaling import zero_one
from tests.fixtures import experiment_of
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def in_two_versions(images: NDArray[np.uint8], batch_size: int) -> Batches:
    """Batches of images of which the second half are other versions of the first."""
    inputs = VersionedInputs(PixelRows(images), zero_one(images), 2)
    return Batches(inputs, np.arange(len(images) // 2), batch_size)


def test_an_epoch_takes_one_version_of_each_image() -> None:
    """Each example once, its first or its second version, about half and half, and other ones in another epoch."""
    m = 200
    versions = np.arange(2 * m) // m
    images = np.column_stack([versions, versions * 255]).astype(np.uint8)
    batches = in_two_versions(images, 32)

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

    def shuffled(share: slice) -> list[np.ndarray]:
        batches = in_two_versions(images, 10)
        return [X.copy() for X, _ in batches.shuffled(0, 4, share=lambda _m: share)]

    whole, left, right = shuffled(slice(0, 10)), shuffled(slice(0, 4)), shuffled(slice(4, 10))
    for one, a, b in zip(whole, left, right, strict=True):
        assert np.array_equal(one, np.concatenate([a, b], axis=1))


def test_images_in_order_are_never_mirrored() -> None:
    """Validation looks at images as they are."""
    images = np.random.default_rng(3).integers(0, 256, (12, 24), np.uint8)
    batches = in_two_versions(images, 4)
    found = np.concatenate([X.T.copy() for X, _ in batches.in_order()])
    assert np.array_equal(images[:6] * np.float32(1 / 255), found)


def test_mirrored_features_are_those_of_the_mirrored_image(tmp_path: Path) -> None:
    """In an epoch each training image's column is that of the image or of its mirror image, and both occur."""
    from nncli.run.training_data import training_batches

    write_class_folders(tmp_path / "photos", {"a": 8, "b": 8}, size=(9, 9))
    data = {"features": ["hog", "color_histogram"], "augmentation": "mirror", "image_size": 16, "cache": "off"}
    experiment = experiment_of(tmp_path, data=data)
    training, features = experiment.training, experiment.features
    assert features is not None
    m = len(training.labels)
    images = training.pixels[training.rows].reshape(m, *experiment.plan.config.data.shape)
    versions = []
    for each in (images, images[:, :, ::-1]):
        shape = m, features.column.n_features
        values, as_bytes, inputs = np.empty(shape, np.float32), np.empty(shape, np.uint8), np.empty(shape)
        features.column.extract(np.ascontiguousarray(each).reshape(m, -1), values)
        features.to_bytes(values, as_bytes)
        features.scaling_of_bytes.apply(as_bytes, inputs)
        versions.append(inputs)
    ((X, _),) = training_batches(experiment, m, np.float64)[0].shuffled(seed=0, epoch=1)
    order = np.random.default_rng([0, 1]).permutation(m)
    is_plain, is_mirrored = ((X.T == version[order]).all(axis=1) for version in versions)
    assert (is_plain != is_mirrored).all()
    assert 0 < is_mirrored.sum() < m
