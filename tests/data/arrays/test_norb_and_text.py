"""Pairs of photos of smallNORB, and rows of text as LIBSVM's collection has them."""

from __future__ import annotations

import bz2
import gzip
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.arrays.reading import read_arrays
from nncli.data.arrays.unlabeled import array_images
from nncli.data.reading import read_source
from nncli.errors import DataError
from tests.data.arrays.test_sets import RNG, same

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STEM = "smallnorb-5x46789x9x18x6x2x96x96-training-"
PHOTOS = RNG.integers(0, 256, (10, 2, 4, 4), np.uint8)
CATEGORIES = np.arange(10, dtype=np.int32) % 5
TOYS = np.column_stack([[4, 4, 4, 4, 4, 6, 6, 6, 6, 6], *np.zeros((3, 10))]).astype(np.int32)
DIGITS = RNG.integers(0, 256, (4, 4, 4), np.uint8)
DIGITS[:, 0, 0], DIGITS[:, 3, 3] = 0, 255
LABELS = [10, 1, 2, 3]


def norb(array: NDArray[Any], magic: int) -> bytes:
    """An array as NORB's files have it: at least three sizes, all little-endian."""
    sizes = [*array.shape, 1, 1][: max(3, array.ndim)]
    return struct.pack(f"<Ii{len(sizes)}i", magic, array.ndim, *sizes) + array.tobytes()


def write_norb(folder: Path, stem: str = STEM, end: str = "") -> Path:
    """The three files of one split, packed where `end` says so."""
    for kind, array, magic in (
        ("dat", PHOTOS, 0x1E3D4C55),
        ("cat", CATEGORIES, 0x1E3D4C54),
        ("info", TOYS, 0x1E3D4C54),
    ):
        data = norb(array, magic)
        (folder / f"{stem}{kind}.mat{end}").write_bytes(gzip.compress(data) if end else data)
    return folder / f"{stem}dat.mat{end}"


def test_a_pair_of_photos_is_two_images(tmp_path: Path) -> None:
    """Both splits, packed or not; classes have names, and `predict` gives the same names as `evaluate`."""
    train = write_norb(tmp_path)
    test = write_norb(tmp_path, "smallnorb-5x01235x9x18x6x2x96x96-testing-", ".gz")
    images, labels = PHOTOS.reshape(20, 4, 4), CATEGORIES.repeat(2)
    for path in (tmp_path, train, test):
        found = read_arrays(path)
        same(found, train=(images, labels), test=(images, labels))
        assert ("animal", "human", "airplane", "truck", "car") == found.classes
    assert 20 == len(list(array_images(str(test))))
    assert f"{test}[0]" == next(iter(array_images(str(test))))[0]


def test_photos_of_a_toy_stay_together(tmp_path: Path) -> None:
    """Half of the toys are set aside, never one camera of a pair or one pair of a toy."""
    source = read_source(write_norb(tmp_path))
    training, validation = source.split(0.5, 0)
    toys = [{source.groups[path] for path in files.paths} for files in (training, validation)]
    assert (10, 10) == (len(training.paths), len(validation.paths))
    assert not toys[0] & toys[1]


def libsvm(images: NDArray[Any], labels: list[int]) -> bytes:
    """Rows of label and index:value, zeros left out, values from -1 to 1."""
    rows = []
    for image, label in zip(images.reshape(len(images), -1) / 127.5 - 1, labels, strict=True):
        cells = [f"{i}:{value:.7g}" for i, value in enumerate(image, 1) if value]
        rows.append(f"{label} {' '.join(cells)} \n")
    return "".join(rows).encode()


def test_usps_as_libsvm_has_it(tmp_path: Path) -> None:
    """Values from -1 to 1, and labels that are the digit and one; the file of test images ends in .t."""
    (tmp_path / "usps.bz2").write_bytes(bz2.compress(libsvm(DIGITS, LABELS)))
    (tmp_path / "usps.t.bz2").write_bytes(bz2.compress(libsvm(DIGITS[:1], LABELS[:1])))
    for path in (tmp_path / "usps.bz2", tmp_path / "usps.t.bz2", tmp_path):
        found = read_arrays(path)
        same(found, train=(DIGITS, [9, 0, 1, 2]), test=(DIGITS[:1], [9]))
        assert tuple("0123456789") == found.classes
    assert 4 == len(list(array_images(str(tmp_path / "usps.bz2"))))


def test_values_left_out_at_the_end_are_zero(tmp_path: Path) -> None:
    """MNIST's last pixels never have a color, so that its rows end at 780 of 784."""
    (tmp_path / "mnist").write_bytes(b"5 2:255 780:1\n0 1:7\n")
    found = read_arrays(tmp_path / "mnist")
    images, labels = found.splits["all"]
    assert ((2, 28, 28), [1, 0], ("0", "5")) == (images.shape, labels.tolist(), found.classes)
    assert [1, 255, 7] == [int(images[0, 27, 23]), int(images[0, 0, 1]), int(images[1, 0, 0])]


def test_usps_of_the_textbook(tmp_path: Path) -> None:
    """Every value between blanks, the digit as a number with a point."""
    for name, images in (("zip.train.gz", DIGITS), ("zip.test.gz", DIGITS[:1])):
        rows = [
            " ".join([f"{i}.0000", *(f"{v:.7f}" for v in image.ravel() / 127.5 - 1)]) for i, image in enumerate(images)
        ]
        (tmp_path / name).write_bytes(gzip.compress("\n".join(rows).encode()))
    same(read_arrays(tmp_path / "zip.train.gz"), train=(DIGITS, [0, 1, 2, 3]), test=(DIGITS[:1], [0]))


HEAD = struct.pack("<Ii4I", 0x1E3D4C55, 4, 10_000_000, 2, 96, 96)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (f"{STEM}dat.mat", b"", "not a file of NORB"),
        (f"{STEM}dat.mat", HEAD[:12], "ends within its header"),
        (f"{STEM}dat.mat", HEAD + b"abc", "declares 10000000 x 2 x 96 x 96 values and holds 3 bytes"),
        (f"{STEM}dat.mat", norb(PHOTOS[:3], 0x1E3D4C55), "3 pairs of photos, but categories of 10"),
        (f"{STEM}dat.mat", norb(PHOTOS[:, 0], 0x1E3D4C55), "are no pairs of photos"),
        ("usps", b"1 1:0.5\n\n2 x:1\n", "usps:3: not a label and values: 2 x:1"),
        ("usps", b"1 1:0.5 2\n", "usps:1: not a label and values"),
        ("usps", b"1 1:nan\n", "usps:1: not a label and values"),
        ("usps", b"1 0:1\n", "an index that is no whole number from 1 on"),
        ("usps", b"1 4000000000:1\n", "declares 1 row of .* values; too much for a file of its size"),
        ("zip.train", b"1 2 3\n1 2\n", "zip.train:2: 1 value, where the first row has 2"),
        ("x.libsvm", b"\n", "no rows in it"),
    ],
)
def test_hostile_files_cost_one_line(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    """And no memory."""
    write_norb(tmp_path)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        read_arrays(tmp_path / name)
    assert 1 == len(str(caught.value).splitlines())
