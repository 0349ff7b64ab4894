#!/bin/sh
# openvino 2026.4.1: Resize, cubic, drops exclude_outside=1 without a word when it reads an ONNX network.
# ONNX (operator Resize): with exclude_outside=1 weights of places outside are 0, the others divided by their sum.
# Seen: 1 to 6 in three numbers: 1.406 3.5 5.594 with and without; onnxruntime 1.32.0 has 1.371 3.5 5.629 with it.
# It is what makes a Resize equal Pillow's at the border, so a network with one in front sees other pixels in OpenVINO.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 \
    numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
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
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def runtime(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


def openvino_on_cpu(model: onnx.ModelProto, X: np.ndarray) -> np.ndarray:
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model.SerializeToString(), b""), "CPU", EXACT)
    return next(iter(compiled([X]).values()))


def row(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


X = row(1, 2, 3, 4, 5, 6).reshape(1, 1, 1, 6)
sizes = np.array([1, 1, 1, 3])
answers = {}
for outside in (0, 1):
    model = network("Resize", X, 4, None, None, sizes, mode="cubic", exclude_outside=outside)
    answers[outside] = runtime(model, X).ravel(), openvino_on_cpu(model, X).ravel()
    print(f"exclude_outside={outside}: onnxruntime, OpenVINO", *answers[outside])
as_seen = np.allclose(*answers[0]) and np.allclose(answers[1][1], answers[0][1])
as_seen &= np.allclose(answers[1][0], [1.371, 3.5, 5.629], atol=1e-3)
raise SystemExit(0 if as_seen else 1)
PYTHON
