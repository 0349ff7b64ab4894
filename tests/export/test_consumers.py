"""Other programs compute from the file what nncli computes, those of them that are installed."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx

from nncli.export.onnx_file import onnx_bytes
from tests.export.consumers import CONSUMERS, MODELS, difference
from tests.export.models import THREE
from tests.fixtures import random_model


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("float16", [False, True])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CONSUMERS)
def test_they_agree(name: str, model: str, float16: bool) -> None:
    """To 1e-4, and to 0.01 where the weights are kept in half the bytes."""
    pytest.importorskip(CONSUMERS[name].module)
    assert difference(CONSUMERS[name], MODELS[model](), float16=float16) <= (0.01 if float16 else 1e-4)


def test_the_opset_is_the_oldest_that_has_the_operations() -> None:
    """A runtime may be as old as its device."""
    for make in MODELS.values():
        model = onnx.load_from_string(onnx_bytes(make()))
        onnx.checker.check_model(model, full_check=True)
        assert (11, 6) == (model.opset_import[0].version, model.ir_version)
        since = {onnx.defs.get_schema(node.op_type, 11).since_version for node in model.graph.node}
        assert max(since) == 11


def test_float16_halves_the_file() -> None:
    """Inputs, outputs and the few numbers of small constants stay as they are."""
    model = random_model(THREE, (400,))
    whole, half = onnx_bytes(model), onnx_bytes(model, float16=True)
    assert len(half) < 0.6 * len(whole)
    assert half == onnx_bytes(model, float16=True)
    assert onnx.load_from_string(whole).graph.input == onnx.load_from_string(half).graph.input


def test_numbers_too_large_for_float16_stay() -> None:
    """They would become infinite."""
    model = random_model(THREE, (400,))
    model.parameters.W[1][0, 0] = 1e5
    kept = {each.data_type for each in onnx.load_from_string(onnx_bytes(model, float16=True)).graph.initializer}
    assert onnx.TensorProto.FLOAT in kept
    sizes = [np.prod(each.dims) for each in onnx.load_from_string(onnx_bytes(model, float16=True)).graph.initializer]
    assert model.parameters.W[1].size in sizes
