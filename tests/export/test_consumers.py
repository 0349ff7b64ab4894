"""Other programs compute from the file what nncli computes, those of them that are installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx

from nncli.export.onnx_file import onnx_bytes
from tests.export.consumers import BEGIN, CONSUMERS, DOCUMENT, END, MODELS, difference
from tests.export.models import THREE
from tests.fixtures import random_model


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("variant", [{}, {"layout": "nchw-float"}, {"float16": True}], ids=str)
@pytest.mark.parametrize("name", CONSUMERS)
def test_they_agree(name: str, variant: dict[str, Any]) -> None:
    """To 1e-4, and to 0.01 where the weights are kept in half the bytes; the slow ones are asked once."""
    consumer = CONSUMERS[name]
    if consumer.version() is None:
        pytest.skip(f"{name} is not installed")
    if consumer.is_slow and variant:
        pytest.skip("one start is enough")
    for model in ["photos"] if consumer.is_slow else MODELS:
        assert difference(consumer, MODELS[model](), every=4, **variant) <= (0.01 if "float16" in variant else 1e-4), (
            model
        )


def test_the_document_has_the_table() -> None:
    """At least four programs, each within the promise."""
    rows = DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0].splitlines()
    assert ["program", "version", *MODELS, "`nchw-float`", "`--float16`"] == rows[0].strip("| ").split(" | ")
    found = [row.strip("| ").split(" | ") for row in rows[2:]]
    assert len(found) >= 4
    for name, _, *exact, half in found:
        assert name in CONSUMERS
        assert max(map(float, exact)) <= 1e-4
        assert float(half) <= 0.01


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
