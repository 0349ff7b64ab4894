"""Features from an ONNX network of one's own."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx

from nncli.config import load_config
from nncli.errors import ConfigError, DataError
from nncli.features.backbone import BackboneBlock
from nncli.features.onnx_network import resolved
from nncli.features.settings import Shape, features_from_list
from nncli.features.settings.backbone import Backbone
from nncli.machine.backend import on_host
from nncli.model.file import read_model, write_model
from nncli.model.predictor import Predictor
from nncli.run.plan import plan_experiment
from tests import lookalike
from tests.drawings import colors, write_drawings
from tests.export.models import COLOR, featured_model
from tests.fixtures import random_pixels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SHAPE: Shape = COLOR.shape
HALVES = {"mean": (0.5,), "deviation": (0.5,)}
WEIGHTS = np.random.default_rng(0).normal(0, 1, (SHAPE[2], 5)).astype(np.float32)


def network(
    path: Path, *, layout: str = "nchw", batch: Any = "m", size: Any = SHAPE[:2], about: dict[str, str] | None = None
) -> Path:
    """Write a network of the mean of each channel, `means`, times a matrix, `mixed`, which is its output."""
    helper, channels = onnx.helper, SHAPE[2]
    sides = (channels, *size) if layout == "nchw" else (*size, channels)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["means"], axes=[2, 3] if layout == "nchw" else [1, 2], keepdims=0),
        helper.make_node("MatMul", ["means", "matrix"], ["mixed"]),
    ]
    values = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [batch, *sizes])
        for name, sizes in (("x", sides), ("mixed", (WEIGHTS.shape[1],)))
    ]
    graph = helper.make_graph(nodes, "n", values[:1], values[1:], [onnx.numpy_helper.from_array(WEIGHTS, "matrix")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    helper.set_model_props(model, about or {})
    path.write_bytes(model.SerializeToString())
    return path


def answers(settings: Backbone, n: int = 5) -> NDArray[np.float32]:
    """The features of `n` images, (n, n_features)."""
    block = BackboneBlock(settings, SHAPE)
    out = np.empty((n, block.n_features), np.float32)
    block.extract(random_pixels(n, COLOR).reshape(-1, *SHAPE), out)
    return out


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("batch", ["m", 1, 3])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_features_are_what_the_network_answers(tmp_path: Path, layout: str, batch: Any, order: str) -> None:
    """In any layout and batch size, for every channel with its mean and deviation."""
    levels = {"mean": (0.1, 0.2, 0.3), "deviation": (0.5, 0.25, 2.0)}
    path = network(tmp_path / "n.onnx", layout=layout, batch=batch)
    settings = resolved(Backbone(str(path), order=order, **levels), tmp_path)  # type: ignore[arg-type]
    assert (layout, SHAPE[:2], 3, "x", "mixed") == (
        *(settings.layout, settings.size, settings.channels),
        *(settings.input, settings.output),
    )
    means = random_pixels(5, COLOR).reshape(5, -1, 3).mean(axis=1)[:, :: 1 if order == "rgb" else -1] / 255
    expected = ((means - np.array(levels["mean"])) / np.array(levels["deviation"])) @ WEIGHTS
    np.testing.assert_allclose(expected, answers(settings), rtol=1e-4, atol=1e-5)


def test_beside_other_blocks_on_a_gpu_the_cores_work(tmp_path: Path) -> None:
    """Images are taken from there, features are brought back, and both are asked for."""
    settings = resolved(Backbone(str(network(tmp_path / "n.onnx")), **HALVES), tmp_path)  # type: ignore[arg-type]
    images, block = random_pixels(5, COLOR).reshape(-1, *SHAPE), BackboneBlock(settings, SHAPE)
    like = lookalike.DeviceArray(np.empty(0))
    out = np.empty((5, block.n_features), np.float32, like=like)
    block.extract(np.asarray(images, like=like), out)
    np.testing.assert_array_equal(answers(settings), on_host(out))


def test_a_value_within_the_network_and_levels_that_the_file_says(tmp_path: Path) -> None:
    """The means themselves; mean and deviation from the metadata, as JSON or with commas."""
    about = {"mean": "[0.5, 0.5, 0.5]", "std": "0.5,0.5,0.5"}
    network(tmp_path / "n.onnx", size=("height", "width"), about=about)
    settings = resolved(Backbone("n.onnx", output="means"), tmp_path)
    assert {"size": "any", "entries": 3, "mean": (0.5,) * 3, "deviation": (0.5,) * 3}.items() <= asdict(
        settings
    ).items()
    expected = random_pixels(5, COLOR).reshape(5, -1, 3).mean(axis=1) / 127.5 - 1
    np.testing.assert_allclose(expected, answers(settings), atol=1e-5)
    assert (settings,) == features_from_list([{"kind": "backbone", **asdict(settings)}])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "the file does not say its mean: write mean and deviation"),
        ({**HALVES, "model": "other.onnx"}, "the backbone is missing; put the ONNX file there"),
        ({**HALVES, "model": "no.onnx"}, "cannot use the file: "),
        ({**HALVES, "output": "middle"}, "the network has no value called middle; its last ones are means, mixed"),
        ({**HALVES, "input": "y"}, "name the input: the network has x"),
        ({**HALVES, "mean": (0.5, 0.5)}, "mean has 2 numbers for 3 channels"),
        ({**HALVES, "sha256": "00"}, "is another backbone than the one trained with"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_a_way_out(tmp_path: Path, changes: Any, message: str) -> None:
    """Before anything is trained."""
    network(tmp_path / "n.onnx")
    (tmp_path / "no.onnx").write_bytes(b"no network")
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        resolved(replace(Backbone("n.onnx"), **changes), tmp_path)
    assert message in str(caught.value)


def test_a_config_with_a_backbone(tmp_path: Path) -> None:
    """Its path starts from the config, the recipe takes the size it wants, and what does not fit is told."""
    network(tmp_path / "n.onnx", size=(20, 30))
    write_drawings(tmp_path / "images", colors, (40, 40))
    features = "features: [backbone: {model: n.onnx, mean: 0.5, deviation: [0.5, 0.5, 0.5]}]"
    path = tmp_path / "c.yaml"
    path.write_text(f"data: {{path: images, {features}}}\ntraining: {{recipe: photos}}\n")
    plan = plan_experiment(load_config(path))
    assert ((20, 30), 5) == (plan.config.data.image_size, plan.config.data.n_features)
    assert plan.features == "backbone (n.onnx, output mixed, 5 entries)"
    (tmp_path / "again.yaml").write_text(plan.config_file.resolved_yaml())
    assert plan.config == load_config(tmp_path / "again.yaml").config
    for settings, message in (
        (f"{features}, image_size: 9", "the backbone takes 20x30 images: set data.image_size: [20, 30]"),
        (f"{features}, image_size: [20, 30], color: grayscale", "takes 3 channels: set data.color: rgb"),
        ("features: backbone", "data.features.backbone.model is missing: the path of an ONNX file"),
        ("features: [backbone: {model: x.onnx}]", "x.onnx: the backbone is missing"),
    ):
        with pytest.raises(ConfigError, match=r"c\.yaml:") as caught:
            path.write_text(f"data: {{path: images, {settings}}}\n")
            load_config(path)
        assert message in str(caught.value)


def test_a_model_knows_its_backbone_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same answers from the file; another network, or none, is refused in a line."""
    path = network(tmp_path / "n.onnx")
    settings = resolved(Backbone("n.onnx", **HALVES), tmp_path)  # type: ignore[arg-type]
    model, images = featured_model((settings,)), random_pixels(9, COLOR)
    write_model(tmp_path / "model.npz", model)
    expected = Predictor(model).probabilities(images)
    np.testing.assert_array_equal(expected, Predictor(read_model(tmp_path / "model.npz")).probabilities(images))
    np.testing.assert_array_equal(expected[:1], Predictor(model).probabilities(images[:1]))
    content = path.read_bytes()
    network(path, batch=2)
    with pytest.raises(DataError, match="is another backbone than the one trained with"):
        Predictor(read_model(tmp_path / "model.npz"))
    path.unlink()
    with pytest.raises(DataError, match="the backbone is missing"):
        Predictor(read_model(tmp_path / "model.npz"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/n.onnx").write_bytes(content)
    monkeypatch.chdir(tmp_path / "elsewhere")
    Predictor(read_model(tmp_path / "model.npz"))
