#!/bin/sh
# opencv-python-headless 5.0.0.93 and openvino 2026.4.1: the slopes of a PRelu are laid along the wrong axis.
# ONNX (operator PRelu): the slope is broadcast from the last axis on, so (3,) on (1, c, 1, 3) is one a column.
# Seen: OpenCV takes it as one a channel always, with two channels also, where its last slope is never used; OpenVINO
# where there are as many channels as slopes. onnxruntime 1.32.0 is right. A slope of (c, 1, 1) is right in all of them.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93 \
    openvino==2026.4.1 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


def network(kind: str, X: np.ndarray, dims: int, *constants: np.ndarray, **attributes: object) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [f"d{i}" for i in range(dims)])
    tensors = [numpy_helper.from_array(c, f"c{i}") for i, c in enumerate(constants) if c is not None]
    names = ["" if c is None else f"c{i}" for i, c in enumerate(constants)]
    node = helper.make_node(kind, ["x", *names], ["y"], **attributes)
    graph = helper.make_graph([node], "one", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def runtime(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


def opencv(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    network = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    network.setInput(X, "x")
    return network.forward()


def openvino_on_cpu(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model.SerializeToString(), b""), "CPU", EXACT)
    return next(iter(compiled([X]).values()))


def row(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


slopes = row(1, 2, 3)
as_seen = True
for channels in (2, 3):
    X = -np.ones((1, channels, 1, 3), np.float32)
    model, right = network("PRelu", X, 4, slopes), X * slopes
    wrong = np.allclose(opencv(model, X), right), np.allclose(openvino_on_cpu(model, X), right)
    print(channels, "channels: right in OpenCV, OpenVINO:", wrong)
    as_seen &= np.allclose(runtime(model, X), right) and wrong == (False, channels == 2)
    model = network("PRelu", X, 4, slopes[:channels].reshape(-1, 1, 1))
    right = X * slopes[:channels].reshape(-1, 1, 1)
    as_seen &= all(np.allclose(each(model, X), right) for each in (runtime, opencv, openvino_on_cpu))
raise SystemExit(0 if as_seen else 1)
PYTHON
