#!/bin/sh
# tifffile 2026.3.3 writes a boolean array as a TIFF in which 0 is white (PhotometricInterpretation 0) unless told otherwise:
# Pillow 13.0.0, which obeys that tag, reads the inverse of the mask, tifffile, which leaves the samples alone, the mask.
# Seen: written [True False False]; tifffile reads [True False False], Pillow [False True True]; with
# photometric="minisblack" both read [True False False]. A mask or a drawing saved so trains as its negative.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    tifffile==2026.3.3 pillow==13.0.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import io

import numpy as np
import tifffile
from PIL import Image

mask = np.zeros((8, 8), bool)
mask[0, 0] = True
as_seen = True
for options, inverted in (({}, True), ({"photometric": "minisblack"}, False)):
    stream = io.BytesIO()
    tifffile.imwrite(stream, mask, **options)
    theirs = tifffile.imread(io.BytesIO(stream.getvalue()))
    pillows = np.asarray(Image.open(io.BytesIO(stream.getvalue())))
    print(f"{options}: tifffile reads {theirs[0, :3]}, Pillow {pillows[0, :3]}")
    as_seen &= np.array_equal(theirs, mask) and np.array_equal(pillows, mask ^ inverted)
raise SystemExit(0 if as_seen else 1)
PYTHON
