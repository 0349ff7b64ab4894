#!/bin/sh
# Pillow 13.0.0 with tifffile 2026.3.3: a TIFF of int8 loses its sign, one of uint32 gains one, both without a word.
# Seen: int8 -128, -1, 0, 127 are read as gray levels 128, 255, 0, 127, so that the darkest pixels are the brightest;
# uint32 1, 2147483648, 4294967295 as 1, -2147483648, -1. int16 is right.
# nncli reads or refuses TIFF samples by their own format tag (docs/images.md). Exit code 0: still so; 1: it behaves
# otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import tifffile
from PIL import Image

seen = []
for kind, values in (("int8", [-128, -1, 0, 127]), ("uint32", [1, 2**31, 2**32 - 1]), ("int16", [-1000, 1000])):
    tifffile.imwrite("image.tif", np.array([values], kind))
    with Image.open("image.tif") as image:
        seen.append(np.asarray(image)[0].tolist())
        print(f"{kind} {values}: mode {image.mode}, {seen[-1]}")
raise SystemExit(0 if seen == [[128, 255, 0, 127], [1, -(2**31), -1], [-1000, 1000]] else 1)
PYTHON
