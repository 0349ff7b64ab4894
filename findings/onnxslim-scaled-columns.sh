#!/bin/sh
# onnxslim 0.1.98 moves a product behind a Conv into its filters without a look at what is scaled: where the rows, the
# columns or the images of a batch are as many as the filters and have a factor each, it scales the channels instead.
# Its fusion of Conv and Add does look. A Gemm that is scaled behind a Reshape is scaled for its other readers as well.
# Seen for ones of 1x1x2x2, two filters of 1 and factors 1 and 10 for the two columns: 1 1, 1 1 and 10 10, 10 10
# instead of 1 10, 1 10 twice; a Gemm's own output is 10 times too large. No error; onnxsim 0.8.1 is right.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 onnxslim==0.1.98 onnxsim==0.8.1 numpy==2.4.6 2> "$folder/log" \
    || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import onnxsim
import onnxslim

COLUMNS = """<ir_version: 8, opset_import: ["" : 13]>
columns (float[1, 1, 2, 2] x) => (float[1, 2, 2, 2] y)
<float[2, 1, 1, 1] filters = {1, 1}, float[2] factors = {1, 10}> {
    c = Conv (x, filters)
    y = Mul (c, factors)
}"""
SCORES = """<ir_version: 8, opset_import: ["" : 13]>
scores (float[1, 2] x) => (float[1, 2] scores, float[2] scaled)
<float[2, 2] weights = {1, 0, 0, 1}, float factor = {10}, int64[1] flat = {2}> {
    g = Gemm <transB = 1> (x, weights)
    scores = Relu (g)
    r = Reshape (g, flat)
    scaled = Mul (r, factor)
}"""


def run(model: onnx.ModelProto, x: np.ndarray) -> list[list[float]]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [output.flatten().tolist() for output in session.run(None, {"x": x})]


found = []
for text, shape in ((COLUMNS, (1, 1, 2, 2)), (SCORES, (1, 2))):
    model = onnx.parser.parse_model(text)
    onnx.checker.check_model(model, full_check=True)
    x = np.ones(shape, np.float32)
    before, sim, slim = run(model, x), run(onnxsim.simplify(model)[0], x), run(onnxslim.slim(model), x)
    print(f"{model.graph.name}: as it is {before}, onnxsim {before == sim and 'the same'}, onnxslim {slim}")
    found += [before == sim, slim]
as_seen = [True, [[1, 1, 1, 1, 10, 10, 10, 10]], True, [[10, 10], [10, 10]]]
raise SystemExit(0 if found == as_seen else 1)
PYTHON
