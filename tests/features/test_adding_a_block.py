"""docs/adding-a-feature-block.md, followed to the letter."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.config import json_schema, load_config
from nncli.features.settings import KINDS
from nncli.model.file import read_model, write_model
from nncli.model.predictor import Predictor
from tests.export.models import GRAY, featured_model
from tests.fixtures import random_pixels
from tests.folders import write_config

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-a-feature-block.md"
ROOMS = ("nncli.features.settings", "nncli.features", "nncli.export")


@pytest.fixture
def row_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The block of the document, in its three rooms."""
    for room, program in zip(ROOMS, re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S), strict=True):
        folder = tmp_path / room
        folder.mkdir()
        (folder / "row_means.py").write_text(program)
        package = importlib.import_module(room)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    KINDS.append("row_means")
    yield "row_means"
    KINDS.remove("row_means")
    for room in ROOMS:
        sys.modules.pop(f"{room}.row_means", None)


def test_a_new_block_is_known_everywhere(row_means: str, tmp_path: Path) -> None:
    """Config, schema, feature column, model file, prediction and ONNX need no other line."""
    config = load_config(
        write_config(
            tmp_path / "c.yaml", "images", data={"features": "[row_means, pixels]"}, network={"layer_dims": "auto"}
        )
    ).config
    assert [row_means, "pixels"] == [block.kind for block in config.data.features]
    assert 4 + 4 * 4 == config.data.n_features
    assert row_means in str(json_schema())

    model = featured_model(config.data.features, GRAY)
    write_model(tmp_path / "model.npz", model)
    predictor = Predictor(read_model(tmp_path / "model.npz"))
    images = random_pixels(5, GRAY)
    np.testing.assert_array_equal(Predictor(model).probabilities(images), predictor.probabilities(images))
    columns = np.empty((5, model.column.n_features), np.float32)
    model.column.extract(images, columns)
    np.testing.assert_allclose(images.reshape(5, 14, 17).mean(axis=2), columns[:, :14], rtol=1e-6)

    check, onnx_file = (pytest.importorskip(f"nncli.export.{name}") for name in ("check", "onnx_file"))
    assert check.largest_difference(onnx_file.onnx_bytes(model), predictor, [images]) < 1e-5
