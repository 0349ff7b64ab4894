"""``load`` of a model that tells numbers."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli import NncliError, load
from nncli.api.classifier import Regressor
from nncli.model.file import write_model
from tests.model.test_task import linear_model

if TYPE_CHECKING:
    from pathlib import Path


def test_numbers_have_names_whatever_form_the_images_come_in(tmp_path: Path) -> None:
    """Steering 2 (right - left) + 1, speed 10 + 5 (right + left), of a file, an array of all, and a list."""
    write_model(tmp_path / "m.npz", linear_model())
    regressor = pickle.loads(pickle.dumps(load(tmp_path / "m.npz")))  # noqa: S301 - our own
    assert (True, ("steering", "speed")) == (isinstance(regressor, Regressor), regressor.classes)
    images = np.array([[[0, 255]], [[255, 0]]], np.uint8)
    Image.fromarray(images[0]).save(tmp_path / "0.png")
    first, bad = regressor.predict([tmp_path / "0.png", b"no image"])
    assert {"steering": 3, "speed": 15} == pytest.approx(first.values)
    assert ({}, True) == (bad.values, bad.error != "")
    for form in (images, list(images)):
        assert [3, 15, -1, 15] == pytest.approx(regressor.predict_values(form).ravel().tolist())
    with pytest.raises(NncliError, match=r"images\[1\]: "):
        regressor.predict_values([images[0], b"no image"])
