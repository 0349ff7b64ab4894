#!/bin/sh
# onnxoptimizer 0.4.2 (default passes) drops the first of two Reshapes in a row, even where the second one says "as it
# was" (0): that now means the size before both.
# ONNX (operator Reshape): a 0 in the shape takes the size of the input at that place.
# Seen for 2x3x4 numbers, to [-1, 6] and then [0, -1]: 2x12 instead of 4x6, without a word: two answers for a batch of four.
# onnxsim 0.8.1 and onnxslim 0.1.98 are right. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 onnxoptimizer==0.4.2 onnxsim==0.8.1 onnxslim==0.1.98 numpy==2.4.6 2> "$folder/log" \
    || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxoptimizer
import onnxruntime
import onnxsim
import onnxslim

MODEL = """<ir_version: 8, opset_import: ["" : 13]>
reshapes (float[n, 3, 4] x) => (float[rows, columns] y) <int64[2] rows_of_six = {-1, 6}, int64[2] flat = {0, -1}> {
    r = Reshape (x, rows_of_six)
    y = Reshape (r, flat)
}"""


def shape(model: onnx.ModelProto) -> tuple[int, ...]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.zeros((2, 3, 4), np.float32)})[0].shape


model = onnx.parser.parse_model(MODEL)
onnx.checker.check_model(model, full_check=True)
before, after = shape(model), shape(onnxoptimizer.optimize(model))
others = shape(onnxsim.simplify(model)[0]), shape(onnxslim.slim(model))
print(f"as it is {before}, onnxoptimizer {after}, onnxsim and onnxslim {others}")
raise SystemExit(0 if (before, after, *others) == ((4, 6), (2, 12), (4, 6), (4, 6)) else 1)
PYTHON
