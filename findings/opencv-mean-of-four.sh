#!/bin/sh
# opencv-python-headless 5.0.0.93: dnn computes ONNX's Mean of four and more inputs wrongly, without an error.
# ONNX (operator Mean, opset 13): the element-wise mean of all inputs. Here the inputs are x, 10 x, 100 x, ... at x = 1.
# Seen: of 2 and 3 inputs it is right; of 4 it is 256.9375 instead of 277.75, of 5 it is 2040.888 instead of 2222.2.
# A way around: Add and Mul. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 onnx==1.23.2 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

SEEN = {2: 5.5, 3: 37.0, 4: 256.9375, 5: 2040.888}
as_seen = True
for n, seen in SEEN.items():
    names = [f"x{i}" for i in range(n)]
    scaled = [helper.make_node("Mul", ["x", f"c{i}"], [name]) for i, name in enumerate(names)]
    constants = [helper.make_tensor(f"c{i}", TensorProto.FLOAT, [1], [10.0**i]) for i in range(n)]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1]) for name in "xy")
    graph = helper.make_graph([*scaled, helper.make_node("Mean", names, ["y"])], "mean", [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    one = np.ones((1, 1), np.float32)
    network = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    network.setInput(one, "x")
    found, right = network.forward("y").item(), ReferenceEvaluator(model).run(None, {"x": one})[0].item()
    print(f"OpenCV {cv2.__version__}: Mean of {n} inputs is {found:.4f}, onnx.reference {onnx.__version__}: {right:.4f}")
    as_seen &= abs(found - seen) < 0.01
raise SystemExit(0 if as_seen else 1)
PYTHON
