"""The comparison of an ONNX file with nncli: it sees what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from nncli.data.image.image_format import ImageFormat
from nncli.errors import DataError, NncliError
from nncli.export import check
from nncli.export.check import largest_difference, open_session, random_images, real_images
from nncli.export.onnx_file import onnx_bytes
from nncli.model.predictor import Predictor
from tests.fixtures import random_model
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

THREE = ("ant", "bee", "cow")
FORMAT = ImageFormat(4, 3, "rgb", "stretch")


def test_another_model_differs() -> None:
    """By as much as its probabilities do."""
    model, other = random_model(THREE, seed=0), random_model(THREE, seed=1)
    rows = random_images(FORMAT)
    expected = np.abs(Predictor(model).probabilities(rows) - Predictor(other).probabilities(rows)).max()
    assert expected == pytest.approx(largest_difference(onnx_bytes(other), Predictor(model), [rows]), abs=1e-5)


@pytest.mark.parametrize("is_wrong", ["label", "shape", "nan"])
def test_wrong_outputs_are_infinitely_far(is_wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label that is not the largest probability, a missing class, no number at all."""
    model = random_model(THREE)

    def opened(content: bytes) -> object:
        session = open_session(content)

        def run(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            probabilities, label = session(images)
            if is_wrong == "label":
                return probabilities, label + 1
            if is_wrong == "shape":
                return probabilities[:, :2], label
            probabilities[0, label[0]] = np.nan
            return probabilities, label

        return run

    assert largest_difference(onnx_bytes(model), Predictor(model), [random_images(FORMAT)]) < 1e-5
    monkeypatch.setattr(check, "open_session", opened)
    assert np.inf == largest_difference(onnx_bytes(model), Predictor(model), [random_images(FORMAT)])


def test_what_onnxruntime_refuses_is_one_line() -> None:
    """Its own messages have many."""
    with pytest.raises(NncliError, match="cannot use the file") as caught:
        open_session(b"nothing of the kind")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("image_format", [ImageFormat(1, 1, "rgb", "pad"), ImageFormat(9, 5, "grayscale", "pad")])
def test_random_images_are_the_same_each_time(image_format: ImageFormat) -> None:
    """Of every size; flat ones, black and white among them."""
    rows = random_images(image_format)
    assert (80, image_format.n_features) == rows.shape
    assert np.uint8 == rows.dtype
    np.testing.assert_array_equal(rows, random_images(image_format))
    assert (0, 255) == (rows.max(axis=1).min(), rows.min(axis=1).max())


def test_real_images_come_from_all_over_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both classes are looked at, and no more images than the limit."""
    write_class_folders(tmp_path / "photos", {"dark": 9, "light": 9})
    (tmp_path / "photos/dark/0.png").write_bytes(b"broken")
    assert (17, 36) == real_images(str(tmp_path / "photos"), FORMAT).shape
    monkeypatch.setattr(check, "MOST_REAL", 6)
    few = real_images(str(tmp_path / "photos"), FORMAT)
    assert 5 == len(few)
    assert few[0].mean() < 100
    assert few[-1].mean() > 150


@pytest.mark.parametrize("content", [None, b"broken"])
def test_no_real_image_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    """What was asked for was not compared."""
    if content:
        (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(DataError, match="no image in it can be read"):
        real_images(str(tmp_path), FORMAT)


def test_the_check_sees_a_lost_temperature() -> None:
    """Which changes no label."""
    model = replace(random_model(THREE), temperature=2.0)
    lost = onnx_bytes(replace(model, temperature=1.0))
    assert largest_difference(lost, Predictor(model), [random_images(FORMAT)]) > 0.01
