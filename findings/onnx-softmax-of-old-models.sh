#!/bin/sh
# onnx 1.23.2 and opencv-python-headless 5.0.0.93: a model of opset 12 or older gets the Softmax of opset 13.
# Up to opset 12 all axes from `axis` on are one distribution (the input is seen as a matrix); from 13 on, `axis` alone.
# Seen for 1x2x2 numbers, opset 9, axis=1: the reference evaluator and OpenCV give columns that sum to 1, total 2;
# onnxruntime 1.32.0 one distribution, total 1. LogSoftmax, Hardmax likewise. Of (batch, classes) both are the same.
# An old backbone whose Softmax is of something else is to be converted (onnx.version_converter).
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
from onnx.reference import ReferenceEvaluator


def network(kind: str, X: np.ndarray, dims: int, **attributes: object) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [f"d{i}" for i in range(dims)])
    graph = helper.make_graph([helper.make_node(kind, ["x"], ["y"], **attributes)], "one", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    return model


def reference(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    return ReferenceEvaluator(model).run(None, {"x": X})[0]


def runtime(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


def opencv(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    network = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    network.setInput(X, "x")
    return network.forward()


X = np.arange(4, dtype=np.float32).reshape(1, 2, 2)
model = network("Softmax", X, 3, axis=1)
right = np.exp(X) / np.exp(X).sum()
totals = {each.__name__: float(each(model, X).sum()) for each in (reference, opencv, runtime)}
print(totals)
as_seen = np.allclose(runtime(model, X), right) and all(abs(totals[n] - 2) < 1e-5 for n in ("reference", "opencv"))
raise SystemExit(0 if as_seen else 1)
PYTHON
