#!/bin/sh
# onnx 1.23.2, onnxruntime 1.32.0, Pillow 13.0.0: Resize with antialias=1 is not Pillow's filter at the border unless
# exclude_outside=1 is set as well, though half_pixel and the triangle filter are the same.
# Seen: 36x36 to 12x12, linear: at most 0.04 of full scale off in the outer ring, 2e-7 inside; with exclude_outside=1
# 2e-7 everywhere. Cubic needs cubic_coeff_a=-0.5, too. onnx's reference and onnxruntime agree with each other.
# Who puts a Resize before a model that nncli exported gets the pixels that nncli saw only so (docs/export.md).
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 pillow==13.0.0 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from PIL import Image


def resized(X: np.ndarray, side: int, **attributes: object) -> np.ndarray:
    shapes = [1, 1, *X.shape], [1, 1, side, side]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in zip("xy", shapes, strict=True))
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], antialias=1, **attributes)
    sizes = helper.make_tensor("sizes", TensorProto.INT64, [4], shapes[1])
    graph = helper.make_graph([node], "resize", [x], [y], [sizes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X[None, None]})[0][0, 0]


X = np.random.default_rng(0).random((36, 36), np.float32)
as_seen = True
for mode, filter_, more in (("linear", "BILINEAR", {}), ("cubic", "BICUBIC", {"cubic_coeff_a": -0.5})):
    expected = np.asarray(Image.fromarray(X).resize((12, 12), getattr(Image.Resampling, filter_)))
    for outside in (0, 1):
        off = np.abs(resized(X, 12, mode=mode, exclude_outside=outside, **more) - expected)
        print(f"{mode}, exclude_outside={outside}: off by {off.max():.1e}, {off[1:-1, 1:-1].max():.1e} inside")
        as_seen &= off.max() < 1e-6 if outside else off.max() > 0.01
raise SystemExit(0 if as_seen else 1)
PYTHON
