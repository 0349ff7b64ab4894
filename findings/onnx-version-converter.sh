#!/bin/sh
# onnx 1.23.2: version_converter changes what some networks compute, without an error.
# Resize of opset 10 has no coordinate mode and works as asymmetric; from 11 on half_pixel is the default.
# Softmax and Hardmax see a matrix up to opset 12, one axis from 13 on. Upwards Softmax gets a Flatten, else nothing.
# Seen, compared by onnxruntime 1.32.0: linear Resize 10 to 17, Hardmax 9 to 17 and Softmax 13 to 12 differ; Softmax
# 9 to 17 does not. A network that was converted is to be run beside the old one.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter


def network(kind: str, X: np.ndarray, opset: int, *constants: np.ndarray, **attributes: object) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [f"d{i}" for i in range(X.ndim)])
    tensors = [numpy_helper.from_array(c, f"c{i}") for i, c in enumerate(constants) if c is not None]
    names = ["" if c is None else f"c{i}" for i, c in enumerate(constants)]
    node = helper.make_node(kind, ["x", *names], ["y"], **attributes)
    graph = helper.make_graph([node], "one", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def runtime(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


X = np.random.default_rng(0).standard_normal((1, 2, 3, 4)).astype(np.float32)
as_seen = True
for kind, before, after, changed, constants, attributes in (
    ("Resize", 10, 17, True, [np.array([1, 1, 2, 2], np.float32)], {"mode": "linear"}),
    ("Hardmax", 9, 17, True, [], {"axis": 1}),
    ("Softmax", 13, 12, True, [], {"axis": 1}),
    ("Softmax", 9, 17, False, [], {"axis": 1}),
):
    model = network(kind, X, before, *constants, **attributes)
    converted = version_converter.convert_version(model, after)
    off = np.abs(runtime(converted, X) - runtime(model, X)).max()
    print(kind, before, "to", after, "off by", off)
    as_seen &= bool(off > 0.01) == changed
raise SystemExit(0 if as_seen else 1)
PYTHON
