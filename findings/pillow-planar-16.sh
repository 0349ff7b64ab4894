#!/bin/sh
# Pillow 13.0.0 decodes an uncompressed 16-bit RGB TIFF whose planes lie one behind the other (PlanarConfiguration 2) to
# wrong pixels without an error: it unpacks each plane of 16-bit samples as bytes. The same file with Deflate is right.
# Seen: uncompressed (66, 32, 48), Deflate (65, 16, 112), expected (65, 16, 112).
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3
"$place/venv/bin/python" - <<'PYTHON'
import io
import numpy as np, tifffile
from PIL import Image

planes = np.empty((3, 8, 8), np.uint16)
planes[:] = np.array([0x4142, 0x1020, 0x7030])[:, None, None]
seen = {}
for compression in (None, "zlib"):
    stream = io.BytesIO()
    tifffile.imwrite(stream, planes, photometric="rgb", planarconfig="separate", compression=compression)
    seen[compression] = Image.open(stream).getpixel((4, 4))
print("expected (65, 16, 112), seen:", seen)
assert seen["zlib"] == (65, 16, 112) != seen[None], "Pillow behaves differently now"
PYTHON
