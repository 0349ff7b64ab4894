#!/bin/sh
# onnxruntime 1.32.0, at its default optimization level: a tensor that is split into two equal parts in one place of a
# network and into three in another is split once, and one of the places gets the parts of the other.
# ONNX (operator Split, opset 13 to 17): without the input `split`, the number of outputs says the number of parts.
# Seen for 0 to 5: the second half is 2 3, the second third, instead of 3 4 5. With optimizations off it is right, as is
# onnx's reference. onnxslim 0.1.98 makes the same mistake the other way round: its second third is 3 4 5.
# A way around: name the sizes. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 onnxslim==0.1.98 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import onnxslim
from onnx.reference import ReferenceEvaluator

MODEL = """<ir_version: 8, opset_import: ["" : 13]>
splits (float[6] x) => (float[n] half, float[m] third) {
    a, b = Split (x)
    c, d, e = Split (x)
    half = Relu (b)
    third = Relu (d)
}"""


def run(model: onnx.ModelProto, level: str) -> list[list[float]]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return [output.tolist() for output in session.run(None, {"x": x})]


model = onnx.parser.parse_model(MODEL)
onnx.checker.check_model(model, full_check=True)
x = np.arange(6, dtype=np.float32)
right = [output.tolist() for output in ReferenceEvaluator(model).run(None, {"x": x})]
plain, default = run(model, "ORT_DISABLE_ALL"), run(model, "ORT_ENABLE_ALL")
slim = run(onnxslim.slim(model), "ORT_DISABLE_ALL")
print(f"second half and second third of {x.tolist()}: onnx.reference {right}")
print(f"onnxruntime {onnxruntime.__version__}: optimizations off {plain}, as by default {default}")
print(f"onnxslim {onnxslim.__version__}, run with optimizations off: {slim}")
as_seen = right == plain == [[3, 4, 5], [2, 3]] and default == [[2, 3], [2, 3]] and slim == [[3, 4, 5], [3, 4, 5]]
raise SystemExit(0 if as_seen else 1)
PYTHON
