"""Sets of arrays as their authors publish them, and what tries to do harm."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.arrays.mat import read_mat
from nncli.data.arrays.npz import read_npy
from nncli.data.arrays.reading import ArraySet, read_arrays
from nncli.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RNG = np.random.default_rng(0)
TRAIN = RNG.integers(0, 256, (6, 4, 4), np.uint8)
TEST = RNG.integers(0, 256, (3, 4, 4), np.uint8)
Y_TRAIN, Y_TEST = np.array([2, 0, 1, 2, 0, 1], np.uint8), np.array([0, 1, 2], np.uint8)
COLOR = RNG.integers(0, 256, (4, 32, 32, 3), np.uint8)
Y_COLOR = [1, 0, 1, 0]


def idx(array: NDArray[Any], kind: int = 0x08) -> bytes:
    """An array in the idx format."""
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def same(found: ArraySet, **expected: tuple[NDArray[Any], Any]) -> None:
    """Assert that a set has these images and labels in these splits."""
    assert list(expected) == list(found.splits)
    for split, (images, labels) in expected.items():
        assert np.array_equal(images, found.splits[split][0])
        assert list(labels) == found.splits[split][1].tolist()
        assert found.splits[split][0].dtype == np.uint8


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("chosen", ["", "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"])
def test_idx_files_are_one_set(packed: bool, chosen: str, tmp_path: Path) -> None:
    """Whichever of them is named, or their folder; compressed or not."""
    end = ".gz" if packed else ""
    for name, array in (
        ("train-images-idx3", TRAIN),
        ("train-labels-idx1", Y_TRAIN),
        ("t10k-images-idx3", TEST),
        ("t10k-labels-idx1", Y_TEST),
    ):
        data = idx(array)
        (tmp_path / f"{name}-ubyte{end}").write_bytes(gzip.compress(data) if packed else data)
    found = read_arrays(tmp_path / f"{chosen}{end}" if chosen else tmp_path)
    same(found, train=(TRAIN, Y_TRAIN), test=(TEST, Y_TEST))
    assert ("0", "1", "2") == found.classes


def test_two_families_in_a_folder_are_told_apart(tmp_path: Path) -> None:
    """EMNIST has six of them."""
    for family, images in (("letters", TRAIN), ("digits", TRAIN[::-1])):
        (tmp_path / f"emnist-{family}-train-images-idx3-ubyte").write_bytes(idx(images))
        (tmp_path / f"emnist-{family}-train-labels-idx1-ubyte").write_bytes(idx(Y_TRAIN))
    with pytest.raises(DataError, match=r"holds several sets .*; choose one: data.path: .*emnist-digits-train-images"):
        read_arrays(tmp_path)
    same(read_arrays(tmp_path / "emnist-letters-train-images-idx3-ubyte"), train=(TRAIN, Y_TRAIN))


def test_labels_of_qmnist_are_their_first_column(tmp_path: Path) -> None:
    """Eight numbers of 32 bits each."""
    labels = np.zeros((6, 8), ">i4")
    labels[:, 0], labels[:, 3] = Y_TRAIN, 77
    (tmp_path / "qmnist-train-images-idx3-ubyte").write_bytes(idx(TRAIN))
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(idx(labels, 0x0C))
    same(read_arrays(tmp_path / "qmnist-train-images-idx3-ubyte"), train=(TRAIN, Y_TRAIN))


def test_a_header_that_counts_bytes_is_read_by_the_size(tmp_path: Path) -> None:
    """As datumaro writes it; said."""
    data = bytearray(idx(TRAIN))
    data[4:8] = struct.pack(">I", TRAIN.size)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(data)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(Y_TRAIN))
    found = read_arrays(tmp_path)
    same(found, train=(TRAIN, Y_TRAIN))
    assert "train-images-idx3-ubyte: its header counts bytes; read as 6 images" in found.notes


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_npz_files_of_several_habits(names: tuple[str, ...], packed: bool, tmp_path: Path) -> None:
    """Keras, MedMNIST and hand-made; labels as a column are fine."""
    arrays: Any = dict(zip(names, (TRAIN, Y_TRAIN[:, None], TEST, Y_TEST), strict=True))
    (np.savez_compressed if packed else np.savez)(tmp_path / "x.npz", **arrays)
    same(read_arrays(tmp_path / "x.npz"), train=(TRAIN, Y_TRAIN), test=(TEST, Y_TEST))


def test_one_array_a_file(tmp_path: Path) -> None:
    """As Kuzushiji-MNIST has it, and as .npy."""
    for split, images, labels in (("train", TRAIN, Y_TRAIN), ("test", TEST, Y_TEST)):
        np.savez_compressed(tmp_path / f"kmnist-{split}-imgs.npz", images)
        np.savez_compressed(tmp_path / f"kmnist-{split}-labels.npz", labels)
    same(read_arrays(tmp_path / "kmnist-train-imgs.npz"), train=(TRAIN, Y_TRAIN), test=(TEST, Y_TEST))
    np.save(tmp_path / "images.npy", TRAIN)
    np.save(tmp_path / "labels.npy", Y_TRAIN)
    same(read_arrays(tmp_path / "images.npy"), all=(TRAIN, Y_TRAIN))


def test_arrays_without_names_are_images_and_labels(tmp_path: Path) -> None:
    """As `numpy.savez(images, labels)` writes them."""
    np.savez(tmp_path / "x.npz", TRAIN, Y_TRAIN)
    same(read_arrays(tmp_path / "x.npz"), all=(TRAIN, Y_TRAIN))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (TRAIN / 255, TRAIN),
        (TRAIN / 127.5 - 1, TRAIN),
        (TRAIN.astype(np.float32), TRAIN),
        (TRAIN.astype(np.int64), TRAIN),
        (TRAIN.astype(np.uint16) * 257, TRAIN),
        (TRAIN.reshape(6, 16), TRAIN),
        (np.moveaxis(TRAIN, 0, -1), TRAIN),
        (TRAIN[..., None], TRAIN),
        (TRAIN % 2 == 0, (TRAIN % 2 == 0) * np.uint8(255)),
        (np.moveaxis(COLOR, -1, 1)[[0, 1, 2, 3, 0, 1]], COLOR[[0, 1, 2, 3, 0, 1]]),
        (np.asfortranarray(TRAIN), TRAIN),
    ],
    ids=["0-1", "-1-1", "float", "int16", "uint16", "flat", "last", "one-channel", "bool", "planes", "fortran"],
)
def test_values_and_axes_are_turned(values: NDArray[Any], expected: NDArray[Any], tmp_path: Path) -> None:
    """From every habit to bytes, rows and columns."""
    np.savez(tmp_path / "x.npz", images=values, labels=Y_TRAIN)
    same(read_arrays(tmp_path / "x.npz"), all=(expected, Y_TRAIN))


def test_digits_of_16_levels(tmp_path: Path) -> None:
    """As scikit-learn has them: floating-point numbers from 0 to 16, eight by eight in a row."""
    digits = RNG.integers(0, 17, (6, 64)).astype(float)
    digits[0, :2] = 0, 16
    np.savez(tmp_path / "x.npz", data=digits, target=Y_TRAIN)
    found = read_arrays(tmp_path / "x.npz")
    assert np.array_equal(np.rint(digits * np.float32(255 / 16)).reshape(6, 8, 8), found.splits["all"][0])
    assert "x.npz: data: values from 0 to 16, made 0 to 255" in found.notes


@pytest.mark.parametrize(
    "labels", [np.eye(3, dtype=int)[Y_TRAIN], np.array(["a", "b", "c"])[Y_TRAIN]], ids=["one-hot", "text"]
)
def test_labels_of_other_kinds(labels: NDArray[Any], tmp_path: Path) -> None:
    """One-hot rows and text."""
    np.savez(tmp_path / "x.npz", x=TRAIN, y=labels)
    same(read_arrays(tmp_path / "x.npz"), all=(TRAIN, Y_TRAIN))


def test_cifar_in_binary(tmp_path: Path) -> None:
    """A byte for the class, then the planes; several batches are one split, and the names lie beside."""
    rows = np.moveaxis(COLOR, -1, 1).reshape(4, -1)
    data = b"".join(bytes([label]) + row.tobytes() for label, row in zip(Y_COLOR, rows, strict=True))
    half = len(data) // 2
    (tmp_path / "data_batch_1.bin").write_bytes(data[:half])
    (tmp_path / "data_batch_2.bin").write_bytes(data[half:])
    (tmp_path / "test_batch.bin").write_bytes(data)
    (tmp_path / "batches.meta.txt").write_text("airplane\nbird\n\n")
    for path in (tmp_path, tmp_path / "data_batch_1.bin"):
        found = read_arrays(path)
        same(found, train=(COLOR, Y_COLOR), test=(COLOR, Y_COLOR))
        assert ("airplane", "bird") == found.classes


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("as_bytes", [True, False])
def test_python_batches_of_cifar_are_read_without_running_them(protocol: int, as_bytes: bool, tmp_path: Path) -> None:
    """In every protocol, with keys of bytes or of text."""
    rows = np.moveaxis(COLOR, -1, 1).reshape(4, -1)
    batch = {"data": rows, "labels": Y_COLOR, "batch_label": "training batch 1 of 5", "filenames": ["a.png"] * 4}
    keyed = {key.encode(): value for key, value in batch.items()} if as_bytes else batch
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(keyed, protocol))
    same(read_arrays(tmp_path / "data_batch_1"), train=(COLOR, Y_COLOR))


class Harmful:
    """An object whose pickle writes a file when it is run."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def multiplied() -> bytes:
    """A pickle of a list of a hundred times a list of a hundred times a list ..."""
    values: list[Any] = ["x"] * 60
    for _ in range(8):
        values = [values] * 60
    return pickle.dumps({"data": values})


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_something_is_refused(protocol: int, tmp_path: Path) -> None:
    """And nothing has been run."""
    harm = Harmful(str(tmp_path / "written"))
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({"data": harm, "labels": [1]}, protocol))
    with pytest.raises(DataError, match=r"a pickle of more than plain arrays .*; pickles can run code"):
        read_arrays(tmp_path / "data_batch_1")
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"no pickle", pickle.dumps([1, 2]), pickle.dumps({"data": np.array([None])}), multiplied(),
     b"\x80\x02]q\x00h\x00a."],
    ids=["empty", "text", "list", "objects", "multiplied", "itself"],
)  # fmt: skip
def test_other_pickles_are_refused(data: bytes, tmp_path: Path) -> None:
    """In one line, at once."""
    (tmp_path / "data_batch_1").write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_arrays(tmp_path / "data_batch_1")
    assert 1 == len(str(caught.value).splitlines())


