"""HDF5 files of sets that people have, and what tries to do harm; all of them drawn here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.arrays.reading import read_arrays
from nncli.data.arrays.unlabeled import array_images
from nncli.errors import DataError
from tests.data.arrays.test_sets import TEST, TRAIN, Y_TEST, Y_TRAIN, same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

h5py = pytest.importorskip("h5py")


def write(path: Path, **arrays: Any) -> Path:
    """An HDF5 file of arrays; two underlines in a name stand for a group."""
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name.replace("__", "/")] = array
    return path


def test_usps_has_a_group_for_each_split(tmp_path: Path) -> None:
    """Floating-point numbers from 0 to 1 in rows; `predict` names images as `evaluate` does."""
    flat = {"train__data": TRAIN.reshape(6, 16) / 255, "test__data": TEST.reshape(3, 16) / 255}
    path = write(tmp_path / "usps.h5", train__target=Y_TRAIN, test__target=Y_TEST, **flat)
    found = read_arrays(path)
    same(found, train=(TRAIN, Y_TRAIN), test=(TEST, Y_TEST))
    same(read_arrays(tmp_path), train=(TRAIN, Y_TRAIN), test=(TEST, Y_TEST))
    assert found.origins["test"][0][0] + "[0]" == next(iter(array_images(str(path))))[0] == f"{path}[test/data][0]"


def test_files_of_one_split_bring_the_others(tmp_path: Path) -> None:
    """The course's cats, with the names of the classes among the arrays; whichever of the files is named."""
    names = np.array([b"no", b"cat", b"dog"])
    write(tmp_path / "train_catvnoncat.h5", train_set_x=TRAIN, train_set_y=Y_TRAIN, list_classes=names)
    write(tmp_path / "test_catvnoncat.h5", test_set_x=TEST, test_set_y=Y_TEST, list_classes=names)
    for path in (tmp_path / "train_catvnoncat.h5", tmp_path / "test_catvnoncat.h5", tmp_path):
        found = read_arrays(path)
        same(found, train=(TRAIN, Y_TRAIN), test=(TEST, Y_TEST))
        assert ("no", "cat", "dog") == found.classes


def test_one_array_a_file(tmp_path: Path) -> None:
    """PCam: images and labels of each split in a file of their own, labels with four axes."""
    for split, x, y in (("train", TRAIN, Y_TRAIN), ("valid", TEST, Y_TEST), ("test", TEST, Y_TEST)):
        write(tmp_path / f"camelyonpatch_level_2_split_{split}_x.h5", x=x)
        write(tmp_path / f"camelyonpatch_level_2_split_{split}_y.h5", y=y[:, None, None, None])
    found = read_arrays(tmp_path / "camelyonpatch_level_2_split_train_x.h5")
    same(found, train=(TRAIN, Y_TRAIN), val=(TEST, Y_TEST), test=(TEST, Y_TEST))


def test_compressed_arrays_beside_others(tmp_path: Path) -> None:
    """Galaxy10: answers are called ans, and columns of numbers lie beside them."""
    with h5py.File(tmp_path / "Galaxy10.h5", "w") as file:
        file.create_dataset("images", data=TRAIN, chunks=(2, 4, 4), compression="gzip", shuffle=True)
        file["ans"], file["ra"] = Y_TRAIN, np.zeros(6)
    same(read_arrays(tmp_path / "Galaxy10.h5"), all=(TRAIN, Y_TRAIN))


def test_matlab_of_version_7_3(tmp_path: Path) -> None:
    """An HDF5 file with a head of its own, its axes the other way round."""
    with h5py.File(tmp_path / "train_32x32.mat", "w", userblock_size=512) as file:
        file["X"], file["y"] = TRAIN.transpose(0, 2, 1), Y_TRAIN[None]  # (4, 4, 6) and (6, 1) in Matlab
    with (tmp_path / "train_32x32.mat").open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    same(read_arrays(tmp_path / "train_32x32.mat"), train=(TRAIN, Y_TRAIN))


def virtual(file: Any, other: Path) -> None:
    """Put values together from another file."""
    layout = h5py.VirtualLayout(TRAIN.shape, "u1")
    layout[:] = h5py.VirtualSource(other, "data", TRAIN.shape)
    file.create_virtual_dataset("x", layout)


def packed_by_a_plug_in(file: Any, _other: Path) -> None:
    """Name a filter that neither the library nor h5py has."""
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk(TRAIN.shape)
    settings.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_UINT8, h5py.h5s.create_simple(TRAIN.shape), settings)


HOSTILE: dict[str, tuple[Callable[[Any, Path], Any], str]] = {
    "external link": (
        lambda file, other: file.update({"x": h5py.ExternalLink(other, "data")}),
        "x: a link into another file, which is not opened",
    ),
    "soft link over an external one": (
        lambda file, other: file.update({"a": h5py.ExternalLink(other, "/"), "x": h5py.SoftLink("/a/data")}),
        "a: a link into another file",
    ),
    "external storage": (
        lambda file, other: file.create_dataset("x", TRAIN.shape, "u1", external=[(bytes(other), 0, TRAIN.size)]),
        "x: its values lie in other files, which are not opened",
    ),
    "virtual": (virtual, "x: its values lie in other files, which are not opened"),
    "10 GB declared": (
        lambda file, _: file.create_dataset("x", (10_000_000, 32, 32), "u1"),
        "x: declares 10,240,000,000 bytes; too much",
    ),
    "nothing stored": (
        lambda file, _: file.create_dataset("x", TRAIN.shape, "u1", chunks=True, compression=1),
        "x: declares 96 bytes of values and holds 0",
    ),
    "bomb": (
        lambda file, _: file.create_dataset("x", data=np.zeros((400, 512, 512), "u1"), chunks=True, compression=1),
        "x: declares 104,857,600 bytes; too much",
    ),
    "objects": (
        lambda file, _: file.create_dataset("x", (6,), h5py.vlen_dtype(np.uint8)),
        "no file of labels beside it",
    ),
    "itself": (lambda file, _: file.update({"x": file["/"]}), "no file of labels beside it"),
    "plug-in": (packed_by_a_plug_in, "x: packed with filter 32015, which needs a plug-in"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_cost_one_line(kind: str, tmp_path: Path) -> None:
    """And open no other file."""
    other = write(tmp_path / "secret.h5", data=TRAIN)
    do, message = HOSTILE[kind]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["y"] = Y_TRAIN
        do(file, other)
    with pytest.raises(DataError, match=message) as caught:
        read_arrays(tmp_path / "x.h5")
    assert 1 == len(str(caught.value).splitlines())


def test_damaged_files_cost_one_line(tmp_path: Path) -> None:
    """Cut off, or with a head alone."""
    path = write(tmp_path / "x.h5", x=TRAIN, y=Y_TRAIN)
    for data in (path.read_bytes()[:-40], path.read_bytes()[:8] + bytes(500)):
        path.write_bytes(data)
        with pytest.raises(DataError, match="not readable as HDF5") as caught:
            read_arrays(path)
        assert 1 == len(str(caught.value).splitlines())
