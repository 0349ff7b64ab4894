#!/bin/sh
# onnx 1.23.2: the reference evaluator's LpNormalization with p=1 divides by the sum of the numbers, not of their sizes.
# ONNX (operator LpNormalization): p = 1 is the L1 norm, the sum of absolute values.
# Seen for [1, -3]: [-0.5, 1.5] instead of [0.25, -0.75], which onnxruntime 1.32.0 has. With p=2 it is right.
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


X = row(1, -3).reshape(1, 2)
as_seen = True
for p in (1, 2):
    model = network("LpNormalization", X, 2, axis=1, p=p)
    right = X / np.linalg.norm(X[0], ord=p)
    print(f"p={p}: reference", reference(model, X)[0], "onnxruntime", runtime(model, X)[0], "right", right[0])
    as_seen &= np.allclose(runtime(model, X), right) and np.allclose(reference(model, X), right) == (p == 2)
raise SystemExit(0 if as_seen else 1)
PYTHON