def test_stl_10_is_turned_upright(tmp_path: Path) -> None:
    """Its planes are stored column by column, its labels count from 1."""
    images = RNG.integers(0, 256, (3, 96, 96, 3), np.uint8)
    (tmp_path / "train_X.bin").write_bytes(images.transpose(0, 3, 2, 1).tobytes())
    (tmp_path / "train_y.bin").write_bytes(bytes([1, 2, 2]))
    (tmp_path / "class_names.txt").write_text("airplane\nbird\n")
    (tmp_path / "unlabeled_X.bin").write_bytes(images.tobytes())
    found = read_arrays(tmp_path)
    same(found, train=(images, [0, 1, 1]))
    assert ("airplane", "bird") == found.classes
    assert "left out unlabeled_X.bin: no labels for it" in found.notes


MAT_HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"


def mat_of(name: str, array: np.ndarray[Any, Any], flags: int = 9) -> bytes:
    """The element of an array in Matlab's format, compressed; `flags` is its class, 9 for bytes."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

    small = struct.pack("<HH", 1, len(name)) + name.encode().ljust(4, b"\0")  # the form for four bytes or fewer
    about = element(6, struct.pack("<II", flags, 0)) + element(5, np.array(array.shape, np.int32).tobytes()) + small
    kind = {"u1": 2, "u2": 4, "f8": 9}[array.dtype.str[1:]]
    packed = zlib.compress(element(14, about + element(kind, array.tobytes(order="F"))))
    return struct.pack("<II", 15, len(packed)) + packed


def test_matlab_arrays_of_other_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is a row each; complex numbers and cells are passed over; damage and bombs are one line."""
    words = np.array([[99, 97, 116], [100, 111, 103]], np.uint16)
    parts = mat_of("t", words, 4), mat_of("f", np.array([[0.5, 2.0]]), 6), mat_of("c", np.ones((1, 1)), 6 | 0x800)
    (tmp_path / "x.mat").write_bytes(MAT_HEADER + b"".join(parts) + mat_of("cell", np.ones((1, 1)), 1))
    found = read_mat(tmp_path / "x.mat")
    assert (["cat", "dog"], [[0.5, 2.0]], 2) == (found["t"].tolist(), found["f"].tolist(), len(found))
    monkeypatch.setattr("nncli.data.arrays.mat.limit_of", lambda _n: 1000)
    bomb = mat_of("x", np.zeros((1, 2000), np.uint8))
    for data in (MAT_HEADER + parts[1][:-9], MAT_HEADER + b"\x0e\0\0\0\xff\xff\xff\x7f", MAT_HEADER + bomb):
        (tmp_path / "x.mat").write_bytes(data)
        with pytest.raises(DataError, match=r"x\.mat: damaged \.mat file \(.*\)$"):
            read_mat(tmp_path / "x.mat")
    (tmp_path / "x.mat").write_bytes(bytes(200))
    with pytest.raises(DataError, match=r"not a .mat file of version 5 or later; save it with -v7"):
        read_mat(tmp_path / "x.mat")


