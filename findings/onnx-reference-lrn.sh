#!/bin/sh
# onnx 1.23.2: the reference evaluator's LRN normalizes the first channel alone; the others are x / bias^beta.
# ONNX (operator LRN): x / (bias + alpha / size * sum of squares of the neighboring channels)^beta, for every channel.
# Seen for x = 1, 2, 3, 4 in four channels, size 3, alpha 0.5, beta 1, bias 2: 0.353 1 1.5 2 instead of
# 0.353 0.462 0.439 0.649, which onnxruntime 1.32.0 has.
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
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def network(kind: str, X: np.ndarray, dims: int, **attributes: object) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [f"d{i}" for i in range(dims)])
    graph = helper.make_graph([helper.make_node(kind, ["x"], ["y"], **attributes)], "one", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def reference(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    return ReferenceEvaluator(model).run(None, {"x": X})[0]


def runtime(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


def row(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


X = row(1, 2, 3, 4).reshape(1, 4, 1, 1)
model = network("LRN", X, 4, size=3, alpha=0.5, beta=1.0, bias=2.0)
x = X.ravel()
right = [x[c] / (2 + 0.5 / 3 * float((x[max(c - 1, 0) : c + 2] ** 2).sum())) for c in range(4)]
print("reference", reference(model, X).ravel(), "formula", np.round(right, 3), "onnxruntime", runtime(model, X).ravel())
as_seen = np.allclose(runtime(model, X).ravel(), right) and np.allclose(reference(model, X).ravel()[1:], [1, 1.5, 2])
raise SystemExit(0 if as_seen else 1)
PYTHON
