#!/bin/sh
# onnxoptimizer 0.4.2 (default passes): zeros that a Pad puts around an image before a MaxPool become the MaxPool's own
# padding, which never wins a maximum: where all of a window's numbers are negative, the result is no longer 0.
# ONNX (operator MaxPool): padding does not take part. The pass fuse_pad_into_pool is right for AveragePool alone.
# Seen for -4 to -1 with a window of 2 and one column of zeros: -3 -2 -1 -1 instead of -3 -2 -1 0, without a word. Behind
# a Relu nothing changes; TensorFlow's ResNets pad so. onnxsim 0.8.1 leaves the Pad alone.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 onnxoptimizer==0.4.2 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxoptimizer
import onnxruntime

MODEL = """<ir_version: 8, opset_import: ["" : 13]>
pool (float[1, 1, 1, 4] x) => (float[1, 1, 1, 4] y) <int64[8] pads = {0, 0, 0, 0, 0, 0, 0, 1}> {
    p = Pad (x, pads)
    y = MaxPool <kernel_shape = [1, 2]> (p)
}"""


def run(model: onnx.ModelProto) -> list[float]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.array([-4, -3, -2, -1], np.float32).reshape(1, 1, 1, 4)})[0].flatten().tolist()


model = onnx.parser.parse_model(MODEL)
onnx.checker.check_model(model, full_check=True)
optimized = onnxoptimizer.optimize(model)
before, after = run(model), run(optimized)
print(f"as it is: {before}; optimized, {[node.op_type for node in optimized.graph.node]}: {after}")
raise SystemExit(0 if before == [-3, -2, -1, 0] and after == [-3, -2, -1, -1] else 1)
PYTHON
