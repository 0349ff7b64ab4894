#!/bin/sh
# Pillow 13.0.0 swaps the bytes of a compressed big-endian TIFF of 32-bit floats, or of 16- or 32-bit signed integers, once
# too often: libtiff hands it native samples, and it reads them as big-endian. Uncompressed, the same samples are right.
# Seen: for 1.0, uncompressed 1.0 and Deflate 4.6e-41; for int16 258, uncompressed 258 and Deflate 513.
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
for value in (np.float32(1), np.int16(258)):
    for compression in (None, "zlib"):
        stream = io.BytesIO()
        tifffile.imwrite(stream, np.full((8, 8), value), byteorder=">", compression=compression, photometric="minisblack")
        seen[value.dtype.name, compression] = Image.open(stream).getpixel((4, 4))
print(seen)
assert seen["float32", None] == 1 and seen["int16", None] == 258
assert seen["float32", "zlib"] < 1e-40 and seen["int16", "zlib"] == 513, "Pillow behaves differently now"
PYTHON
