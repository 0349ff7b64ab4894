#!/bin/sh
# opencv-python-headless 5.0.0.93: AveragePool with ceil_mode=1 and count_include_pad=1 also counts what is not padding.
# ONNX, as PyTorch: places behind the padding, which the last window reaches by rounding up, do not count.
# Seen: window 3, stride 3, no pads, on 1, 2, 3, 4, 5: 2 and 3 instead of 2 and 4.5, which onnxruntime 1.32.0 has.
# With count_include_pad=0 both agree. Networks from PyTorch have count_include_pad=1, its default.
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
from onnx import TensorProto, helper


def network(kind: str, X: np.ndarray, dims: int, **attributes: object) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [f"d{i}" for i in range(dims)])
    graph = helper.make_graph([helper.make_node(kind, ["x"], ["y"], **attributes)], "one", [x], [y])
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
as_seen = True
for include, seen in ((0, [2, 4.5]), (1, [2, 3])):
    model = network("AveragePool", X, 4, kernel_shape=[1, 3], strides=[1, 3], ceil_mode=1, count_include_pad=include)
    print(f"count_include_pad={include}: OpenCV", opencv(model, X).ravel(), "onnxruntime", runtime(model, X).ravel())
    as_seen &= np.allclose(runtime(model, X).ravel(), [2, 4.5]) and np.allclose(opencv(model, X).ravel(), seen)
raise SystemExit(0 if as_seen else 1)
PYTHON
