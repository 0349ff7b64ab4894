#!/bin/sh
# Pillow 13.0.0 reads a 16-bit gray TIFF with PhotometricInterpretation 0 (white is zero) as its own negative: it inverts
# samples of 1, 2, 4 and 8 bits and passes those of 16 through, without a warning. Seen: 8 bits: 255, 16 bits: 0.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3
"$place/venv/bin/python" - <<'PYTHON'
import io
import numpy as np, tifffile
from PIL import Image

seen = {}
for dtype in (np.uint8, np.uint16):
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((8, 8), dtype), photometric="miniswhite")  # zero is white
    seen[np.dtype(dtype).name] = int(np.asarray(Image.open(stream))[0, 0])
print("white is zero, all samples zero:", seen)
assert seen == {"uint8": 255, "uint16": 0}, "Pillow behaves differently now"
PYTHON
