"""Files of arrays in `predict` and `evaluate`: an answer for every image, called after its file and place."""

from __future__ import annotations

import csv
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.model.file import read_model, write_model
from tests.cli.tiny import SIDE, write_image, write_three, write_two

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

GRAYS = np.repeat(np.array([0, 255, 0], np.uint8), SIDE * SIDE).reshape(3, SIDE, SIDE)
LABELS = np.array(["coal", "snow", "snow"])


@pytest.fixture
def model(place: Path) -> Path:
    """The model of tiny.py to which black is coal and white is snow."""
    return write_three(place / "model.npz")


def save_idx(path: Path, values: np.ndarray) -> None:
    """An idx file of bytes."""
    path.write_bytes(bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes())


def answers(nncli: Runner, *args: str) -> list[tuple[str, ...]]:
    """Name and label of each record."""
    result = nncli("predict", *args)
    assert (0, "") == (result.code, "" if result.code == 0 else result.err)
    return [tuple(line.split("\t")[:2]) for line in result.out.splitlines()]


def test_every_image_of_an_array_has_a_record(nncli: Runner, model: Path) -> None:
    """One array in a file needs no name; of several in a file each has its own; labels do not matter."""
    np.save("a.npy", GRAYS)
    np.savez("b.npz", x_train=GRAYS[:1], y_train=LABELS[:1], x_test=GRAYS[1:], y_test=LABELS[1:])
    np.savez("c.npz", GRAYS, LABELS)
    save_idx(Path("t10k-images-idx3-ubyte"), GRAYS)
    cifar = np.zeros((2, 1 + 3072), np.uint8)
    cifar[1, 1:] = 255
    Path("data_batch_1.bin").write_bytes(cifar.tobytes())
    names = ["coal", "snow", "coal"]
    for file in ("a.npy", "c.npz", "t10k-images-idx3-ubyte"):
        assert [(f"{file}[{i}]", name) for i, name in enumerate(names)] == answers(nncli, file)
    expected = [("b.npz[x_train][0]", "coal"), ("b.npz[x_test][0]", "snow"), ("b.npz[x_test][1]", "coal")]
    assert expected == answers(nncli, "b.npz")
    Path("list.txt").write_text("data_batch_1.bin\n")
    expected = [("data_batch_1.bin[0]", "coal"), ("data_batch_1.bin[1]", "snow")]
    assert expected == answers(nncli, "--files-from", "list.txt")


def test_arrays_without_images_are_refused_in_a_line(nncli: Runner, model: Path) -> None:
    """A file of labels, a model, and arrays of no known name."""
    save_idx(Path("t10k-labels-idx1-ubyte"), np.arange(3, dtype=np.uint8))
    np.savez("odd.npz", a=GRAYS, b=GRAYS)
    for file, words in {
        "t10k-labels-idx1-ubyte": "labels, not images",
        "odd.npz": "no array called images, x or data; it has a, b",
        "model.npz": "no array called images, x or data",
    }.items():
        result = nncli("predict", "-m", "model.npz", file)
        assert (1, 1) == (result.code, result.err.count("\n"))
        assert words in result.err


def test_evaluate_calls_images_as_predict_does(nncli: Runner, model: Path) -> None:
    """The names in its tables are those of the records."""
    np.savez("b.npz", x_train=GRAYS[:1], y_train=LABELS[:1], x_test=GRAYS[1:], y_test=LABELS[1:])
    assert 0 == nncli("evaluate", "b.npz", "--predictions", "p.csv").code
    rows = csv.DictReader(Path("p.csv").read_text().splitlines())
    expected = [("b.npz[x_test][0]", "snow", "snow"), ("b.npz[x_test][1]", "snow", "coal")]
    assert expected == [(row["path"], row["actual"], row["predicted"]) for row in rows]


def test_data_are_read_as_those_of_the_training_were(nncli: Runner, place: Path) -> None:
    """A table's columns, where it has them, and rows and columns of arrays exchanged."""
    found = read_model(write_two(place / "model.npz"))
    found.parameters.W[1][0] = [0.75] * (SIDE * SIDE // 2) + [0] * (SIDE * SIDE // 2)  # only the upper half counts
    found.training["config"] = {"data.columns": {"path": "shot", "label": "kind"}, "data.transpose": "on"}
    write_model(place / "model.npz", found)
    left = np.zeros((1, SIDE, SIDE), np.uint8)
    left[:, :, : SIDE // 2] = 255
    np.savez("x.npz", x=left, y=np.array(["bright"]))
    assert [("x.npz[0]", "bright")] == answers(nncli, "x.npz")
    assert 0 == nncli("evaluate", "x.npz", "--fail-under", "1").code
    write_image(place / "1.png", 0)
    for table in ("image,shot,kind,label\nnone.png,1.png,dark,7\n", "image,label\n1.png,dark\n"):
        Path("t.csv").write_text(table)
        assert 0 == nncli("evaluate", "t.csv", "--fail-under", "1").code