def test_svhn_in_matlab(tmp_path: Path) -> None:
    """Images along the last axis, and label 10 is the digit 0."""
    images = RNG.integers(0, 256, (12, 32, 32, 3), np.uint8)
    labels = np.array([10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1])
    for split in ("train", "test"):
        arrays = mat_of("X", np.moveaxis(images, 0, -1)), mat_of("y", labels[:, None].astype(np.uint8))
        (tmp_path / f"{split}_32x32.mat").write_bytes(MAT_HEADER + b"".join(arrays))
    found = read_arrays(tmp_path / "train_32x32.mat")
    assert tuple("0123456789") == found.classes
    same(found, train=(images, labels % 10), test=(images, labels % 10))


def npz_of(header: dict[str, Any], data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of one array with any header."""
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, header)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("images.npy", array.getvalue() + data)
    return file.getvalue()


HEADER = {"descr": "|u1", "fortran_order": False, "shape": (2, 2, 2)}
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "10 GB declared": ("x.npz", npz_of(HEADER | {"shape": (10_000_000, 32, 32)}, b"abc"), "declares .* and holds 3"),
    "a bomb": ("x.npz", npz_of(HEADER | {"shape": (100, 1000, 1000)}, bytes(100_000_000)), "too much to be data"),
    "objects": ("x.npz", npz_of(HEADER | {"descr": "|O", "shape": (1,)}, pickle.dumps([1])), "Python objects, which"),
    "negative": ("x.npz", npz_of(HEADER | {"shape": (-1, 2)}, b""), "damaged or not written by NumPy"),
    "no archive": ("x.npz", b"PK\3\4 nothing", "damaged or not written by NumPy"),
    "no array": ("images.npy", b"\x93NUMPY", "damaged or not written by NumPy"),
    "idx of 10 GB": (
        "train-images-idx3-ubyte", bytes([0, 0, 8, 3]) + struct.pack(">3I", 10**7, 32, 32) + b"ab", "and holds 2"
    ),
    "idx that ends": ("train-images-idx3-ubyte", bytes([0, 0, 8, 3, 0, 0, 0, 1]), "ends within its header"),
    "gzip bomb": ("train-images-idx3-ubyte.gz", gzip.compress(bytes(200_000_000), 1), "too much for a file"),
    "gzip cut off": ("train-images-idx3-ubyte.gz", gzip.compress(idx(TRAIN))[:40], "damaged or incomplete"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_one_line(name: str, tmp_path: Path) -> None:
    """And no memory."""
    file, data, message = HOSTILE[name]
    (tmp_path / file).write_bytes(data)
    if "ubyte" in file or file.endswith(".npy"):
        (tmp_path / file.replace("images", "labels")).write_bytes(idx(Y_TRAIN))
    with pytest.raises(DataError, match=message) as caught:
        read_arrays(tmp_path / file)
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize("header", [b"{'shape': (12".ljust(9000), b"(" * 9000, b"{'shape': o12)}".ljust(9000)])
def test_a_header_that_is_none_costs_one_line(header: bytes, tmp_path: Path) -> None:
    """NumPy reads it as Python's source, whose reader has errors of its own."""
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(DataError, match="damaged or not written by NumPy"):
        read_npy(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": TRAIN, "y": Y_TEST}, "x.npz: x has 6 images and y 3 labels"),
        ({"x": TRAIN, "z": Y_TRAIN}, "cannot tell images and labels among x, z; name them x_train and y_train"),
        ({"x": TRAIN * np.float32(np.nan), "y": Y_TRAIN}, "holds values that are no finite numbers"),
        ({"x": TRAIN * 1000.0, "y": Y_TRAIN}, "values from .*; save them as bytes from 0 to 255"),
        ({"x": TRAIN.reshape(6, 2, 2, 2, 2), "y": Y_TRAIN}, "an array of 6 x 2 x 2 x 2 x 2 is no set of images"),
        ({"x": TRAIN, "y": Y_TRAIN + 0.5}, r"y\[0\]: label .*5, no whole number; .* write data.task: regression"),
        ({"x": TRAIN, "y": np.array([0, 1, 0, 1, 0, np.inf])}, r"y\[5\]: label inf, no whole number"),
        ({"x": TRAIN, "y": np.array([0, 1, 0, 1, 0, 2**63], np.uint64)}, r"y\[5\]: label 9.*e\+18, no whole number"),
        ({"x": TRAIN, "y": np.array(["a", "b", "", "a", "b", "a"])}, r"y\[2\]: no label"),
        ({"x": TRAIN[:0], "y": Y_TRAIN[:0]}, "x: no images in it"),
        (
            {"x": TRAIN, "y": Y_TRAIN, "class_names": np.array(["a", "b", "a"])},
            "2 classes in the list of names are called a;",
        ),
        ({"x": TRAIN}, "no images with labels in it|no file of labels beside it"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    """With what was found."""
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_arrays(tmp_path / "x.npz")
