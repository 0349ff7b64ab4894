"""A model on somebody's network: both in one file, which says what nncli says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx
from onnx import TensorProto, helper, numpy_helper

from nncli.errors import NncliError, UsageError
from nncli.export.check import TOLERANCE, largest_difference, random_images
from nncli.export.graph import Graph
from nncli.export.onnx_file import onnx_bytes
from nncli.features.onnx_network import resolved
from nncli.features.settings.backbone import Backbone
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.hog import Hog
from nncli.model.predictor import Predictor
from tests.export.models import COLOR, featured_model

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.model.file import Model

LEVELS: Any = {"mean": (0.485, 0.456, 0.406), "deviation": (0.229, 0.224, 0.225)}
FORMATS = {9: 4, 11: 6, 13: 7, 18: 8, 21: 10}
"""Opset -> the IR version of its time."""


def conv_net(
    path: Path, opset: int = 13, type_: int = TensorProto.FLOAT, batch: Any = "m", size: Any = None, extra: Any = ()
) -> Path:
    """Write a convolution, the mean of its answers, and a layer called `classes`, which nobody wants.

    The mean is bent by an `If`, whose branch takes a constant from around it; a node is called as one of ours.
    """
    rng = np.random.default_rng(0)
    kernels = numpy_helper.from_array(rng.normal(0, 0.3, (6, 3, 3, 3)).astype(np.float32), "constant_0")
    slope = numpy_helper.from_array(np.linspace(0.5, 3, 6, dtype=np.float32), "slope")
    last = numpy_helper.from_array(rng.normal(0, 1, (6, 10)).astype(np.float32), "last")
    yes = numpy_helper.from_array(np.array(True), "yes")

    def branch(name: str, *operands: str) -> Any:
        node = helper.make_node("Mul", [*operands], [name])
        return helper.make_graph([node], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)])

    nodes = [
        helper.make_node("Cast", ["x"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["floats", "constant_0"], ["mul_1"], name="div_2", kernel_shape=[3, 3]),
        helper.make_node("Relu", ["mul_1"], ["strong"]),
        helper.make_node("GlobalAveragePool", ["strong"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node(
            *("If", ["yes"], ["bent"]),
            then_branch=branch("then", "flat", "slope"),
            else_branch=branch("else", "flat", "flat"),
        ),
        *extra,
        helper.make_node("MatMul", ["bent", "last"], ["classes"]),
    ]
    height, width = size or COLOR.shape[:2]
    taken = helper.make_tensor_value_info("x", type_, [batch, 3, height, width])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, n]) for name, n in (("bent", 6), ("classes", 10))
    ]
    graph = helper.make_graph(nodes, "net", [taken], outputs, [kernels, slope, last, yes])
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=FORMATS.get(opset, 4), producer_name="somebody")
    helper.set_model_props(model, {"license": "CC-BY-4.0"})
    path.write_bytes(model.SerializeToString())
    return path


def on(path: Path, *beside: Any, output: str = "bent", **changes: Any) -> Model:
    """A model on the network in that file, and on other blocks."""
    return featured_model((*beside, resolved(Backbone(str(path), output=output, **LEVELS), path.parent)), **changes)


def difference(model: Model, content: bytes) -> float:
    """The largest difference of a probability."""
    return largest_difference(content, Predictor(model), [random_images(model.image_format)[::3]])


@pytest.mark.parametrize("opset", FORMATS)
def test_both_are_one_file_whatever_opset_the_network_is_of(tmp_path: Path, opset: int) -> None:
    """An older one is converted, with a newer one the rest of the file is of that one."""
    model = on(conv_net(tmp_path / "n.onnx", opset), Hog(cell=4), test_time_augmentation="mirror")
    content = onnx_bytes(model)
    assert difference(model, content) <= TOLERANCE
    written = onnx.load_model_from_string(content)
    onnx.checker.check_model(written)
    assert (max(opset, 11), max(FORMATS[opset], 6)) == (written.opset_import[0].version, written.ir_version)
    assert content == onnx_bytes(model)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize(
    ("type_", "batch"), [(TensorProto.FLOAT, 1), (TensorProto.FLOAT16, "m"), (TensorProto.UINT8, 3)]
)
def test_images_are_what_the_network_takes(tmp_path: Path, order: str, type_: int, batch: Any) -> None:
    """Any type, order of colors and number at a time; bytes have neither mean nor deviation."""
    path = conv_net(tmp_path / "n.onnx", type_=type_, batch=batch)
    levels = {} if type_ == TensorProto.UINT8 else LEVELS
    settings = resolved(Backbone(str(path), output="bent", order=order, **levels), tmp_path)
    model = featured_model((settings,))
    assert difference(model, onnx_bytes(model)) <= TOLERANCE


def test_two_networks_beside_other_blocks_and_looks_at_parts(tmp_path: Path) -> None:
    """In either layout and with half the bytes; names that they share, and ours, do not get in each other's way."""
    first, second = (conv_net(tmp_path / f"{opset}.onnx", opset, size=("h", "w")) for opset in (9, 18))
    settings = resolved(Backbone(str(second), output="classes", **LEVELS), tmp_path)
    model = on(first, settings, ColorHistogram(bins=3), looks="parts", test_time_augmentation="mirrored parts")
    options: Any
    for options, tolerance in (({}, TOLERANCE), ({"layout": "nchw-float"}, TOLERANCE), ({"float16": True}, 0.01)):
        content = onnx_bytes(model, **options)
        assert difference(model, content) <= tolerance


def test_its_license_is_kept_and_the_folder_is_not_told(tmp_path: Path) -> None:
    """In the metadata, below the names of its nodes."""
    content = onnx_bytes(on(conv_net(tmp_path / "n.onnx")))
    about = {each.key: each.value for each in onnx.load_model_from_string(content).metadata_props}
    kept = {key: value for key, value in about.items() if key.startswith("backbone/")}
    assert {"backbone/network_1/license": "CC-BY-4.0", "backbone/network_1/producer_name": "somebody"} == kept
    assert "n.onnx" == json.loads(about["features"])[0]["model"]
    assert str(tmp_path).encode() not in content


def test_what_cannot_be_joined_is_one_line(tmp_path: Path) -> None:
    """It names both opsets, or how many images the network is made for and what to do."""
    layer = helper.make_node("Gemm", ["flat", "last", "slope"], ["unused"])  # which 6 and 7 write otherwise
    graph, old = Graph(), conv_net(tmp_path / "old.onnx", 6, extra=[layer])
    graph.join(onnx.load(old), "old.onnx", "x", "images", "bent")
    with pytest.raises(UsageError, match=r"^old\.onnx: is of opset 6, the rest of the file of opset 11.*opset 11$"):
        graph.to_bytes({}, {}, {})
    sizes = helper.make_node("Constant", [], ["sizes"], value_ints=[3, 6])
    three = [sizes, helper.make_node("Reshape", ["bent", "sizes"], ["fixed"])]
    model = on(conv_net(tmp_path / "three.onnx", batch=3, extra=three), output="fixed")
    with pytest.raises(NncliError, match=r"cannot run the file on 1 image: .*for any number of images$"):
        difference(model, onnx_bytes(model))
