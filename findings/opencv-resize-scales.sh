#!/bin/sh
# opencv-python-headless 5.0.0.93: dnn's Resize with `scales` uses the scales of the rounded sizes instead.
# ONNX (operator Resize): sizes = floor(n * scale), and places are (i + 0.5) / scale - 0.5 with the scale as given.
# Seen: 1, 2, 3, 4, 5 by 1.3, linear, gives six numbers that end in 5 where onnxruntime 1.32.0 ends in 4.731.
# Where n * scale is whole, as by 2, both agree. A resize in front of a network is safer with `sizes`.
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


X = np.tile(row(1, 2, 3, 4, 5), (1, 1, 5, 1))
as_seen = True
for scale in (1.3, 2.0):
    model = network("Resize", X, 4, None, row(1, 1, scale, scale), mode="linear")
    places = (np.arange(int(5 * scale)) + 0.5) / scale - 0.5
    right = np.interp(places, np.arange(5), X[0, 0, 0])
    print(scale, "OpenCV", opencv(model, X)[0, 0, 2], "onnxruntime", runtime(model, X)[0, 0, 2])
    as_seen &= np.allclose(runtime(model, X)[0, 0], right, atol=1e-5)
    as_seen &= np.allclose(opencv(model, X)[0, 0], right, atol=1e-5) == (scale == 2)
raise SystemExit(0 if as_seen else 1)
PYTHON
