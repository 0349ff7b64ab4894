"""Images in memory are the same as images in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.data.image.image_format import ImageFormat
from nncli.data.image_arrays import ImageArrays
from nncli.data.image_folder import scan_image_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.data.source import ImageSource

SAME, SMALLER = ImageFormat(7, 9, "rgb", "stretch"), ImageFormat(5, 4, "grayscale", "pad")

LABELS = np.arange(40) % 12 % 11


def drawn(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """40 images of noise."""
    return np.random.default_rng(0).integers(0, 256, (40, *shape), np.uint8)


def files_of(root: Path, images: NDArray[np.uint8]) -> ImageSource:
    """The same images in class folders."""
    for i, (image, label) in enumerate(zip(images, LABELS.tolist(), strict=True)):
        (root / str(label)).mkdir(exist_ok=True)
        Image.fromarray(image).save(root / str(label) / f"{i}.png")
    return scan_image_folder(root)


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 3), (7, 9, 4)])
@pytest.mark.parametrize("image_format", [SAME, SMALLER], ids=str)
def test_arrays_are_what_files_are(tmp_path: Path, shape: tuple[int, ...], image_format: ImageFormat) -> None:
    """Classes and their order, the order of the images, looks and pixels."""
    images = drawn(shape)
    in_files, in_memory = files_of(tmp_path, images), ImageArrays.of(images, LABELS)
    all_in_files, all_in_memory = in_files.splits["all"], in_memory.splits["all"]
    assert in_files.classes == in_memory.classes
    assert all_in_files.labels == all_in_memory.labels
    assert [Path(path).stem for path in all_in_files.paths] == list(all_in_memory.paths)
    assert in_files.look_at(all_in_files.paths) == in_memory.look_at(all_in_memory.paths)
    expected = in_files.load(all_in_files.paths, image_format)
    told: list[int] = []
    found = in_memory.load(all_in_memory.paths, image_format, told.append)
    np.testing.assert_array_equal(expected.pixels, found.pixels)
    assert (40, list(range(40)), ()) == (sum(told), found.kept.tolist(), found.bad)


def test_arrays_may_differ_in_size() -> None:
    """As files may."""
    images = [np.full((n, 2 * n), n, np.uint8) for n in (3, 4, 5)]
    source = ImageArrays.of(images, np.array([1, 0, 1]))
    assert ("1", "0", "2") == source.splits["all"].paths
    looks = source.look_at(source.splits["all"].paths)
    assert looks is not None
    assert (4, 8) == (looks.height, looks.width)
    found = source.load(source.splits["all"].paths, ImageFormat(1, 2, "grayscale", "stretch"))
    assert [[4, 4], [3, 3], [5, 5]] == found.pixels.tolist()
