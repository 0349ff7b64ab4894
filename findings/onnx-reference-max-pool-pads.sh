#!/bin/sh
# onnx 1.23.2: the reference evaluator's MaxPool of stride 1 mixes up the axes of pads that are not alike all around.
# ONNX (operator MaxPool): pads = [top, left, bottom, right]. A 2x2 window and pads = [0, 0, 1, 1] make 4x4 of 4x4.
# Seen: 3x5, as of pads = [0, 1, 0, 1], against onnx's own shape inference; onnxruntime 1.32.0 has the 4x4.
# Agreement of an export is better checked with a runtime than with the reference.
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


X = np.arange(1, 17, dtype=np.float32).reshape(1, 1, 4, 4)
model = network("MaxPool", X, 4, kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1])
padded = np.pad(X[0, 0], ((0, 1), (0, 1)), constant_values=-np.inf)
right = np.lib.stride_tricks.sliding_window_view(padded, (2, 2)).max(axis=(2, 3))
inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape.dim
seen = reference(model, X)[0, 0]
print("inferred", [d.dim_value or d.dim_param for d in inferred], "reference", seen.shape, "onnxruntime",
      runtime(model, X)[0, 0].shape)
as_seen = seen.shape == (3, 5) and np.array_equal(runtime(model, X)[0, 0], right)
raise SystemExit(0 if as_seen else 1)
PYTHON
