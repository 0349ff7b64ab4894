"""Numbers that turn their sign where an image is mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.data.augmentation.kinds import make_augmentation
from nncli.data.batches import Batches
from nncli.data.image.image_format import ImageFormat
from nncli.data.network_inputs import AsTheyAre, AugmentedInputs, NetworkInputs, VersionedInputs
from nncli.data.pixel_rows import PixelRows

if TYPE_CHECKING:
    from collections.abc import Callable

PIXELS = np.arange(1, 17, dtype=np.uint8).reshape(8, 2)
"""Eight pictures of two gray pixels; the left one is darker."""

TARGETS = np.arange(16, dtype=np.float32).reshape(8, 2) + 1


def inputs(kind: str) -> NetworkInputs:
    """The pictures, mirrored at random in one of two ways."""
    if kind == "versions":
        return VersionedInputs(PixelRows(np.concatenate([PIXELS, PIXELS[:, ::-1]])), AsTheyAre(2), 2)
    augmentation = make_augmentation("mirror", ImageFormat(1, 2, "grayscale", "stretch"))
    assert augmentation is not None
    return AugmentedInputs(PixelRows(PIXELS), AsTheyAre(2), augmentation)


@pytest.mark.parametrize("kind", ["versions", "augmentation"])
def test_mirrored_images_have_the_labels_of_their_mirror_image(kind: str) -> None:
    """Wherever left and right have changed sides, and nowhere else; also where processes share a batch."""
    batches = Batches(inputs(kind), TARGETS, 5, TARGETS * np.array([-1, 1], np.float32))
    shares: list[Callable[[int], slice]] = [lambda _m: slice(None), lambda _m: slice(2, 4)]
    for share in shares:
        pairs = [(X.copy(), Y) for X, Y in batches.shuffled(3, 0, 0, share)]
        X, Y = (np.concatenate(each, axis=1) for each in zip(*pairs, strict=True))
        is_mirrored = X[0] > X[1]
        assert 0 < is_mirrored.sum() < X.shape[1]
        assert np.where(is_mirrored, -np.minimum(*X), np.minimum(*X)).tolist() == Y[0].tolist()
        assert np.maximum(*X).tolist() == Y[1].tolist()


def test_validation_is_never_mirrored() -> None:
    """In order, examples and labels are as they are; labels have a column for each example."""
    batches = Batches(NetworkInputs(PixelRows(PIXELS), AsTheyAre(2)), TARGETS, 8)
    ((X, Y),) = batches.in_order()
    assert (PIXELS.T.tolist(), TARGETS.T.tolist()) == (X.tolist(), Y.tolist())
