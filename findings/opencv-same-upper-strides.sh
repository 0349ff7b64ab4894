#!/bin/sh
# opencv-python-headless 5.0.0.93: dnn pads a Conv with auto_pad=SAME_UPPER for stride 1, whatever its strides are.
# ONNX: the padding is what ceil(n / stride) places need, (ceil(n / stride) - 1) * stride + window - n in all.
# Seen: window 3, stride 3, on 1, 2, 3, 4, 5 needs one place behind; OpenCV puts one on each side: its windows
# are 0 1 2 and 3 4 5 instead of 1 2 3 and 4 5 0, without a word; onnxruntime 1.32.0 is right. With stride 1 both agree.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93 \
    numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def network(kind: str, X: np.ndarray, dims: int, *constants: np.ndarray, **attributes: object) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [f"d{i}" for i in range(dims)])
    tensors = [numpy_helper.from_array(c, f"c{i}") for i, c in enumerate(constants) if c is not None]
    names = ["" if c is None else f"c{i}" for i, c in enumerate(constants)]
    node = helper.make_node(kind, ["x", *names], ["y"], **attributes)
    graph = helper.make_graph([node], "one", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def runtime(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


def opencv(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    network = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    network.setInput(X, "x")
    return network.forward()


def row(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


X = row(1, 2, 3, 4, 5).reshape(1, 1, 1, 5)
weights = row(1, 10, 100).reshape(1, 1, 1, 3)
as_seen = True
for stride, right, seen in (
    (1, [210, 321, 432, 543, 54], [210, 321, 432, 543, 54]),
    (3, [321, 54], [210, 543]),
):
    model = network("Conv", X, 4, weights, strides=[1, stride], auto_pad="SAME_UPPER")
    print("stride", stride, "OpenCV", opencv(model, X).ravel(), "onnxruntime", runtime(model, X).ravel())
    as_seen &= np.allclose(runtime(model, X).ravel(), right) and np.allclose(opencv(model, X).ravel(), seen)
raise SystemExit(0 if as_seen else 1)
PYTHON
