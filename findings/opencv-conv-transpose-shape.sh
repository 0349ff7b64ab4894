#!/bin/sh
# opencv-python-headless 5.0.0.93: ConvTranspose does not follow output_shape, nor auto_pad where the stride is not 1.
# ONNX (operator ConvTranspose): output_shape says the size; with SAME_UPPER it is n * stride.
# Seen: 1x2 ones, weights 1 2 3, stride 2: output_shape=[1, 4] gives 2x6, SAME_UPPER 1x3 instead of 1x4, without a word;
# onnxruntime 1.32.0 gives 1x4 for both. Explicit pads and output_padding are followed.
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


X = np.ones((1, 1, 1, 2), np.float32)
weights = row(1, 2, 3).reshape(1, 1, 1, 3)
as_seen = True
for wanted, shape in (({"output_shape": [1, 4]}, (1, 1, 2, 6)), ({"auto_pad": "SAME_UPPER"}, (1, 1, 1, 3))):
    model = network("ConvTranspose", X, 4, weights, strides=[1, 2], **wanted)
    print(wanted, "OpenCV", opencv(model, X).shape, "onnxruntime", runtime(model, X).shape)
    as_seen &= runtime(model, X).shape == (1, 1, 1, 4) and opencv(model, X).shape == shape
raise SystemExit(0 if as_seen else 1)
PYTHON
